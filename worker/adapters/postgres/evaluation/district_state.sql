-- name: read_filter
-- The district's section filter in force, and what a person confirmed of it and no commit has used.
SELECT version, filter, CASE WHEN confirmation_ended_at IS NULL THEN confirmed END AS confirmed
FROM filters WHERE district_id = $1 ORDER BY version DESC LIMIT 1

-- name: read_earlier_filter
-- One of the district's section filters, by its version.
SELECT filter FROM filters WHERE district_id = $1 AND version = $2

-- name: read_policy
-- The district's own policy in force, if it has one.
-- The highest version that has not ended.
SELECT policy, until FROM policies
WHERE district_id = $1 AND (until IS NULL OR until > clock_timestamp())
ORDER BY version DESC LIMIT 1
