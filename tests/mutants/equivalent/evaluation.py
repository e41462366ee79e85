"""Mutants of statements (evaluation) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

_FILES: Final = "worker/adapters/postgres/evaluation"
_FIRST_ROW: Final = "only the first row is taken of what comes back"

EQUIVALENT: Final[dict[str, str]] = {
    f"{_FILES}/unit_of_work.sql::adopt_removals: WHERE plan_of = $1 AND candidate IS NULL "
    "=> WHERE plan_of = $1 AND (true OR (candidate IS NULL))": (
        "adopt_upserts, which runs before, leaves nothing in the plan that has a candidate"
    ),
    f"{_FILES}/district_state.sql::read_policy: ORDER BY version DESC LIMIT 1 "
    "=> ORDER BY version DESC LIMIT (1::bigint + 1000)": _FIRST_ROW,
    f"{_FILES}/district_state.sql::read_filter: FROM filters WHERE district_id = $1 "
    "ORDER BY version DESC LIMIT 1 => FROM filters WHERE district_id = $1 "
    "ORDER BY version DESC LIMIT (1::bigint + 1000)": _FIRST_ROW,
    f"{_FILES}/windows.sql::is_anybody_due_by_time: SELECT EXISTS (SELECT FROM districts "
    "WHERE reevaluate_at <= now()) => SELECT EXISTS (SELECT FROM districts "
    "WHERE (true OR (reevaluate_at <= now())))": (
        "it saves a transaction where nobody is due; take_due_by_time asks the same once more"
    ),
}
