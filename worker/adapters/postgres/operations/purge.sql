-- name: lock
-- Locks a district that is to be purged, and returns the time.
SELECT clock_timestamp() AS now FROM districts WHERE district_id = $1 FOR UPDATE

-- name: unpublished
-- How many of the district's messages are not yet published.
SELECT count(*) FROM outbox WHERE district_id = $1

-- name: blank
-- Blanks what the district's row says of students, and marks it as purged; its numbers go on where they were.
UPDATE districts SET
    status = 'waiting', last_commit_id = NULL, standing_since = NULL, reported_digest = NULL, counts = '{}',
    candidate_digest = decode(repeat('00', 32), 'hex'), error_digest = decode(repeat('00', 32), 'hex'),
    committed_digest = decode(repeat('00', 32), 'hex'), committed_counts = '{}', filter_version = 0,
    policy_fingerprint = NULL, evaluated_on = NULL, floor = '', baseline_at = NULL,
    reevaluate_at = NULL, complete_fields = '{}', held_fields = '{}', lacking_fields = '{}', history_from = commit_sequence, purged_at = clock_timestamp(),
    purged_through = lpad(to_hex(floor(extract(epoch FROM clock_timestamp()))::bigint), 8, '0') || repeat('f', 16)
WHERE district_id = $1

-- name: redact_audit
-- Leaves only numbers in what the audit says of the district: any text may hold a name.
UPDATE audit a SET detail = coalesce(
    (SELECT jsonb_object_agg(key, value) FROM jsonb_each(a.detail) WHERE jsonb_typeof(value) IN ('number', 'boolean')),
    '{}')
WHERE district_id = $1
  AND EXISTS (SELECT FROM jsonb_each(a.detail) WHERE jsonb_typeof(value) NOT IN ('number', 'boolean'))
