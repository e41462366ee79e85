"""Fixtures for all tests; each kind stands in a module of its own."""

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
