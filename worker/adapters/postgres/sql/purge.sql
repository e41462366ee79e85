-- name: lock
SELECT clock_timestamp() AS now FROM districts WHERE district_id = $1 FOR UPDATE

-- name: unpublished
SELECT count(*) FROM outbox WHERE district_id = $1

-- name: blank
-- The numbers go on where they were; everything that tells of students, and how many, is gone.
UPDATE districts SET
    status = 'waiting', last_commit_id = NULL, standing_since = NULL, reported_digest = NULL, counts = '{}',
    candidate_digest = decode(repeat('00', 32), 'hex'), error_digest = decode(repeat('00', 32), 'hex'),
    committed_digest = decode(repeat('00', 32), 'hex'), committed_counts = '{}', filter_version = 0,
    policy_fingerprint = NULL, evaluated_on = NULL, floor = '', baseline_at = NULL,
    reevaluate_at = NULL, history_from = commit_sequence, purged_at = clock_timestamp()
WHERE district_id = $1
