"""Fixtures for all tests; each kind stands in a module of its own."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support import process_setup
from tests.support.order import LIMIT_SECONDS, LONG, long_first

process_setup.settle()
gc.disable()  # until `pytest_collection_finish`: nothing that is imported or collected is garbage

for profile, examples in {"quick": 10, "usual": 25, "thorough": 500}.items():
    # Only what is thorough draws anew each time: a change is not refused for what it has nothing to do with.
    is_the_same = profile != "thorough"
    settings.register_profile(profile, max_examples=examples, deadline=None, derandomize=is_the_same)
settings.load_profile("quick")  # `make test` and `make test-full` take the others

pytest_plugins = [
    "tests.support.fixtures.broker",
    "tests.support.fixtures.store",
    "tests.support.fixtures.site",
    "tests.support.fixtures.people",
    "tests.support.fixtures.dead_letters",
    "tests.support.fixtures.access",
    "tests.support.fixtures.console_orders",
    "tests.support.fixtures.alerts",
    "tests.support.fixtures.time_machine",
]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give long tests longer, and have them begin first where several workers share the tests."""
    for item in items:
        if item.path.parent.name in LONG and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT_SECONDS))
    if (given := getattr(config, "workerinput", None)) is not None:
        items[:] = long_first([(item.path.parent.name, item) for item in items], given["workercount"])


def pytest_collection_finish() -> None:
    """Have nothing that was collected looked through for garbage, neither in the run nor at its end."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Keep what the program does to its process, where a test calls it, from the tests behind it."""
    before = os.umask(0o022)
    os.umask(before)
    try:
        return (yield)
    finally:
        os.umask(before)
