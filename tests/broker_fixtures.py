"""RabbitMQ for the tests: one node a run, and a virtual host of its own for every test."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import pytest
from rabbitmq_node import RabbitNode, available

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitNode]:
    """A node for all tests that leave it running (under pytest-xdist: one for each worker)."""
    yield from _running_node()


@pytest.fixture(scope="session")
def _breakable_node() -> Iterator[RabbitNode]:
    yield from _running_node()


@pytest.fixture
def breakable_rabbitmq(_breakable_node: RabbitNode) -> Iterator[RabbitNode]:
    """A node for all tests that kill it or raise its alarms; they leave it running, and without an alarm.

    One that fails half-way may not: the node is then started again, so that the others do not fail with it.
    """
    yield _breakable_node
    if not _breakable_node.answers():
        _breakable_node.restart()


@pytest.fixture
def killed_rabbitmq() -> Iterator[RabbitNode]:
    """A node for one test that kills it, and counts on the queues being there soon after its start.

    A node that many tests had queues on takes tens of seconds to bring them back.
    """
    yield from _running_node()


@pytest.fixture
def rabbitmq_vhost_url(rabbitmq: RabbitNode) -> str:
    """A virtual host that no other test has seen."""
    name = f"test-{uuid.uuid4().hex}"
    rabbitmq.add_vhost(name)
    return rabbitmq.vhost_url(name)


def _running_node() -> Iterator[RabbitNode]:
    if not available():
        problem = "RabbitMQ is not installed: `make test` says how to get it"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    node = RabbitNode()
    try:
        yield node.start()
    finally:
        node.remove()
