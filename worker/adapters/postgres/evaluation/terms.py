"""Reading a district's terms, with the schools that use them."""

from __future__ import annotations

from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.domain.roster.records import term_from_json
from worker.domain.roster.terms import DistrictTerms, TermUse

_SQL: Final = statements.load("evaluation/terms")


async def read_terms(connection: Connection, district_id: str) -> DistrictTerms:
    """Return the terms that are staged, and how many live sections of which school name each."""
    used = await connection.fetch(_SQL["used"], district_id)
    unused = await connection.fetch(_SQL["unused"], district_id)
    return DistrictTerms(
        [
            TermUse(
                row["school_id"],
                row["term_id"],
                row["sections"],
                term_from_json(row["term_id"], row["record"]) if row["record"] is not None else None,
                row["in_grace"],
            )
            for row in used
        ],
        [term_from_json(row["record_id"], row["record"]) for row in unused],
    )
