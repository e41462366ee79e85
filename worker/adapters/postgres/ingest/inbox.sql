-- name: store_events
-- Stores a micro-batch without duplicates, and opens or extends windows; returns how many events were new.
-- Of a student who was erased nothing is kept. What happened before a district was purged is left
-- out: it brings nothing back. A row of a list happened when it was published, which its id tells in milliseconds
-- behind the record's own time. The rows come sorted by (district, event id), so that two processes lock in one
-- order; $8 are the places of rows of lists, and $9 has each district once.
WITH arrived AS (
    SELECT district_id, event_id, kind, record_id, record, trace_parent, modified, place = ANY($8::bigint[]) AS is_row
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
        WITH ORDINALITY AS a(district_id, event_id, kind, record_id, record, trace_parent, modified, place)
), purged AS MATERIALIZED (
    SELECT district_id, purged_through, ('x' || left(purged_through, 8))::bit(32)::bigint AS second FROM districts
    WHERE purged_through IS NOT NULL AND district_id = ANY($9::text[])
), erased AS MATERIALIZED (
    SELECT district_id, student_id FROM erased_students WHERE district_id = ANY($9::text[])
), fresh AS (
    SELECT a.*, EXISTS (SELECT FROM erased e WHERE e.district_id = a.district_id AND e.student_id = a.record_id
                            AND a.kind = 'user') AS is_erased
    FROM arrived a
    WHERE (SELECT true FROM evaluated_events e
           WHERE e.district_id = a.district_id AND e.event_id = a.event_id) IS NULL
      AND NOT EXISTS (SELECT FROM purged p
                      WHERE p.district_id = a.district_id AND CASE WHEN a.is_row
                          THEN ('x' || lpad(substr(a.event_id, 9, 11), 16, '0'))::bit(64)::bigint / 1000 <= p.second
                          ELSE p.purged_through >= a.event_id END)
), stored AS (
    INSERT INTO inbox (district_id, event_id, kind, record_id, record, trace_parent, modified, is_row)
    SELECT district_id, event_id, kind, record_id,
           CASE WHEN is_erased THEN rostering_without_student(record::jsonb) ELSE record::jsonb END,
           trace_parent, modified, is_row
    FROM fresh
    ON CONFLICT DO NOTHING
    RETURNING district_id
), counted AS (
    SELECT district_id, count(*) AS events FROM stored GROUP BY district_id ORDER BY district_id
), known AS (
    INSERT INTO districts (district_id) SELECT district_id FROM counted ON CONFLICT DO NOTHING
), opened AS (
    INSERT INTO windows AS w (district_id, opened_at, last_event_at, events)
    SELECT district_id, clock_timestamp(), clock_timestamp(), events FROM counted
    ON CONFLICT (district_id) DO UPDATE SET
        events = w.events + EXCLUDED.events,
        opened_at = CASE WHEN w.events = 0 THEN EXCLUDED.opened_at ELSE w.opened_at END,
        last_event_at = EXCLUDED.last_event_at
)
SELECT coalesce(sum(events), 0)::bigint FROM counted

-- name: store_ignored
-- Remembers the ids of events that no roster needs.
WITH remembered AS (
    INSERT INTO evaluated_events (district_id, event_id, received_at)
    SELECT district_id, event_id, now() FROM unnest($1::text[], $2::text[]) AS a(district_id, event_id)
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM remembered

-- name: store_quarantined
-- Puts unreadable messages into quarantine, and opens or extends the windows of their districts.
-- A redelivered one is the same row. New ones fail the preflight of their district.
WITH added AS (
    INSERT INTO quarantine (district_id, body_digest, reason, explanation)
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[])
    ON CONFLICT DO NOTHING
    RETURNING district_id
), woken AS (
    SELECT DISTINCT district_id FROM added ORDER BY district_id
), known AS (
    INSERT INTO districts (district_id) SELECT district_id FROM woken ON CONFLICT DO NOTHING
)
INSERT INTO windows AS w (district_id, opened_at, last_event_at, events)
SELECT district_id, clock_timestamp(), clock_timestamp(), 0 FROM woken
ON CONFLICT (district_id) DO UPDATE SET last_event_at = EXCLUDED.last_event_at

-- name: release
-- Takes dead letters out of quarantine; returns whose they were.
DELETE FROM quarantine q USING unnest($1::text[], $2::bytea[]) AS r(district_id, body_digest)
WHERE q.district_id = r.district_id AND q.body_digest = r.body_digest
RETURNING q.district_id

-- name: store_marks
-- Keeps how far publishers say they sent the feeds of districts.
-- The window's row is locked by the same statement (and made,
-- where there is none), so that marks and events of different processes see each other.
WITH said AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
        AS m(district_id, since, through, count)
), kept AS (
    INSERT INTO feed_marks (district_id, through, since, count)
    SELECT district_id, through, min(since), max(count) FROM said GROUP BY district_id, through
    ON CONFLICT (district_id, through) DO UPDATE SET
        since = EXCLUDED.since, count = EXCLUDED.count, received_at = now()
), known AS (
    INSERT INTO districts (district_id) SELECT district_id FROM said ON CONFLICT DO NOTHING
)
INSERT INTO windows AS w (district_id, opened_at, last_event_at, events)
SELECT district_id, clock_timestamp(), clock_timestamp(), 0 FROM said GROUP BY district_id ORDER BY district_id
ON CONFLICT (district_id) DO UPDATE SET events = w.events

-- name: settle
-- Closes the windows of those districts where every mark is kept: as many events are stored as were sent.
-- Marks that are kept are taken away; one that is not leaves its district to the other triggers, and after
-- some minutes counts no more: an event of it was unreadable.
WITH open_marks AS (
    SELECT m.district_id, m.through,
           m.count <= (SELECT count(*) FROM inbox i WHERE i.district_id = m.district_id
                           AND i.event_id > m.since AND i.event_id <= m.through)
                    + (SELECT count(*) FROM evaluated_events e WHERE e.district_id = m.district_id
                           AND e.event_id > m.since AND e.event_id <= m.through) AS kept
    FROM feed_marks m WHERE m.district_id = ANY($1::text[])
        AND m.received_at > clock_timestamp() - interval '5 minutes'
), settled AS (
    SELECT district_id, max(through) AS through FROM open_marks GROUP BY district_id HAVING bool_and(kept)
), removed AS (
    DELETE FROM feed_marks m USING settled s
    WHERE m.district_id = s.district_id AND m.through <= s.through
)
UPDATE windows w SET requested = 'settled', through = s.through, request_number = w.request_number + 1
FROM settled s
WHERE w.district_id = s.district_id AND (w.requested IS NULL OR w.requested = 'settled')
RETURNING w.district_id

-- name: marked_districts
-- Which of these districts wait for a mark to be kept.
SELECT district_id FROM feed_marks WHERE district_id = ANY($1::text[])

-- name: is_read_only
-- Whether the database takes no writes now, as a standby does not.
SELECT current_setting('transaction_read_only')::boolean

-- name: missing_right
-- One right that storing needs and that this user has not, if any; asked of the catalogue, which costs nothing.
SELECT t.name, t."right"
FROM (VALUES ('inbox', 'INSERT'), ('inbox', 'SELECT'), ('evaluated_events', 'INSERT'),
             ('evaluated_events', 'SELECT'), ('districts', 'INSERT'), ('windows', 'INSERT'),
             ('windows', 'UPDATE'), ('windows', 'SELECT'), ('quarantine', 'INSERT'), ('quarantine', 'DELETE'),
             ('feed_marks', 'INSERT'), ('feed_marks', 'UPDATE'), ('feed_marks', 'SELECT'),
             ('feed_marks', 'DELETE'), ('erased_students', 'SELECT')) AS t(name, "right")
WHERE CASE t."right" WHEN 'DELETE' THEN NOT has_table_privilege(t.name, t."right")
           ELSE NOT has_any_column_privilege(t.name, t."right") END
LIMIT 1
