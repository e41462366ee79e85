-- name: current
SELECT district_id, run::text AS id, seed, collections, collections[place + 1] AS collection, after, records, started_at,
       extract(epoch FROM clock_timestamp() - started_at)::float8 AS age_seconds,
       read_at IS NOT NULL AS is_read, ready_at IS NOT NULL AS is_ready
FROM baselines WHERE district_id = $1

-- name: drop_records
DELETE FROM baseline_records WHERE district_id = $1

-- name: begin
-- Locks the row first, so that an evaluation that is adopting the last baseline is waited for.
INSERT INTO baselines (district_id, run, seed, overlap, floor, collections) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (district_id) DO UPDATE SET
    run = EXCLUDED.run, seed = EXCLUDED.seed, overlap = EXCLUDED.overlap, floor = EXCLUDED.floor,
    collections = EXCLUDED.collections, place = 0, after = NULL, records = 0, started_at = now(), read_at = NULL, ready_at = NULL

-- name: clear_demand
UPDATE connections SET resync = NULL WHERE district_id = $1

-- name: know_district
INSERT INTO districts (district_id) VALUES ($1) ON CONFLICT DO NOTHING

-- name: newest_event
SELECT greatest(
    coalesce((SELECT floor FROM districts WHERE district_id = $1), ''),
    coalesce((SELECT max(event_id) FROM inbox WHERE district_id = $1), ''),
    coalesce((SELECT max(event_id) FROM evaluated_events WHERE district_id = $1), ''),
    coalesce((SELECT max(event_id) FROM staged WHERE district_id = $1), ''))

-- name: turn_page
UPDATE baselines SET after = $3, place = place + CASE WHEN $3::text IS NULL THEN 1 ELSE 0 END
WHERE district_id = $1 AND run = $2 AND read_at IS NULL
RETURNING true

-- name: skip
UPDATE baselines SET collections = array_remove(collections, $3), after = NULL
WHERE district_id = $1 AND run = $2 AND read_at IS NULL AND collections[place + 1] = $3
RETURNING true

-- name: drop_records_of
-- Pages of a collection that came before it was refused.
WITH dropped AS (
    DELETE FROM baseline_records WHERE district_id = $1 AND kind = $2 RETURNING 1
)
UPDATE baselines SET records = records - (SELECT count(*) FROM dropped) WHERE district_id = $1

-- name: add_records
WITH added AS (
    INSERT INTO baseline_records (district_id, kind, record_id, record, reason, explanation)
    SELECT DISTINCT ON (r.kind, r.record_id) $1, r.kind, r.record_id, r.record::jsonb, r.reason, r.explanation
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        AS r(kind, record_id, record, reason, explanation)
    ON CONFLICT (district_id, kind, record_id) DO UPDATE SET
        record = EXCLUDED.record, reason = EXCLUDED.reason, explanation = EXCLUDED.explanation
    RETURNING xmax = 0 AS is_new
)
UPDATE baselines SET records = records + (SELECT count(*) FROM added WHERE is_new) WHERE district_id = $1

-- name: staged_counts
SELECT count(*) FILTER (WHERE kind = 'user' AND record ? 'student') AS students,
       count(*) FILTER (WHERE kind = 'school') AS schools,
       count(*) FILTER (WHERE kind = 'section') AS sections
FROM staged WHERE district_id = $1 AND record IS NOT NULL

-- name: read_counts
-- What cannot be read was there all the same.
SELECT count(*) AS records,
       count(*) FILTER (WHERE kind = 'user' AND (record ? 'student' OR record IS NULL)) AS students,
       count(*) FILTER (WHERE kind = 'school') AS schools,
       count(*) FILTER (WHERE kind = 'section') AS sections
FROM baseline_records WHERE district_id = $1

-- name: believe
UPDATE baselines SET read_at = clock_timestamp() WHERE district_id = $1 AND run = $2 AND read_at IS NULL
RETURNING seed, overlap

-- name: move_cursor
-- The feed goes on from the seed, or from where it is if that is further; it is new to us from there.
UPDATE connections SET
    settled = CASE WHEN cursor > $2 THEN settled ELSE $2 END,
    unsettled = CASE WHEN cursor > $2 THEN unsettled ELSE 0 END,
    overlap = CASE WHEN cursor > $2 THEN overlap ELSE $3 END,
    cursor = greatest(coalesce(cursor, ''), $2),
    cursor_at = NULL
WHERE district_id = $1

-- name: ready
UPDATE baselines SET ready_at = clock_timestamp()
WHERE district_id = $1 AND run = $2 AND read_at IS NOT NULL AND ready_at IS NULL
RETURNING true

-- name: not_before
-- Another one is wanted, and not before some time has passed.
UPDATE connections SET baseline_after = clock_timestamp() + $2::interval, resync = 'the last one was refused'
WHERE district_id = $1

-- name: delete
DELETE FROM baselines WHERE district_id = $1 AND run = $2 RETURNING true

-- name: lock_ready
SELECT run::text AS id, floor, collections, records, started_at FROM baselines
WHERE district_id = $1 AND ready_at IS NOT NULL FOR UPDATE

-- name: count_records
SELECT count(*) FROM baseline_records WHERE district_id = $1

-- name: demand_again
UPDATE connections SET resync = 'the database lost what was read', due_at = clock_timestamp()
WHERE district_id = $1

-- name: make_difference
-- What adopting the baseline changes. Records that an event above the floor has touched are newer than the
-- baseline; those that could not be read stay as they were. Kinds that were not read are left alone.
CREATE TEMPORARY TABLE baseline_difference ON COMMIT DROP AS
SELECT b.kind, b.record_id, s.record AS before, b.record AS after
FROM baseline_records b
LEFT JOIN staged s ON s.district_id = $1 AND s.kind = b.kind AND s.record_id = b.record_id
WHERE b.district_id = $1 AND b.record IS NOT NULL
  AND (s.event_id IS NULL OR s.event_id <= $2) AND s.record IS DISTINCT FROM b.record
UNION ALL
SELECT s.kind, s.record_id, s.record, NULL
FROM staged s
LEFT JOIN baseline_records b ON b.district_id = $1 AND b.kind = s.kind AND b.record_id = s.record_id
WHERE s.district_id = $1 AND s.kind = ANY($3::text[]) AND s.record IS NOT NULL AND s.event_id <= $2
  AND b.record_id IS NULL

-- name: count_difference
SELECT count(*) FROM baseline_difference

-- name: difference
SELECT kind, record_id, before, after FROM baseline_difference

-- name: drop_difference
DROP TABLE baseline_difference

-- name: remove_old_links
DELETE FROM section_links l
USING baseline_difference d, LATERAL rostering_links(d.before) o
WHERE l.district_id = $1 AND d.kind = 'section' AND d.before IS NOT NULL
  AND l.role = o.role AND l.target_id = o.target_id AND l.section_id = d.record_id

-- name: add_new_links
INSERT INTO section_links (district_id, role, target_id, section_id)
SELECT $1, n.role, n.target_id, d.record_id
FROM baseline_difference d, LATERAL rostering_links(d.after) n
WHERE d.kind = 'section' AND d.after IS NOT NULL
ON CONFLICT DO NOTHING

-- name: stage_difference
INSERT INTO staged (district_id, kind, record_id, event_id, record)
SELECT $1, kind, record_id, $2, after FROM baseline_difference
ON CONFLICT (district_id, kind, record_id) DO UPDATE SET event_id = EXCLUDED.event_id, record = EXCLUDED.record

-- name: forgive_quarantine
-- The district was read anew: unreadable events from before say nothing any more.
DELETE FROM quarantine WHERE district_id = $1 AND received_at <= $2

-- name: quarantine_records
INSERT INTO quarantine (district_id, body_digest, reason, explanation)
SELECT $1, sha256(convert_to('baseline ' || kind || ' ' || record_id, 'UTF8')), reason, explanation
FROM baseline_records WHERE district_id = $1 AND reason IS NOT NULL
ON CONFLICT (district_id, body_digest) DO UPDATE SET
    reason = EXCLUDED.reason, explanation = EXCLUDED.explanation, received_at = now()
