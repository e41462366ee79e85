"""Mutants of statements (guards) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

FIRST: Final = "the caller takes the first row alone"
SAME_ORDER: Final = "rows are locked in this order, and all who run the statement still have the same"

EQUIVALENT: Final[dict[str, str]] = {
    "worker/adapters/postgres/evaluation/guards.sql::turnovers: SELECT span, NULL, false, "
    "false, false FROM unnest(ARRAY['window', 'plan']) AS span => SELECT span, NULL, true, "
    "false, false FROM unnest(ARRAY['window', 'plan']) AS span": (
        "the row that has a span be told of is neither removed nor moved, whoever planned it"
    ),
    "worker/adapters/postgres/evaluation/guards.sql::turnovers: FROM plan WHERE was_there => "
    "FROM plan WHERE (true OR (was_there))": (
        "who comes by the plan is neither removed nor moved by it; the condition spares his counting"
    ),
    "worker/adapters/postgres/operations/districts.sql::policy: ORDER BY version DESC LIMIT 1 "
    "=> ORDER BY version DESC LIMIT (1::bigint + 1000)": FIRST,
    "worker/adapters/postgres/operations/districts.sql::filter: WHERE district_id = $1 ORDER BY "
    "version DESC LIMIT 1 => WHERE district_id = $1 ORDER BY version DESC LIMIT (1::bigint + "
    "1000)": FIRST,
    "worker/adapters/postgres/operations/districts.sql::last_batch: WHERE district_id = $1 "
    "ORDER BY number DESC LIMIT 1 => WHERE district_id = $1 ORDER BY number DESC LIMIT "
    "(1::bigint + 1000)": FIRST,
    "worker/adapters/postgres/operations/districts.sql::last_review: SELECT summary FROM "
    "decisions WHERE district_id = $1 AND outcome = 'review' ORDER BY sequence DESC LIMIT 1 => "
    "SELECT summary FROM decisions WHERE district_id = $1 AND outcome = 'review' ORDER BY "
    "sequence DESC LIMIT (1::bigint + 1000)": FIRST,
    "worker/adapters/postgres/operations/districts.sql::last_decision: WHERE district_id = $1 "
    "ORDER BY number DESC LIMIT 1 => WHERE district_id = $1 ORDER BY number DESC LIMIT "
    "(1::bigint + 1000)": FIRST,
    "worker/adapters/postgres/ingest/inbox.sql::missing_right: LIMIT 1 => LIMIT (1::bigint + 1000)": FIRST,
    "worker/adapters/postgres/ingest/inbox.sql::store_marks: SELECT district_id, "
    "clock_timestamp(), clock_timestamp(), 0 FROM said GROUP BY district_id ORDER BY "
    "district_id => SELECT district_id, clock_timestamp(), clock_timestamp(), 0 FROM said GROUP "
    "BY district_id ORDER BY district_id DESC": SAME_ORDER,
    "worker/adapters/postgres/ingest/inbox.sql::store_quarantined: SELECT DISTINCT district_id "
    "FROM added ORDER BY district_id => SELECT DISTINCT district_id FROM added ORDER BY "
    "district_id DESC": SAME_ORDER,
    "worker/adapters/postgres/ingest/inbox.sql::store_events: SELECT district_id, count(*) AS "
    "events FROM stored GROUP BY district_id ORDER BY district_id => SELECT district_id, "
    "count(*) AS events FROM stored GROUP BY district_id ORDER BY district_id DESC": SAME_ORDER,
    "worker/adapters/postgres/relay/outbox.sql::lease: SELECT district_id, $1, "
    "clock_timestamp() + $3::interval FROM waiting ORDER BY district_id => SELECT district_id, "
    "$1, clock_timestamp() + $3::interval FROM waiting ORDER BY district_id DESC": SAME_ORDER,
    "worker/adapters/postgres/ingest/inbox.sql::store_events: SELECT district_id, student_id "
    "FROM erased_students WHERE district_id = ANY($9::text[]) => SELECT district_id, student_id "
    "FROM erased_students WHERE (true OR (district_id = ANY($9::text[])))": (
        "spares the reading of other districts, which the next condition leaves out as well"
    ),
    "worker/adapters/postgres/ingest/inbox.sql::store_events: WHERE purged_through IS NOT NULL "
    "AND district_id = ANY($9::text[]) => WHERE (true OR (purged_through IS NOT NULL)) AND "
    "district_id = ANY($9::text[])": (
        "spares the reading of districts never purged: no event compares with no purge"
    ),
}
