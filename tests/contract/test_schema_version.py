"""The version of the schema that the program works with."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from worker.adapters.postgres import schema
from worker.adapters.postgres.migrating import alembic_config


def test_the_version_told_from_the_files_is_the_head_of_the_migrations() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == schema.newest()
