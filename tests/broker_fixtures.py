"""RabbitMQ for the tests: one node a run, and a virtual host of its own for every test."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

import pytest
from rabbitmq_node import RabbitNode, available

if TYPE_CHECKING:
    from collections.abc import Iterator

VHOSTS_AT_A_TIME = 8


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitNode]:
    """A node for all tests that leave it running (under pytest-xdist: one for each worker)."""
    yield from _running_node()


@pytest.fixture(scope="module")
def _breakable_node() -> Iterator[RabbitNode]:
    yield from _running_node()


@pytest.fixture
def breakable_rabbitmq(_breakable_node: RabbitNode) -> Iterator[RabbitNode]:
    """A node for the tests of one module that kill it or raise its alarms; they leave it running.

    One that fails half-way may not: the node is then started again, so that the others do not fail with it.
    """
    yield _breakable_node
    if not _breakable_node.answers():
        _breakable_node.kill()
        _breakable_node.start()


@pytest.fixture(scope="session")
def _vhosts(rabbitmq: RabbitNode) -> Iterator[str]:
    """Names of fresh virtual hosts, without end."""
    return _fresh_vhosts(rabbitmq)


@pytest.fixture
def rabbitmq_vhost_url(rabbitmq: RabbitNode, _vhosts: Iterator[str]) -> str:
    """A virtual host that no other test has seen."""
    return rabbitmq.vhost_url(next(_vhosts))


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


def _fresh_vhosts(node: RabbitNode) -> Iterator[str]:
    for batch in count():
        names = [f"test-{batch}-{number}" for number in range(VHOSTS_AT_A_TIME)]
        node.add_vhosts(names)
        yield from names
