"""Fixtures for every test."""

pytest_plugins = ["broker_fixtures"]
