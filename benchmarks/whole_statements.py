"""The floor of an evaluation: the same result by a few SQL statements on copies of the tables.

They read what the worker has staged, linked and kept, and do for all students at once what an evaluation
does: note links, kept sections and unique values, write each student's entry, commit it. They leave out the
rules of the filter, the checks, schools, classes and teachers, the messages and the history, so that no
program comes quite down to them.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

FLOOR: Final = "floor"
"""The name of connections that run these statements."""
COPIED: Final = ("staged", "enrollments", "section_links", "kept_sections", "identities", "roster")
FIRST_LOAD: Final = {
    "staged": "INSERT INTO floor_staged SELECT * FROM staged WHERE district_id = $1",
    "links": """
        INSERT INTO floor_section_links (district_id, role, target_id, section_id)
        SELECT s.district_id, l.role, l.target_id, s.record_id
        FROM floor_staged s CROSS JOIN LATERAL rostering_links(s.record) l
        WHERE s.district_id = $1 AND s.kind = 'section' ORDER BY 2, 3, 4""",
    "enrollments": """
        INSERT INTO floor_enrollments (district_id, student_id, sections)
        SELECT s.district_id, l.student_id, array_agg(s.record_id ORDER BY s.record_id)
        FROM floor_staged s CROSS JOIN LATERAL jsonb_array_elements_text(s.record -> 'students') l(student_id)
        WHERE s.district_id = $1 AND s.kind = 'section' GROUP BY 1, 2 ORDER BY 2""",
    "kept": "INSERT INTO floor_kept_sections SELECT * FROM kept_sections WHERE district_id = $1",
    "identities": """
        INSERT INTO floor_identities (district_id, field, value_digest, student_id)
        SELECT district_id, 'sis_id',
               substr(sha256(convert_to(record #>> '{student,texts,sis_id}', 'UTF8')), 1, 16), record_id
        FROM floor_staged WHERE district_id = $1 AND kind = 'user' AND record ? 'student'""",
    "roster": """
        INSERT INTO floor_roster (district_id, kind, record_id, candidate, candidate_member, school_id,
                                  sections, grade)
        SELECT s.district_id, 'student', s.record_id, c.text,
               sha256(convert_to('{"id":"' || s.record_id || '","kind":"student","record":' || c.text || '}',
                                 'UTF8')),
               s.record #>> '{student,texts,school_id}', k.sections, s.record #>> '{student,texts,grade}'
        FROM floor_staged s
        LEFT JOIN (SELECT e.student_id, array_agg(l.section_id) AS sections
                   FROM floor_enrollments e CROSS JOIN LATERAL unnest(e.sections) AS l(section_id)
                   JOIN floor_kept_sections k ON k.district_id = e.district_id AND k.section_id = l.section_id
                   WHERE e.district_id = $1 GROUP BY 1) AS k
            ON k.student_id = s.record_id
        CROSS JOIN LATERAL (SELECT jsonb_build_object(
            'first_name', s.record #> '{student,texts,first_name}',
            'last_name', s.record #> '{student,texts,last_name}',
            'sis_id', s.record #> '{student,texts,sis_id}', 'grade', s.record #> '{student,texts,grade}',
            'class_id', k.sections[1])::text AS text) AS c
        WHERE s.district_id = $1 AND s.kind = 'user' AND s.record ? 'student'""",
    "commit": """
        UPDATE floor_roster SET committed = candidate, committed_member = candidate_member,
                                committed_school_id = school_id
        WHERE district_id = $1""",
}
"""In their order, each for one district; after each the copies are analyzed."""
DIFFERENT: Final = """
    SELECT count(*) FROM roster r
    FULL JOIN floor_roster f
        ON f.district_id = r.district_id AND f.kind = r.kind AND f.record_id = r.record_id
    WHERE coalesce(r.kind, f.kind) = 'student'
      AND (r.sections, r.school_id, r.grade, r.plan_of)
          IS DISTINCT FROM (f.sections, f.school_id, f.grade, f.plan_of)"""
"""How many students the floor gave another entry than the worker."""

_IS_BLANK: Final = " OR ".join(
    f"coalesce(trim(s.record #>> '{{student,texts,{field}}}'), '') = ''"
    for field in ("first_name", "last_name", "sis_id", "grade", "school_id")
)
COUNTED: Final = f"""
    SELECT s.record_id, c.sections, {_IS_BLANK} AS is_blank
    FROM staged s
    LEFT JOIN (SELECT e.student_id, array_agg(l.section_id) AS sections
               FROM enrollments e CROSS JOIN LATERAL unnest(e.sections) AS l(section_id)
               JOIN floor_kept k USING (section_id)
               WHERE e.district_id = $1 GROUP BY 1) AS c ON c.student_id = s.record_id
    WHERE s.district_id = $1 AND s.kind = 'user' AND s.record ? 'student'"""

COUNT: Final = f"""
    SELECT count(*) FILTER (WHERE cardinality(sections) = 1) AS one,
           count(*) FILTER (WHERE sections IS NULL) AS none,
           count(*) FILTER (WHERE cardinality(sections) > 1) AS several,
           count(*) FILTER (WHERE is_blank) AS blank
    FROM ({COUNTED}) AS counted"""
"""Counts the students by how many sections of `floor_kept` they have, and those with a blank field."""

CHANGE: Final = f"""
    WITH left_out AS (
        DELETE FROM kept_sections k WHERE district_id = $1
            AND NOT EXISTS (SELECT FROM floor_kept f WHERE f.section_id = k.section_id)
    ), kept AS (
        INSERT INTO kept_sections SELECT $1, f.section_id, f.rank, f.students FROM floor_kept f
        ON CONFLICT (district_id, section_id) DO NOTHING
    ), counted AS ({COUNTED}
    ), wanted AS (
        SELECT c.record_id, c.sections, c.is_blank OR coalesce(cardinality(c.sections), 0) <> 1 AS blocked,
               (r.candidate::jsonb || jsonb_build_object('class_id', c.sections[1]))::text AS candidate
        FROM counted c JOIN roster r ON r.record_id = c.record_id
        WHERE r.district_id = $1 AND r.kind = 'student' AND r.sections IS DISTINCT FROM c.sections
    ), changed AS (
        UPDATE roster r SET sections = w.sections, candidate = w.candidate,
            candidate_member = sha256(convert_to(
                '{{"id":"' || r.record_id || '","kind":"student","record":' || w.candidate || '}}', 'UTF8'))
        FROM wanted w
        WHERE r.district_id = $1 AND r.kind = 'student' AND r.record_id = w.record_id
        RETURNING r.record_id, r.sections, w.blocked
    ), found AS (
        INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported)
        SELECT $1, 'student', record_id, sha256(convert_to('floor ' || record_id, 'UTF8')), 'floor',
               'error', jsonb_build_object('sections', sections), true, false
        FROM changed WHERE blocked
    )
    SELECT count(*) FROM changed"""
"""Writes what follows for the students and the kept sections; returns how many students change."""


async def connect(url: str, name: str = FLOOR) -> Connection:
    """Open a connection on which one backend does all the work of a statement."""
    settings = {"application_name": name, "jit": "off", "max_parallel_workers_per_gather": "0"}
    return await asyncpg.connect(url, server_settings=settings)


async def copy_tables(connection: Connection) -> None:
    """Make the empty copies, with every index."""
    for table in COPIED:
        await connection.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL)")


async def analyze_copies(connection: Connection) -> None:
    """Let PostgreSQL know what is in the copies."""
    await connection.execute("ANALYZE " + ", ".join(f"floor_{table}" for table in COPIED))
