"""Rows as the program made them once in this run, copied into the databases of other tests.

A copy takes a fifth of the time that the program takes to make a district by events and evaluations.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass
from io import BytesIO
from typing import Final, TypeVar, cast

from tests.support.districts.shadow import SHADOW, TABLES
from worker.adapters.postgres.database import Connection, Database

Known = TypeVar("Known")

COUNTERS: Final = """
    SELECT string_agg(format('setval(%L, %s)', seqrelid::regclass, pg_sequence_last_value(seqrelid)), ', ')
    FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"""

COUNTED: Final = f"""
    DELETE FROM counts;
    INSERT INTO counts
    SELECT 'status', status, count(*) FROM districts
    WHERE district_id IS DISTINCT FROM '{SHADOW}' GROUP BY status
    UNION ALL SELECT 'state', state, count(*) FROM onboarding
    WHERE district_id IS DISTINCT FROM '{SHADOW}' GROUP BY state
    UNION ALL SELECT 'no contact', state, count(*) FROM onboarding
    WHERE district_id IS DISTINCT FROM '{SHADOW}' AND contacts = '{{}}' GROUP BY state"""
"""What triggers count, in a table that is not by district."""


@dataclass(frozen=True)
class Rows:
    """What stands in a database beside the shadow, in tables that are by district."""

    tables: list[tuple[str, list[str], bytes]]
    """Each with its columns and, as PostgreSQL copies them, its rows."""
    counters: str | None

    @classmethod
    async def of(cls, connection: Connection) -> Rows:
        """Take them."""
        tables = list[tuple[str, list[str], bytes]]()
        for name, listed in await connection.fetch(TABLES):
            rows = BytesIO()
            query = f"SELECT {listed} FROM {name} WHERE district_id IS DISTINCT FROM '{SHADOW}'"
            copied = await connection.copy_from_query(query, output=rows, format="binary")
            if copied != "COPY 0":
                tables.append((name, listed.replace('"', "").split(", "), rows.getvalue()))
        return cls(tables, await connection.fetchval(COUNTERS))

    def named(self, old: str, new: str) -> Rows:
        """Return those of a district under another id of the same length, wherever they tell it."""
        assert len(old) == len(new)
        tables = [
            (name, columns, rows.replace(old.encode(), new.encode())) for name, columns, rows in self.tables
        ]
        return Rows(tables, self.counters)

    async def put(self, connection: Connection) -> None:
        """Put them into another database, in which there is nothing beside the shadow."""
        # Without triggers: what they would write stands among the rows.
        await connection.execute("SET LOCAL session_replication_role = replica")
        for name, columns, rows in self.tables:
            await connection.copy_to_table(name, source=BytesIO(rows), columns=columns, format="binary")
        await connection.execute(COUNTED)
        if self.counters:
            await connection.execute(f"SELECT {self.counters}")


async def clear(connection: Connection) -> None:
    """Have no district in a database any more."""
    names = [name for name, _listed in await connection.fetch(TABLES)]
    await connection.execute("SET LOCAL session_replication_role = replica")
    await connection.execute("; ".join(f"DELETE FROM {name}" for name in [*names, "counts"]))


_KEPT: Final[dict[str, tuple[Rows, object]]] = {}


async def made_once(database: Database, name: str, make: Callable[[], Awaitable[Known]]) -> Known:
    """Have in an empty database what `make` makes there: by itself the first time, by its rows afterwards.

    Return what `make` returned, or a copy of that.
    """
    if name not in _KEPT:
        known = await make()
        async with database.connection() as connection:
            _KEPT[name] = await Rows.of(connection), deepcopy(known)
        return known
    rows, kept = _KEPT[name]
    async with database.transaction() as connection:
        await rows.put(connection)
    return cast("Known", deepcopy(kept))
