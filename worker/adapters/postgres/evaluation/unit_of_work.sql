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

-- name: adopt_plan
-- Makes what the plan adds or changes committed, and deletes what it removes.
WITH removed AS (
    DELETE FROM roster WHERE plan_of = $1 AND candidate IS NULL
)
UPDATE roster SET committed = candidate, committed_member = candidate_member, committed_school_id = school_id
WHERE plan_of = $1 AND candidate IS NOT NULL

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

-- name: save_district
-- Saves what the evaluation leaves of the district's state.
UPDATE districts SET
    status = $2, batch_number = $3, decision_number = $4, commit_sequence = $5, review_sequence = $6,
    outbox_position = $7, last_commit_id = $8, standing_since = $9, reported_digest = $10, counts = $11,
    candidate_digest = $12, error_digest = $13, committed_digest = $14, committed_counts = $15,
    filter_version = $16, policy_fingerprint = $17, evaluated_on = $18, floor = $19, baseline_at = $20,
    reevaluate_at = $21, search_input_batch = $22, complete_fields = $23, held_fields = $24,
    lacking_fields = $25, committed_filter_version = $26, committed_fields = $27,
    is_partly_loaded = $28,
    purged_at = NULL
WHERE district_id = $1

-- name: forgive_failures
-- Forgets the district's failed evaluations after one that went through.
DELETE FROM evaluation_failures WHERE district_id = $1

-- name: lock_window
-- Locks the district's window while the evaluation closes it.
-- Before what remains is counted: an ingest that has stored events, and not yet committed, waits here or
-- makes us wait, so that none of its events is overlooked.
SELECT request_number FROM windows WHERE district_id = $1 FOR UPDATE

-- name: reopen_window
-- Keeps the window open for what came meanwhile or was put off, and clears a request that was answered; deletes a
-- window with nothing left in it.
WITH rest AS MATERIALIZED (
    SELECT r.*, r.events > 0 OR $2::timestamptz IS NOT NULL
                OR (w.requested IS NOT NULL AND w.request_number > $3) AS stays
    FROM windows w, (SELECT count(*) AS events, min(received_at) AS first, max(received_at) AS last
                     FROM inbox WHERE district_id = $1) AS r
    WHERE w.district_id = $1
), gone AS (
    DELETE FROM windows w USING rest r WHERE w.district_id = $1 AND NOT r.stays
)
UPDATE windows w SET
    events = r.events,
    opened_at = coalesce(r.first, w.opened_at),
    last_event_at = coalesce(r.last, w.last_event_at),
    requested = CASE WHEN w.request_number > $3 THEN w.requested END,
    through = CASE WHEN w.request_number > $3 THEN w.through END,
    deferred_since = $2
FROM rest r
WHERE w.district_id = $1 AND r.stays
