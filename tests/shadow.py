"""A second district that stands beside the one a test is about, with records of the same ids.

Nothing that is done to one district may change another, nor be changed by it. A statement that has lost its
`district_id` does: it finds the shadow's rows as well, which have the same ids and other content.

It is quiet: no window of it closes, it is disconnected, and nothing of it is to be published, sent or told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import asyncpg

SHADOW: Final = "5d" * 12

TABLES: Final = """
    SELECT table_name AS name,
           string_agg(format('%I', column_name), ', ' ORDER BY ordinal_position) AS columns
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
    GROUP BY table_name HAVING bool_or(column_name = 'district_id') ORDER BY table_name"""

LEAVING: Final = frozenset({"outbox", "alerts", "alert_outbox", "relay_leases", "alert_leases"})
"""What waits to leave does so by itself: a district that is cast has none of it."""

UNIQUE: Final = {
    ("batches", "batch_id"): "'shadow ' || batch_id",
    ("decisions", "decision_id"): "'shadow ' || decision_id",
    ("approvals", "id"): "-id",
    ("audit", "id"): "-id",
    ("lifecycle_history", "id"): "-id",
    ("mails", "mail_id"): "md5(mail_id::text)::uuid",
    ("mails", "position"): "-position",
    ("connect_links", "digest"): "sha256(digest)",
    ("connect_links", "token"): "NULL",
}
"""What no two districts have in common."""

MORE: Final = """
    UPDATE districts SET seen_at = now(), reevaluate_at = NULL;
    INSERT INTO evaluation_failures VALUES ($d$, 1, '2190-01-01', NULL, 'an error');
    INSERT INTO windows (district_id, opened_at, last_event_at, events, request_number)
        VALUES ($d$, '2190-01-01', '2190-01-01', 1, 7);
    INSERT INTO inbox (district_id, event_id, kind, record_id, record)
        SELECT $d$, lpad(to_hex(n), 24, '0'), 'user', lpad(to_hex(n), 24, '0'), '{"of": "the shadow"}'
        FROM generate_series(1, 60) AS n ON CONFLICT DO NOTHING;
    INSERT INTO evaluated_events (district_id, event_id, received_at)
        SELECT $d$, lpad(to_hex(n), 24, '0'), now() FROM generate_series(61, 80) AS n ON CONFLICT DO NOTHING;
    INSERT INTO feed_marks (district_id, through, since, count)
        SELECT $d$, lpad(to_hex(n), 24, '0'), '', 1 FROM generate_series(1, 40) AS n ON CONFLICT DO NOTHING;
    INSERT INTO connections (district_id, disconnected_at, due_at, cursor, cursor_at, settled, overlap,
                             baseline_after, record)
        VALUES ($d$, now(), '2190-01-01', lpad('7', 24, '0'), now(), '', '', '2190-01-01',
                '{"name": "Shadow Unified"}');
    INSERT INTO baselines (district_id, run, seed, overlap, floor, collections, place)
        VALUES ($d$, '00000000-0000-0000-0000-000000000001', '', '', '', '{users,sections}', 1);
    INSERT INTO baseline_records (district_id, kind, record_id, record)
        SELECT $d$, 'user', lpad(to_hex(n), 24, '0'), '{"of": "the shadow"}' FROM generate_series(1, 40) AS n;
    INSERT INTO baseline_records (district_id, kind, record_id, record)
        SELECT $d$, 'section', lpad(to_hex(n), 24, '0'), '{}' FROM generate_series(1, 6) AS n;
    INSERT INTO filters (district_id, version, filter, actor, reason)
        SELECT $d$, 7 + n, '{"rules": [{"all": [{"field": "name", "op": "contains", "value": "shadow"}]}]}',
               'shadow', 'shadow' FROM generate_series(1, 2) AS n;
    INSERT INTO policies (district_id, version, policy, actor)
        SELECT $d$, 7 + n, '{"required_fields": ["email"], "removal_limit_floor": 0}', 'shadow'
        FROM generate_series(1, 2) AS n;
    INSERT INTO holds (district_id, actor, reason) VALUES ($d$, 'shadow', 'shadow');
    INSERT INTO approvals (id, district_id, plan_digest, commit_sequence, actor, reason)
        OVERRIDING SYSTEM VALUE VALUES (-1, $d$, decode(repeat('00', 32), 'hex'), 1, 'shadow', 'shadow');
    INSERT INTO suggestions (district_id, made_at, filter_version, unplaced, suggestions, input_batch,
                             in_none)
        VALUES ($d$, now(), 7, 3, '[]', 1, 3);
    INSERT INTO lifecycles (district_id, state, returns_to, name, contacts, time_zone, sections, students,
                            unsectioned)
        VALUES ($d$, 'disconnected', 'live', 'Shadow Unified', '{shadow@shadow.example}', 'America/Chicago',
                2, 32, 0);
    INSERT INTO lifecycle_drops (district_id) VALUES ($d$);
    INSERT INTO lifecycle_history (id, district_id, from_state, move, to_state, at)
        OVERRIDING SYSTEM VALUE VALUES (-1, $d$, '', 'choose', 'chosen', now());
    INSERT INTO connect_links (district_id, digest, created_by, expires_at)
        VALUES ($d$, decode(repeat('5d', 32), 'hex'), 'shadow', '2190-01-01');
    INSERT INTO mails (mail_id, position, district_id, kind, occasion, recipients, subject, text, html,
                       time_zone, handed_at, sent_at)
        OVERRIDING SYSTEM VALUE
        SELECT md5(occasion)::uuid, -row_number() OVER (), $d$, 'invitation', occasion,
               '{shadow@shadow.example}', 'x', 'x', 'x', 'America/Chicago', now(), now()
        FROM unnest(ARRAY['invitation', 'invitation/1', 'rostered', 'rostered/1', '1', 'a']) AS o(occasion);
    INSERT INTO quarantine (district_id, body_digest, reason, explanation)
        SELECT $d$, sha256(n::text::bytea), 'unreadable', 'shadow' FROM generate_series(1, 3) AS n;
    INSERT INTO guard_history
        SELECT $d$, s, lpad(to_hex(n), 24, '0'), now(), true, lpad('1', 24, '0'), lpad('1', 24, '0'),
               false, NULL, NULL FROM generate_series(1, 40) AS n, generate_series(2, 4) AS s
        ON CONFLICT DO NOTHING;
    INSERT INTO commit_history (district_id, sequence, kind, record_id, record, member, school_id)
        SELECT $d$, s, 'student', lpad(to_hex(n), 24, '0'), '{"of": "the shadow"}', sha256('x'), 'x'
        FROM generate_series(1, 40) AS n, generate_series(2, 6) AS s ON CONFLICT DO NOTHING;
    INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported)
        SELECT $d$, 'student', lpad(to_hex(n), 24, '0'), sha256(n::text::bytea), 'student.no_section',
               CASE WHEN n % 2 = 0 THEN 'error' ELSE 'warning' END, '{}', n % 3 <> 0, n % 3 <> 1
        FROM generate_series(1, 40) AS n ON CONFLICT DO NOTHING;
    INSERT INTO school_terms (district_id, school_id, term_id, sections)
        SELECT $d$, lpad('1', 24, '0'), lpad('1', 24, '0'), 5 ON CONFLICT DO NOTHING;
    INSERT INTO audit (id, actor, action, district_id)
        OVERRIDING SYSTEM VALUE VALUES (-1, 'shadow', 'shadow', $d$);
    INSERT INTO erased_students (district_id, student_id, actor)
        SELECT $d$, lpad(to_hex(n), 24, '0'), 'shadow' FROM generate_series(1, 40, 3) AS n;
    INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key, sequence,
                        part, parts, trace_parent, envelope, changes, created_at)
        SELECT $d$, n, n, 'commit.shadow', 'rostering.commit/v1', 'shadow', n, 1, 1, '', '{}', '[]',
               '2190-01-01'
        FROM generate_series(1, 6) AS n;
    INSERT INTO alerts (district_id, position, alert_id, dedup_key, status, starts_at, routing_key, sequence,
                        trace_parent, body, created_at, published_at)
        OVERRIDING SYSTEM VALUE
        SELECT $d$, -n - 1000, 'shadow', 'preflight.failed/' || $d$, 'firing', '2020-01-01', 'alert.page', 1,
               '', '{}', '2020-01-01', '2190-01-01'
        FROM generate_series(1, 3) AS n;
    INSERT INTO alert_outbox (district_id, position, routing_key, schema, message_key, sequence, trace_parent,
                              envelope)
        OVERRIDING SYSTEM VALUE VALUES ($d$, -1, 'alert.page', 'rostering.alert/v1', 'shadow', 1, '', '{}');
    INSERT INTO relay_leases VALUES ($d$, '5d5d5d5d-0000-0000-0000-000000000000', '2190-01-01');
    INSERT INTO alert_leases VALUES ($d$, '5d5d5d5d-0000-0000-0000-000000000000', '2190-01-01');
    INSERT INTO incidents (district_id, code, since, picture, summary, told)
        VALUES ($d$, 'preflight.failed', now(), 'x', 'shadow', 'x');
    -- It is not the same: whatever reads it for another sees so.
    UPDATE staged SET record = record || '{"of": "the shadow"}', event_id = '0' || event_id
        WHERE record IS NOT NULL AND kind <> 'district';
    UPDATE roster SET committed_school_id = 'shadow', committed = committed || ' ',
                      committed_member = sha256('x')
        WHERE committed IS NOT NULL;
    UPDATE roster SET grade = 'shadow', blocked = true WHERE kind = 'student';
    INSERT INTO roster (district_id, kind, record_id, committed, committed_member, committed_school_id)
        SELECT $d$, 'student', lpad(to_hex(n), 24, '0'), '{"of": "the shadow"}', sha256('y'), 'x'
        FROM generate_series(41, 44) AS n;
    INSERT INTO roster (district_id, kind, record_id, committed, committed_member, committed_school_id)
        SELECT $d$, kind, lpad(to_hex(n), 24, '0'), '{"of": "the shadow"}', sha256('y'), 'x'
        FROM unnest(ARRAY['class', 'school', 'teacher']) AS kind, generate_series(45, 46) AS n;
    INSERT INTO roster (district_id, kind, record_id, school_id, candidate, candidate_member)
        SELECT $d$, kind, lpad(to_hex(n), 24, '0'), 'x', '{"of": "the shadow"}', sha256('z')
        FROM unnest(ARRAY['class', 'school', 'student', 'teacher']) AS kind, generate_series(47, 49) AS n;
    INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported)
        SELECT $d$, 'student', lpad(to_hex(n), 24, '0'), sha256((n || code)::bytea), code, 'error',
               '{"sections": ["x", "y"], "removed": 9, "limit": 1}', true, n % 2 = 0
        FROM generate_series(1, 4) AS n,
             unnest(ARRAY['student.multiple_sections', 'student.field_missing', 'student.duplicate_identity',
                          'school.mass_removal', 'district.mass_removal']) AS code;
    UPDATE findings SET open = false, severity = 'error' WHERE reported AND record_id > lpad('20', 24, '0');
    UPDATE coverage SET students = students + 1;
"""


@dataclass
class Shadow:
    """The shadow as it stands in a database, and must stand there in the end."""

    expected: dict[str, str]
    """What is made of its rows in a table, by the table."""
    digests: dict[str, str] = field(repr=False)
    """How this is asked for."""

    async def changed(
        self, connection: asyncpg.Connection, among: Collection[str] | None = None
    ) -> list[str]:
        """Return the tables, all or `among` some, in which it is not as it was."""
        asked = [self.digests[name] for name in self.digests if among is None or name in among]
        rows = await connection.fetch(" UNION ALL ".join(asked)) if asked else []
        return [row["name"] for row in rows if row["digest"] != self.expected[row["name"]]]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect to a database."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def take(connection: asyncpg.Connection) -> Shadow:
    """Return the shadow that stands in a database."""
    digests = {
        name: f"SELECT '{name}' AS name, "
        f"count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS digest "
        f"FROM (SELECT {columns} FROM public.{name} WHERE district_id = '{SHADOW}') AS t"
        for name, columns in await connection.fetch(TABLES)
    }
    rows = await connection.fetch(" UNION ALL ".join(digests.values()))
    return Shadow({row["name"]: row["digest"] for row in rows}, digests)


async def rows_of(connection: asyncpg.Connection) -> str:
    """Return statements that put the shadow that stands in a database into another one."""
    statements = ["SET session_replication_role = replica"]
    for name, columns in await connection.fetch(TABLES):
        mine = f"SELECT json_agg(t)::text FROM public.{name} AS t WHERE district_id = '{SHADOW}'"
        rows = (await connection.fetchval(mine) or "[]").replace("'", "''")
        statements.append(
            f"INSERT INTO public.{name} ({columns}) OVERRIDING SYSTEM VALUE "
            f"SELECT {columns} FROM json_populate_recordset(NULL::public.{name}, '{rows}'::json)"
        )
    return "; ".join([*statements, "RESET session_replication_role"])


async def cast(connection: asyncpg.Connection, district_id: str) -> None:
    """Have a district's rows once more, as the shadow's, of which nothing is due; an earlier one goes."""
    await connection.execute("SET session_replication_role = replica")
    for name, columns in await connection.fetch(TABLES):
        if name in LEAVING:
            continue
        await connection.execute(f"DELETE FROM public.{name} WHERE district_id = $1", SHADOW)
        theirs = ", ".join(
            f"'{SHADOW}'" if column == "district_id" else UNIQUE.get((name, column), column)
            for column in columns.split(", ")
        )
        await connection.execute(
            f"INSERT INTO public.{name} ({columns}) OVERRIDING SYSTEM VALUE "
            f"SELECT {theirs} FROM public.{name} WHERE district_id = $1",
            district_id,
        )
    await connection.execute(
        "UPDATE public.districts SET reevaluate_at = NULL WHERE district_id = $1", SHADOW
    )
    await connection.execute("RESET session_replication_role")


async def enrich(connection: asyncpg.Connection) -> None:
    """Leave nothing but the shadow in a database, with more of everything that a district can have."""
    await connection.execute("SET session_replication_role = replica")
    for name, _columns in await connection.fetch(TABLES):
        await connection.execute(f"DELETE FROM public.{name} WHERE district_id <> $1", SHADOW)
    await connection.execute(MORE.replace("$d$", f"'{SHADOW}'"))
    await connection.execute("RESET session_replication_role")


async def make_views(connection: asyncpg.Connection) -> None:
    """Make `seen`, in which tests look at tables: each without the shadow, where it could be."""
    await connection.execute("CREATE SCHEMA seen")
    for name, _columns in await connection.fetch(TABLES):
        await connection.execute(
            f"CREATE VIEW seen.{name} AS SELECT * FROM public.{name} "
            f"WHERE district_id IS DISTINCT FROM '{SHADOW}'"
        )
