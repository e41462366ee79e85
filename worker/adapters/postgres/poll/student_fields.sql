-- name: forget_staged
-- Deletes the fields of a district's staged students that are not among those that are kept.
UPDATE staged s SET record = rostering_with_kept_fields(record, $2, $3)
WHERE district_id = $1 AND kind = 'user' AND record <> rostering_with_kept_fields(record, $2, $3)

-- name: forget_read
-- Deletes the same fields in a baseline of the district that waits to be adopted.
UPDATE baseline_records SET record = rostering_with_kept_fields(record, $2, $3)
WHERE district_id = $1 AND kind = 'user' AND record <> rostering_with_kept_fields(record, $2, $3)

-- name: demand_baseline
-- Has a connected district read again, unless that is demanded already or a reading keeps these fields ($2).
UPDATE connections c SET resync = 'fields of students are demanded that were not kept', due_at = clock_timestamp()
WHERE district_id = $1 AND disconnected_at IS NULL AND resync IS NULL
  AND NOT EXISTS (SELECT FROM baselines b WHERE b.district_id = $1
                  AND (b.student_fields IS NULL OR b.student_fields @> $2::text[]))

-- name: policies_and_fields
-- The policy in force for each district, and which fields its students may have.
SELECT d.district_id, d.held_fields, p.policy
FROM districts d
LEFT JOIN LATERAL (SELECT policy FROM policies p WHERE p.district_id = d.district_id
                       AND (p.until IS NULL OR p.until > clock_timestamp())
                   ORDER BY version DESC LIMIT 1) p ON true

-- name: lock
-- Locks the district, with its policy and which fields its students may have; nothing if it is at work.
SELECT d.complete_fields, d.held_fields, p.policy
FROM districts d
LEFT JOIN LATERAL (SELECT policy FROM policies p WHERE p.district_id = d.district_id
                       AND (p.until IS NULL OR p.until > clock_timestamp())
                   ORDER BY version DESC LIMIT 1) p ON true
WHERE d.district_id = $1
FOR NO KEY UPDATE OF d SKIP LOCKED

-- name: forget_some
-- Deletes the same fields of the next $5 staged users behind $4; returns the last of them, null without any.
WITH next AS MATERIALIZED (
    SELECT record_id FROM staged WHERE district_id = $1 AND kind = 'user' AND record_id > $4
    ORDER BY record_id LIMIT $5
), changed AS (
    UPDATE staged s SET record = rostering_with_kept_fields(record, $2, $3)
    FROM next n
    WHERE s.district_id = $1 AND s.kind = 'user' AND s.record_id = n.record_id
      AND s.record <> rostering_with_kept_fields(s.record, $2, $3)
)
SELECT max(record_id) FROM next

-- name: save
-- Saves which fields the district's students are sure to have, and which they may have.
UPDATE districts SET complete_fields = $2, held_fields = $3 WHERE district_id = $1
