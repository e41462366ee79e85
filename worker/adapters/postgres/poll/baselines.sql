-- name: current
-- The district's baseline that is being read or waits to be adopted, with how far it is.
SELECT district_id, run::text AS id, seed, collections, collections[place + 1] AS collection, after, records, started_at,
       repeated, student_fields,
       extract(epoch FROM clock_timestamp() - started_at)::float8 AS age_seconds,
       read_at IS NOT NULL AS is_read, ready_at IS NOT NULL AS is_ready
FROM baselines WHERE district_id = $1

-- name: drop_records
-- Deletes what a baseline has read of the district.
DELETE FROM baseline_records WHERE district_id = $1

-- name: begin
-- Begins a baseline of the district in the place of any other.
-- Locks the row first, so that an evaluation that is adopting the last baseline is waited for.
INSERT INTO baselines (district_id, run, seed, overlap, floor, collections, saved, pages_at, over_newer,
                       student_fields)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (district_id) DO UPDATE SET
    run = EXCLUDED.run, seed = EXCLUDED.seed, overlap = EXCLUDED.overlap, floor = EXCLUDED.floor,
    collections = EXCLUDED.collections, saved = EXCLUDED.saved, pages_at = EXCLUDED.pages_at,
    over_newer = EXCLUDED.over_newer, student_fields = EXCLUDED.student_fields, repeated = 0, place = 0, after = NULL, records = 0, started_at = now(), read_at = NULL, ready_at = NULL

-- name: clear_demand
-- Forgets why a baseline is wanted, since one has begun.
UPDATE connections SET resync = NULL WHERE district_id = $1

-- name: know_district
-- Adds the district, where nothing was ever received of it.
INSERT INTO districts (district_id) VALUES ($1) ON CONFLICT DO NOTHING

-- name: newest_event
-- The newest event of the district that is stored, up to $2, where now is: nothing ahead of now is a floor.
SELECT greatest(
    (SELECT floor FROM districts WHERE district_id = $1 AND floor <= $2),
    (SELECT max(event_id) FROM inbox WHERE district_id = $1 AND event_id <= $2),
    (SELECT max(event_id) FROM evaluated_events WHERE district_id = $1 AND event_id <= $2),
    (SELECT max(event_id) FROM staged WHERE district_id = $1 AND event_id <= $2), '')

-- name: newest_evaluated
-- The newest event of the district that was evaluated, up to $2, where now is.
SELECT coalesce(max(event_id), '') FROM evaluated_events WHERE district_id = $1 AND event_id <= $2

-- name: mend_staged
-- Makes records that were staged by an event or a floor ahead of now ($3) as new as the floor ($2).
UPDATE staged SET event_id = $2 WHERE district_id = $1 AND event_id > $3

-- name: demand_after_mending
-- Has a connected district read whole, since its floor was ahead of now.
UPDATE connections SET resync = coalesce(resync, 'its floor lay ahead of now'), due_at = clock_timestamp()
WHERE district_id = $1 AND disconnected_at IS NULL

-- name: turn_page
-- Notes where the next page begins, or the next collection; returns nothing where the run is given up.
UPDATE baselines SET after = $3, place = place + CASE WHEN $3::text IS NULL THEN 1 ELSE 0 END
WHERE district_id = $1 AND run = $2 AND read_at IS NULL
RETURNING true

-- name: skip
-- Leaves a collection out of the run; returns nothing where the run is given up or elsewhere.
UPDATE baselines SET collections = array_remove(collections, $3), after = NULL
WHERE district_id = $1 AND run = $2 AND read_at IS NULL AND collections[place + 1] = $3
RETURNING true

-- name: drop_records_of
-- Deletes the pages of a collection that came before Clever refused it.
WITH dropped AS (
    DELETE FROM baseline_records WHERE district_id = $1 AND kind = $2 RETURNING 1
)
UPDATE baselines SET records = records - (SELECT count(*) FROM dropped) WHERE district_id = $1

-- name: add_records
-- Keeps the records of a page, and counts those that are new and those that came before.
-- Of the rows of one record the one changed last stays, else the one read later; one without a time is as new
-- as the moment it is read. Of an erased student only what makes a teacher is kept.
WITH arrived AS MATERIALIZED (
    SELECT r.kind, r.record_id, r.record::jsonb, r.reason, r.explanation, r.modified, r.place,
           r.kind = 'user' AND r.record_id = ANY(e.students) AS is_erased
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
        WITH ORDINALITY AS r(kind, record_id, record, reason, explanation, modified, place)
    CROSS JOIN (SELECT ARRAY(SELECT student_id FROM erased_students WHERE district_id = $1) AS students) AS e
), read AS MATERIALIZED (
    SELECT kind, record_id, CASE WHEN is_erased THEN rostering_without_student(record) ELSE record END AS record,
           reason, explanation, modified, place
    FROM arrived WHERE NOT is_erased OR record IS NULL OR record ? 'teacher'
), added AS (
    INSERT INTO baseline_records AS b (district_id, kind, record_id, record, reason, explanation, modified)
    SELECT DISTINCT ON (r.kind, r.record_id)
        $1, r.kind, r.record_id, r.record, r.reason, r.explanation, r.modified
    FROM read r
    ORDER BY r.kind, r.record_id, r.modified DESC NULLS FIRST, r.place DESC
    ON CONFLICT (district_id, kind, record_id) DO UPDATE SET
        record = EXCLUDED.record, reason = EXCLUDED.reason, explanation = EXCLUDED.explanation,
        modified = EXCLUDED.modified
        WHERE EXCLUDED.modified IS NULL OR EXCLUDED.modified >= b.modified
    RETURNING xmax = 0 AS is_new
), counted AS (
    SELECT count(*) FILTER (WHERE is_new) AS fresh FROM added
)
UPDATE baselines SET
    records = records + counted.fresh, repeated = repeated + (SELECT count(*) FROM read) - counted.fresh
FROM counted WHERE district_id = $1

-- name: staged_counts
-- How many live students, schools and sections are staged, to compare a baseline with.
SELECT count(*) FILTER (WHERE kind = 'user' AND record ? 'student') AS students,
       count(*) FILTER (WHERE kind = 'school') AS schools,
       count(*) FILTER (WHERE kind = 'section') AS sections
FROM staged WHERE district_id = $1 AND record IS NOT NULL

-- name: read_counts
-- How many records, students, schools and sections the baseline has read.
-- What cannot be read was there all the same.
SELECT count(*) AS records,
       count(*) FILTER (WHERE kind = 'user' AND (record ? 'student' OR record IS NULL)) AS students,
       count(*) FILTER (WHERE kind = 'school') AS schools,
       count(*) FILTER (WHERE kind = 'section') AS sections
FROM baseline_records WHERE district_id = $1

-- name: believe
-- Notes that every page is read; returns where the feed goes on, or nothing if the run is given up.
UPDATE baselines SET read_at = clock_timestamp() WHERE district_id = $1 AND run = $2 AND read_at IS NULL
RETURNING seed, overlap

-- name: move_cursor
-- Moves the cursor to the baseline's seed, unless it is further; what follows is new to us.
UPDATE connections SET
    settled = CASE WHEN cursor > $2 THEN settled ELSE $2 END,
    unsettled = CASE WHEN cursor > $2 THEN unsettled ELSE 0 END,
    overlap = CASE WHEN cursor > $2 THEN overlap ELSE $3 END,
    cursor = greatest(cursor, $2),
    cursor_at = NULL
WHERE district_id = $1

-- name: ready
-- Lets the baseline be adopted by the district's next evaluation.
UPDATE baselines SET ready_at = clock_timestamp()
WHERE district_id = $1 AND run = $2 AND read_at IS NOT NULL AND ready_at IS NULL

-- name: not_before
-- Has another baseline read after some time, since this one was refused.
UPDATE connections SET baseline_after = clock_timestamp() + $2::interval, resync = 'the last one was refused'
WHERE district_id = $1

-- name: delete
-- Deletes a run that is adopted or given up; returns nothing where another one took its place.
DELETE FROM baselines WHERE district_id = $1 AND run = $2 RETURNING true

-- name: lock_ready
-- Locks the baseline that waits to be adopted, with what adopting it needs to know.
SELECT run::text AS id, floor, collections, records, started_at, saved, pages_at, over_newer, student_fields
FROM baselines
WHERE district_id = $1 AND ready_at IS NOT NULL FOR UPDATE

-- name: count_records
-- How many records that the baseline has read are still there; a crash of the server empties them.
SELECT count(*) FROM baseline_records WHERE district_id = $1

-- name: demand_again
-- Has the district read whole again, since what was read is lost.
UPDATE connections SET resync = 'the database lost what was read', due_at = clock_timestamp()
WHERE district_id = $1

-- name: make_difference
-- Makes a table of what adopting the baseline changes: rows over what is staged, and records that are gone.
-- Records that could not be read stay as they were, and kinds that were not read are left alone. What is the same
-- and was changed later is no change, and is kept as that version. A user of nothing ({}) is neither student nor
-- teacher. (What the baseline is comes as $5 to $7, so that the rules fold to those that hold for it, and the
-- processes of a parallel plan apply them.)
CREATE TEMPORARY TABLE baseline_difference ON COMMIT DROP AS
SELECT b.kind, b.record_id, s.record AS before, n.record AS after, b.modified,
       s.record IS DISTINCT FROM n.record AS is_real,
       greatest(CASE WHEN $5::boolean AND NOT $6::boolean AND b.modified IS NOT NULL
                     THEN rostering_highest_id(b.modified) COLLATE "C" ELSE $2 END,
                CASE WHEN s.event_id <= $4::text COLLATE "C" THEN s.event_id END) AS event_id
FROM baseline_records b
CROSS JOIN LATERAL (SELECT CASE WHEN b.kind <> 'user' OR b.record <> '{}' THEN b.record END AS record) AS n
LEFT JOIN staged s ON s.district_id = $1 AND s.kind = b.kind AND s.record_id = b.record_id
WHERE b.district_id = $1 AND b.record IS NOT NULL AND (s.record IS NOT NULL OR n.record IS NOT NULL)
  AND CASE WHEN s.record IS DISTINCT FROM n.record
           THEN rostering_row_stays($5, $6, $2, $4, rostering_pages_at($7::jsonb, b.kind),
                                    b.modified, s.event_id, s.modified, s.record IS NULL)
           ELSE b.modified > coalesce(s.modified, 0) END
UNION ALL
SELECT s.kind, s.record_id, s.record, NULL, NULL, true,
       greatest(CASE WHEN NOT $6 AND $7::jsonb IS NOT NULL
                     THEN rostering_highest_id(rostering_pages_at($7::jsonb, s.kind)) COLLATE "C" ELSE $2 END,
                CASE WHEN s.event_id <= $4::text COLLATE "C" THEN s.event_id END)
FROM staged s
LEFT JOIN baseline_records b ON b.district_id = $1 AND b.kind = s.kind AND b.record_id = s.record_id
WHERE s.district_id = $1 AND s.kind = ANY($3::text[]) AND s.record IS NOT NULL AND b.record_id IS NULL
  AND rostering_is_gone($5, $6, $2, $4, rostering_pages_at($7::jsonb, s.kind), s.event_id, s.modified)

-- name: count_difference
-- How many records adopting the baseline really changes.
SELECT count(*) FROM baseline_difference WHERE is_real

-- name: difference
-- What adopting the baseline changes: each record before and after.
SELECT kind, record_id, before, after, event_id, modified FROM baseline_difference WHERE is_real

-- name: older_rows
-- How many rows of a baseline are older than what is staged, and how many newer records it does not have.
WITH run AS (
    SELECT floor, saved, over_newer, pages_at, collections, $2::text COLLATE "C" AS latest
    FROM baselines WHERE district_id = $1
)
SELECT (SELECT count(*) FROM run r CROSS JOIN baseline_records b
        JOIN staged s ON s.district_id = $1 AND s.kind = b.kind AND s.record_id = b.record_id
        WHERE b.district_id = $1 AND b.record IS NOT NULL
          AND (b.kind <> 'user' OR b.record <> '{}' OR s.record IS NOT NULL)
          AND NOT rostering_row_stays(r.saved, r.over_newer, r.floor, r.latest, rostering_pages_at(r.pages_at, b.kind),
                                      b.modified, s.event_id, s.modified, s.record IS NULL)) AS older,
       (SELECT count(*) FROM run r CROSS JOIN staged s
        LEFT JOIN baseline_records b ON b.district_id = $1 AND b.kind = s.kind AND b.record_id = s.record_id
        WHERE s.district_id = $1 AND s.kind = ANY($3::text[]) AND s.record IS NOT NULL AND b.record_id IS NULL
          AND NOT rostering_is_gone(r.saved, r.over_newer, r.floor, r.latest, rostering_pages_at(r.pages_at, s.kind),
                                    s.event_id, s.modified)) AS kept

-- name: older_than_staged
-- How many of these versions of records are older than what is staged.
SELECT count(*) FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    AS r(district_id, kind, record_id, modified)
CROSS JOIN LATERAL (
    SELECT coalesce(modified, rostering_made_at(event_id)) AS at, record IS NULL AS is_tombstone FROM staged
    WHERE district_id = r.district_id AND kind = r.kind AND record_id = r.record_id OFFSET 0) AS s
WHERE r.modified < s.at OR (s.is_tombstone AND r.modified = s.at)

-- name: drop_difference
-- Drops the table of what adopting the baseline changes.
DROP TABLE baseline_difference

-- name: remove_old_links
-- Forgets where the changed sections pointed before, besides their students.
DELETE FROM section_links l
USING baseline_difference d, LATERAL rostering_links(d.before) o
WHERE l.district_id = $1 AND d.kind = 'section' AND d.is_real
  AND l.role = o.role AND l.target_id = o.target_id AND l.section_id = d.record_id

-- name: add_new_links
-- Notes where the changed sections point now, besides their students.
INSERT INTO section_links (district_id, role, target_id, section_id)
SELECT $1, n.role, n.target_id, d.record_id
FROM baseline_difference d, LATERAL rostering_links(d.after) n
WHERE d.kind = 'section' AND d.is_real
ON CONFLICT DO NOTHING

-- name: change_enrollments
-- Notes by student which of the changed sections list him now, and which no longer do.
WITH moved AS (
    SELECT a.student_id COLLATE "C" AS student_id, d.record_id AS section_id, true AS is_added
    FROM baseline_difference d CROSS JOIN LATERAL jsonb_array_elements_text(d.after -> 'students') AS a(student_id)
    WHERE d.kind = 'section' AND d.is_real AND (d.before -> 'students' ? a.student_id) IS NOT TRUE
    UNION ALL
    SELECT b.student_id, d.record_id, false
    FROM baseline_difference d CROSS JOIN LATERAL jsonb_array_elements_text(d.before -> 'students') AS b(student_id)
    WHERE d.kind = 'section' AND d.is_real AND (d.after -> 'students' ? b.student_id) IS NOT TRUE
), changed AS MATERIALIZED (
    SELECT m.student_id, ARRAY(
        SELECT DISTINCT s.id FROM unnest(e.sections || m.added) AS s(id)
        WHERE s.id <> ALL (m.removed) ORDER BY s.id) AS sections
    FROM (SELECT student_id, coalesce(array_agg(section_id) FILTER (WHERE is_added), '{}') AS added,
                 coalesce(array_agg(section_id) FILTER (WHERE NOT is_added), '{}') AS removed
          FROM moved GROUP BY student_id) AS m
    LEFT JOIN enrollments e ON e.district_id = $1 AND e.student_id = m.student_id
), ended AS (
    DELETE FROM enrollments e USING changed c
    WHERE e.district_id = $1 AND e.student_id = c.student_id AND c.sections = '{}'
)
INSERT INTO enrollments AS e (district_id, student_id, sections)
SELECT $1, student_id, sections FROM changed WHERE sections <> '{}'
ON CONFLICT (district_id, student_id) DO UPDATE SET sections = EXCLUDED.sections
    WHERE e.sections <> EXCLUDED.sections

-- name: stage_difference
-- Stages what adopting the baseline changes.
-- Of a section it is noted what it was at the last commit, if there was one.
INSERT INTO staged AS s (district_id, kind, record_id, event_id, record, modified, changed_after)
SELECT $1, kind, record_id, event_id, after, modified,
       CASE WHEN kind = 'section' THEN (SELECT nullif(commit_sequence, 0) FROM districts WHERE district_id = $1) END
FROM baseline_difference
ON CONFLICT (district_id, kind, record_id) DO UPDATE SET
    event_id = CASE WHEN s.record IS DISTINCT FROM EXCLUDED.record THEN EXCLUDED.event_id ELSE s.event_id END,
    record = EXCLUDED.record, modified = EXCLUDED.modified,
    changed_after = CASE WHEN s.changed_after IS DISTINCT FROM EXCLUDED.changed_after
                              AND s.record - 'students' IS DISTINCT FROM EXCLUDED.record - 'students'
                         THEN EXCLUDED.changed_after ELSE s.changed_after END,
    before = CASE WHEN s.changed_after IS DISTINCT FROM EXCLUDED.changed_after
                       AND s.record - 'students' IS DISTINCT FROM EXCLUDED.record - 'students'
                  THEN s.record - 'students' ELSE s.before END

-- name: forgive_quarantine
-- Forgives what was unreadable before the baseline began, since the district was read whole.
DELETE FROM quarantine WHERE district_id = $1 AND received_at <= $2

-- name: quarantine_records
-- Puts the records that the baseline could not read into quarantine.
INSERT INTO quarantine (district_id, body_digest, reason, explanation)
SELECT $1, sha256(convert_to('baseline ' || kind || ' ' || record_id, 'UTF8')), reason, explanation
FROM baseline_records WHERE district_id = $1 AND reason IS NOT NULL
ON CONFLICT (district_id, body_digest) DO UPDATE SET
    reason = EXCLUDED.reason, explanation = EXCLUDED.explanation, received_at = now()
