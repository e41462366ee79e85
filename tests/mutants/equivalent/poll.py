"""Mutants of statements (poll and suggest) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

_POLL: Final = "worker/adapters/postgres/poll"
_LINKS_STAND: Final = (
    "the links of a section that is the same stand there already, and what stands is not added again"
)
_LINKS_OF_RECORD: Final = "the links of a section are those of its record, and all of them are removed"
_NO_LATER: Final = (
    "what the very last event in order staged is gone only where the floor or the pages are as new"
)
_SAME_AGAIN: Final = "a record that is the same, of the same time, is staged as it is"
_INSERTED: Final = "of each record one row is taken, and nobody sees in which order they are inserted"
_NOW: Final = "no test can meet the very second of now, and no event has its greatest id"
_DUE: Final = "what is not due comes last, and a turn looks again whether it is due"
_LISTS: Final = "one process reads the list at a time, and who is disconnected meanwhile is disconnected once"
_LOCKED: Final = "all who run the statement lock the rows in the same order, whichever it is"
_KNOWN: Final = "a district with a connection is known, and what is known is not inserted again"
_FIRST_ROW: Final = "only the first row is taken of what comes back"
_ASKED_AGAIN: Final = "an older policy of a district is not the one that is read once more under the lock"
_TEACHERS: Final = (
    "a user who does not teach is left out by the program too; the condition saves reading all students"
)

EQUIVALENT: Final[dict[str, str]] = {
    f"{_POLL}/baselines.sql::add_new_links: WHERE d.kind = 'section' AND d.is_real => WHERE d.kind = "
    "'section' AND (true OR (d.is_real))": _LINKS_STAND,
    f"{_POLL}/baselines.sql::remove_old_links: AND l.role = o.role AND l.target_id = o.target_id AND "
    "l.section_id = d.record_id => AND l.role = o.role AND (true OR (l.target_id = o.target_id)) "
    "AND l.section_id = d.record_id": _LINKS_OF_RECORD,
    f"{_POLL}/baselines.sql::remove_old_links: AND l.role = o.role AND l.target_id = o.target_id AND "
    "l.section_id = d.record_id => AND (true OR (l.role = o.role)) AND l.target_id = o.target_id "
    "AND l.section_id = d.record_id": _LINKS_OF_RECORD,
    f'{_POLL}/baselines.sql::make_difference: CASE WHEN s.event_id <= $4::text COLLATE "C" THEN '
    's.event_id END) => CASE WHEN s.event_id < $4::text COLLATE "C" THEN s.event_id END)': _NO_LATER,
    f"{_POLL}/baselines.sql::make_difference: ELSE b.modified > coalesce(s.modified, 0) END => ELSE "
    "b.modified >= coalesce(s.modified, 0) END": _SAME_AGAIN,
    f"{_POLL}/baselines.sql::add_records: ORDER BY r.kind, r.record_id, r.modified DESC NULLS FIRST, "
    "r.place DESC => ORDER BY r.kind, r.record_id DESC, r.modified DESC NULLS FIRST, r.place DESC": _INSERTED,
    f"{_POLL}/baselines.sql::add_records: ORDER BY r.kind, r.record_id, r.modified DESC NULLS FIRST, "
    "r.place DESC => ORDER BY r.kind DESC, r.record_id, r.modified DESC NULLS FIRST, r.place DESC": _INSERTED,
    f"{_POLL}/baselines.sql::mend_staged: UPDATE staged SET event_id = $2 WHERE district_id = $1 AND "
    "event_id > $3 => UPDATE staged SET event_id = $2 WHERE district_id = $1 AND event_id >= $3": _NOW,
    f"{_POLL}/baselines.sql::newest_evaluated: SELECT coalesce(max(event_id), '') FROM evaluated_events "
    "WHERE district_id = $1 AND event_id <= $2 => SELECT coalesce(max(event_id), '') FROM "
    "evaluated_events WHERE district_id = $1 AND event_id < $2": _NOW,
    f"{_POLL}/baselines.sql::newest_event: (SELECT max(event_id) FROM staged WHERE district_id = $1 AND "
    "event_id <= $2), '') => (SELECT max(event_id) FROM staged WHERE district_id = $1 AND "
    "event_id < $2), '')": _NOW,
    f"{_POLL}/baselines.sql::newest_event: (SELECT max(event_id) FROM evaluated_events WHERE district_id "
    "= $1 AND event_id <= $2), => (SELECT max(event_id) FROM evaluated_events WHERE district_id = "
    "$1 AND event_id < $2),": _NOW,
    f"{_POLL}/baselines.sql::newest_event: (SELECT max(event_id) FROM inbox WHERE district_id = $1 AND "
    "event_id <= $2), => (SELECT max(event_id) FROM inbox WHERE district_id = $1 AND event_id < "
    "$2),": _NOW,
    f"{_POLL}/baselines.sql::newest_event: (SELECT floor FROM districts WHERE district_id = $1 AND floor "
    "<= $2), => (SELECT floor FROM districts WHERE district_id = $1 AND floor < $2),": _NOW,
    f"{_POLL}/connections.sql::missing: WHERE disconnected_at IS NULL AND district_id <> ALL($1::text[]) "
    "FOR UPDATE => WHERE disconnected_at IS NULL AND district_id <> ALL($1::text[])": _LISTS,
    f"{_POLL}/connections.sql::listed: INSERT INTO districts (district_id) SELECT district_id FROM before "
    "WHERE is_new ORDER BY district_id => INSERT INTO districts (district_id) SELECT district_id "
    "FROM before WHERE is_new ORDER BY district_id DESC": _LOCKED,
    f"{_POLL}/connections.sql::listed: SELECT district_id, token, digest FROM told ORDER BY district_id => "
    "SELECT district_id, token, digest FROM told ORDER BY district_id DESC": _LOCKED,
    f"{_POLL}/connections.sql::listed: INSERT INTO districts (district_id) SELECT district_id FROM before "
    "WHERE is_new ORDER BY district_id => INSERT INTO districts (district_id) SELECT district_id "
    "FROM before WHERE (true OR (is_new)) ORDER BY district_id": _KNOWN,
    f"{_POLL}/student_fields.sql::lock: ORDER BY version DESC LIMIT 1) p ON true => ORDER BY version DESC "
    "LIMIT (1::bigint + 1000)) p ON true": _FIRST_ROW,
    f"{_POLL}/student_fields.sql::policies_and_fields: ORDER BY version DESC LIMIT 1) p ON true => ORDER "
    "BY version DESC LIMIT (1::bigint + 1000)) p ON true": _ASKED_AGAIN,
    "worker/adapters/postgres/suggest/pictures.sql::teachers: WHERE district_id = $1 AND kind = "
    "'user' AND record ? 'teacher' => WHERE district_id = $1 AND kind = 'user' AND (true OR "
    "(record ? 'teacher'))": _TEACHERS,
}
