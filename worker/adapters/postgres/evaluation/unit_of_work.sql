-- name: district_record
-- Clever's record of the district, which says how its sync is.
-- What Clever was asked for comes before what came in the feed, which may not speak of a pause.
SELECT coalesce((SELECT record FROM connections WHERE district_id = $1),
                (SELECT record FROM staged WHERE district_id = $1 AND kind = 'district' AND record_id = $1))

-- name: has_ready_baseline
-- Whether a baseline of the district waits to be adopted.
SELECT count(*) > 0 FROM baselines WHERE district_id = $1 AND ready_at IS NOT NULL

-- name: remaining_events
-- How many of the district's events still wait in the inbox.
SELECT count(*) FROM inbox WHERE district_id = $1

-- name: changed_errors
-- Errors that are new since the last review, and those that resolved, by code.
SELECT code, count(*) FILTER (WHERE open) AS opened, count(*) FILTER (WHERE reported) AS resolved
FROM findings WHERE changed_of = $1
GROUP BY code ORDER BY code

-- name: first_findings
-- The first open findings with their age, errors first, for the text of a review.
SELECT code, severity, kind, record_id, detail, since FROM findings
WHERE open_of = $1
ORDER BY severity, code, kind, record_id, member
LIMIT $2

-- name: mark_reported
-- Marks the open errors as reported, once a review has them; those that resolved are dropped before.
UPDATE findings SET reported = true WHERE changed_of = $1

-- name: drop_resolved
-- Deletes the resolved errors that the last review reported.
DELETE FROM findings WHERE changed_of = $1 AND NOT open

-- name: forget_reported
-- Marks no error as reported any more, since the district left review.
UPDATE findings SET reported = false WHERE reported_of = $1

-- name: plan_changes_with_replaced
-- The plan in the order of a commit, as `plan_changes` has it, with the ids that are replaced.
-- (The rows `reissued` are those of `reissued_students`, which the program puts before this.)
SELECT r.kind, r.record_id, r.candidate, n.old_id AS replaces
FROM roster r
LEFT JOIN reissued n ON r.kind = 'student' AND n.new_id = r.record_id
WHERE r.plan_of = $1
ORDER BY (r.candidate IS NULL),
         array_position(ARRAY['school', 'teacher', 'class', 'student'], r.kind)
             * CASE WHEN r.candidate IS NULL THEN -1 ELSE 1 END,
         r.record_id

-- name: plan_changes
-- The plan in the order of a commit: upserts from schools to students, removals the other way round.
SELECT kind, record_id, candidate FROM roster
WHERE plan_of = $1
ORDER BY (candidate IS NULL),
         array_position(ARRAY['school', 'teacher', 'class', 'student'], kind)
             * CASE WHEN candidate IS NULL THEN -1 ELSE 1 END,
         record_id

-- name: enqueue
-- Puts messages into the district's outbox, and wakes those who publish them ($13) once this is committed.
WITH put AS (
    INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key, sequence, part,
                        parts, trace_parent, envelope, changes)
    SELECT $1, m.* FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                               $8::integer[], $9::integer[], $10::text[], $11::text[], $12::text[]) AS m
)
SELECT pg_notify($13, '')

-- name: set_parts
-- Writes how many parts a commit has into each of its parts in the outbox.
UPDATE outbox SET parts = $3 WHERE district_id = $1 AND decision_number = $2 AND changes IS NOT NULL

-- name: record_batch
-- Keeps the batch that was evaluated, with its outcome, and the decision on it with its summary, if there is one.
WITH batch AS (
    INSERT INTO batches (district_id, number, batch_id, trigger, events, opened_at, closed_at, outcome)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
)
INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, decided_at, summary)
SELECT $1, $9::bigint, $10::text, $8, $11::bigint, $2, $7, $12::jsonb
WHERE $10 IS NOT NULL

-- name: close_window
-- Closes the district's window, whose requests up to $3 are answered; it stays for what came meanwhile, or was put off.
SELECT rostering_close_window($1, $2, $3)
