"""Rows of one district, written as they are, with rows of the same ids in another one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from worker.adapters.postgres.database import Database
from worker.domain.preflight.policy import Code

STAGED = "INSERT INTO staged (district_id, kind, record_id, event_id, record) VALUES ('d', $1, $2, '', $3)"
CHANGED = "UPDATE staged SET changed_after = $2, before = $3 WHERE kind = 'section' AND record_id = $1"
COMMITTED = "INSERT INTO districts (district_id, commit_sequence) VALUES ('d', $1)"
KEPT = "INSERT INTO kept_sections (district_id, section_id, rank, students) VALUES ('d', $1, $2, $3)"
LINK = "INSERT INTO section_links (district_id, role, target_id, section_id) VALUES ('d', $1, $2, $3)"
ENROLLMENT = "INSERT INTO enrollments (district_id, student_id, sections) VALUES ('d', $1, $2)"
ROSTER = (
    "INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, committed, "
    "committed_member, school_id, committed_school_id, sections) "
    "VALUES ('d', $1, $2, $3::jsonb, sha256($3::jsonb::text::bytea), $4::jsonb, "
    "sha256($4::jsonb::text::bytea), $5, $6, $7)"
)
FINDING = (
    "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported, "
    "since) VALUES ('d', $1, $2, sha256(convert_to($3::text || $5::jsonb::text, 'UTF8')), $3, $4, $5, $6, "
    "NOT $6, $7)"
)
ENTRY = (
    "INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, committed, "
    "committed_member, committed_school_id) "
    "VALUES ($1, $2, $3, $4, sha256($4::text::bytea), $5, sha256($5::text::bytea), $6)"
)
INBOX = (
    "INSERT INTO inbox (district_id, event_id, kind, record_id, record) VALUES ($1, $2, 'user', 'r', '{}')"
)
EVALUATED = "INSERT INTO evaluated_events (district_id, event_id, received_at) VALUES ($1, $2, now())"
ELSEWHERE: Final = (
    """INSERT INTO staged (district_id, kind, record_id, event_id, record)
    SELECT 'e', kind, record_id, '', '{"name": "elsewhere", "term_id": "elsewhere", "subject": "elsewhere",
        "teachers": ["elsewhere"], "start": "2026-01-01", "end": "2000-01-01", "student": {},
        "teacher": {"first_name": "Else", "last_name": "Where"}}'::jsonb
    FROM unnest(ARRAY['school', 'term', 'course', 'user', 'section']) AS kind,
         (SELECT record_id FROM staged WHERE district_id = 'd'
          UNION SELECT record_id FROM roster WHERE district_id = 'd' UNION SELECT 'missing') AS t""",
    "INSERT INTO kept_sections SELECT 'e', section_id, 99, 1000 FROM kept_sections WHERE district_id = 'd'",
    """INSERT INTO section_links (district_id, role, target_id, section_id)
    SELECT DISTINCT 'e', 'teacher', l.target_id, s.section_id
    FROM (SELECT record_id AS target_id FROM staged WHERE district_id = 'd' AND kind = 'user'
          UNION SELECT target_id FROM section_links WHERE district_id = 'd') AS l,
         (SELECT record_id AS section_id FROM staged WHERE district_id = 'd' AND kind = 'section'
          UNION SELECT section_id FROM section_links WHERE district_id = 'd') AS s""",
    """INSERT INTO enrollments (district_id, student_id, sections)
    SELECT 'e', l.student_id, array_agg(s.section_id)
    FROM (SELECT record_id AS student_id FROM staged WHERE district_id = 'd' AND kind = 'user'
          UNION SELECT student_id FROM enrollments WHERE district_id = 'd'
          UNION SELECT record_id FROM findings WHERE district_id = 'd') AS l,
         (SELECT record_id AS section_id FROM staged WHERE district_id = 'd' AND kind = 'section'
          UNION SELECT unnest(sections) FROM enrollments WHERE district_id = 'd') AS s
    GROUP BY 2""",
    """INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, committed,
        committed_member, school_id, committed_school_id, sections)
    SELECT 'e', kind, record_id, c.text, sha256(c.text::bytea), f.text, sha256(f.text::bytea), school_id,
           committed_school_id, '{x1,x2}'
    FROM unnest(ARRAY['school', 'class', 'teacher', 'student']) AS kind,
         (SELECT DISTINCT ON (record_id) record_id, school_id, committed_school_id
          FROM (SELECT record_id, school_id, committed_school_id FROM roster WHERE district_id = 'd'
                UNION ALL SELECT record_id, NULL, NULL FROM staged WHERE district_id = 'd') AS of
          ORDER BY 1, 2, 3) AS r,
         (SELECT '{"grade": "elsewhere", "class_id": "x1"}') AS c(text),
         (SELECT '{"grade": "elsewhere", "class_id": "x2"}') AS f(text)""",
    """INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported,
        since)
    SELECT 'e', kind, record_id, member, code, 'error', detail, true, false, '2020-01-01'
    FROM findings WHERE district_id = 'd'""",
)
"""The same ids in another district, which has everything that may not be found."""


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


class Rows:
    """The rows of district d, which are written at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: list[tuple[str, tuple[Any, ...]]] = []

    async def write(self) -> None:
        """Write the rows, and those of district e."""
        async with self._database.connection() as connection, connection.transaction():
            for statement, values in self._pending:
                await connection.execute(statement, *values)
            for statement in ELSEWHERE:
                await connection.execute(statement)
        self._pending = []

    def staged(self, kind: str, records: Mapping[str, dict[str, Any] | None]) -> None:
        self._pending += [(STAGED, (kind, name, record)) for name, record in records.items()]

    def changed(self, section: str, before: dict[str, Any] | None, after: int = 3) -> None:
        """Say what a staged section was before it changed after a commit; None of one that is new."""
        self._pending.append((CHANGED, (section, after, before)))

    def committed(self, commits: int) -> None:
        """Add the district itself, with so many commits."""
        self._pending.append((COMMITTED, (commits,)))

    def kept(self, section: str, students: int = 0, rank: int = 1) -> None:
        self._pending.append((KEPT, (section, rank, students)))

    def taught(self, teacher: str, *sections: str) -> None:
        self._pending += [(LINK, ("teacher", teacher, section)) for section in sections]

    def held(self, school: str, *sections: str) -> None:
        self._pending += [(LINK, ("school", school, section)) for section in sections]

    def enrolled(self, student: str, *sections: str) -> None:
        self._pending.append((ENROLLMENT, (student, list(sections))))

    def entry(
        self, name: str, candidate: Any = None, committed: Any = None, *, kind: str = "student",
        school: str | None = None, former_school: str | None = None, sections: Collection[str] = (),
    ) -> None:  # fmt: skip
        values = (kind, name, candidate, committed, school, former_school, list(sections))
        self._pending.append((ROSTER, values))

    def found(
        self, name: str, code: Code, *, kind: str = "student", severity: str = "error",
        is_open: bool = True, since: int = 1, **detail: Any,
    ) -> None:  # fmt: skip
        self._pending.append((FINDING, (kind, name, code, severity, detail, is_open, day(since))))
