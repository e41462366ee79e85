"""Fixtures for all tests; each kind stands in a module of its own."""

import os
from collections.abc import Iterator

import pytest
import surroundings

surroundings.settle()

pytest_plugins = [
    "broker_fixtures",
    "store_fixtures",
    "site_fixtures",
    "people_fixtures",
    "letters_fixtures",
    "access_fixtures",
    "acts_fixtures",
    "alert_fixtures",
    "time_machine",
]


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """Keep what the program does to its process, where a test calls it, from the tests behind it."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
