"""Fixtures of the acceptance tests: a site with a broker and a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from program import Site


@pytest.fixture
async def site(tmp_path: Path, rabbitmq_vhost_url: str, database_url: str) -> Site:
    """A site with its topology declared and an empty, migrated database."""
    site = Site(tmp_path, rabbitmq_vhost_url, database_url, {"WINDOW__QUIET_SECONDS": "0.5"})
    await site.done("topology", "declare")
    return site
