"""Mutants of statements (evaluation) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

_FILES: Final = "worker/adapters/postgres/evaluation"
_FIRST_ROW: Final = "only the first row is taken of what comes back"
_FOR_THE_INDEX: Final = "the row is of this record by another condition; this one is there for the index"
_OUTER_LIMIT: Final = (
    "the limit around both sides counts; this one only keeps a side from being read to its end"
)
_ON_ENTRIES: Final = "WHERE district_id = $1 AND kind = ANY($9::text[]) AND record_id = ANY($10::text[])"
_ON_FINDINGS: Final = "WHERE district_id = $1 AND kind = ANY($12::text[]) AND record_id = ANY($13::text[])"
_ON_ROLES: Final = "WHERE district_id = $1 AND role = ANY($2::text[]) AND target_id = ANY($3::text[])"
_SIDES: Final = {
    "school": "AND record IS NOT NULL",
    "student": "AND record ? 'student'",
    "teacher": "AND record ? 'teacher'",
}
_MORE: Final = "LIMIT ($3::bigint + 1000)"


def _without(clause: str, part: str) -> str:
    """Return the name of the mutant of a clause in which a part is left out."""
    return f"{clause} => {clause.replace(part, f'(true OR ({part}))')}"


EQUIVALENT: Final[dict[str, str]] = {
    **{
        f"{_FILES}/candidate_roster.sql::write_candidate: {_without(clause, part)}": _FOR_THE_INDEX
        for clause, parts in (
            (_ON_ENTRIES, ("kind = ANY($9::text[])", "record_id = ANY($10::text[])")),
            (_ON_FINDINGS, ("kind = ANY($12::text[])", "record_id = ANY($13::text[])")),
        )
        for part in parts
    },
    f"{_FILES}/candidate_roster.sql::students_of_schools: "
    "AND kind IN ('student', 'class') AND kind || '' = 'student' OFFSET 0) AS r => "
    "AND (true OR (kind IN ('student', 'class'))) AND kind || '' = 'student' OFFSET 0) AS r": _FOR_THE_INDEX,
    f"{_FILES}/candidate_roster.sql::unsettled_holders: "
    "AND f.detail ->> 'field' = v.field LIMIT 1) IS NULL) => "
    "AND f.detail ->> 'field' = v.field LIMIT (1::bigint + 1000)) IS NULL)": (
        "a student has one open finding of a duplicate in a field"
    ),
    f"{_FILES}/district_state.sql::read_policy: ORDER BY version DESC LIMIT 1 "
    "=> ORDER BY version DESC LIMIT (1::bigint + 1000)": _FIRST_ROW,
    **{
        f"{_FILES}/staged_roster.sql::ids_{kind}: {only} ORDER BY record_id LIMIT $3) => "
        f"{only} ORDER BY record_id {_MORE})": _OUTER_LIMIT
        for kind, only in _SIDES.items()
    },
    **{
        f"{_FILES}/staged_roster.sql::ids_{kind}: ORDER BY record_id LIMIT $3)) AS both_sides => "
        f"ORDER BY record_id {_MORE})) AS both_sides": _OUTER_LIMIT
        for kind in _SIDES
    },
    f"{_FILES}/staged_roster.sql::linked_sections: SELECT DISTINCT section_id FROM section_links "
    "=> SELECT section_id FROM section_links": "the caller makes a set of them; fewer rows are sent",
    **{
        f"{_FILES}/staged_roster.sql::remove_links: {_without(_ON_ROLES, part)}": (_FOR_THE_INDEX)
        for part in ("role = ANY($2::text[])", "target_id = ANY($3::text[])")
    },
}
