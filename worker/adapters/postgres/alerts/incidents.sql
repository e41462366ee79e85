-- name: lock
-- Locks the district's incidents with these codes and returns them.
SELECT code, since, picture, summary, counts, told, told_at, updated_at, updates, clear_since, returns
FROM incidents WHERE district_id = $1 AND code = ANY($2::text[]) ORDER BY code FOR UPDATE

-- name: lock_all
-- Locks every incident of a district, and returns them.
SELECT code, since, picture, summary, counts, told, told_at, updated_at, updates, clear_since, returns
FROM incidents WHERE district_id = $1 ORDER BY code FOR UPDATE

-- name: keep
-- Writes incidents as they are now.
INSERT INTO incidents (district_id, code, since, picture, summary, counts, told, told_at, updated_at, updates,
                       clear_since, returns)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::jsonb[], $7::text[],
                     $8::timestamptz[], $9::timestamptz[], $10::integer[], $11::timestamptz[], $12::integer[])
ON CONFLICT (district_id, code) DO UPDATE SET
    since = EXCLUDED.since, picture = EXCLUDED.picture, summary = EXCLUDED.summary, counts = EXCLUDED.counts,
    told = EXCLUDED.told, told_at = EXCLUDED.told_at, updated_at = EXCLUDED.updated_at,
    updates = EXCLUDED.updates, clear_since = EXCLUDED.clear_since, returns = EXCLUDED.returns

-- name: keep_new
-- Writes new incidents and returns their codes, without those that another process began meanwhile.
INSERT INTO incidents (district_id, code, since, picture, summary, counts, told, told_at, updated_at, updates,
                       clear_since, returns)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::jsonb[], $7::text[],
                     $8::timestamptz[], $9::timestamptz[], $10::integer[], $11::timestamptz[], $12::integer[])
ON CONFLICT (district_id, code) DO NOTHING
RETURNING code

-- name: forget
-- Deletes incidents that are over.
DELETE FROM incidents i USING unnest($1::text[], $2::text[]) AS f(district_id, code)
WHERE i.district_id = f.district_id AND i.code = f.code

-- name: forget_all
-- Deletes every incident of a district that is purged.
DELETE FROM incidents WHERE district_id = $1

-- name: claim
-- Claims the next inspection, and returns the time; nothing while none is due or another process inspects.
-- The lock of this row is what keeps other processes from inspecting.
SELECT clock_timestamp() AS now FROM inspections
WHERE inspected_at <= clock_timestamp() - $1::interval FOR UPDATE SKIP LOCKED

-- name: claimed
-- Notes that an inspection was made now.
UPDATE inspections SET inspected_at = clock_timestamp()

-- name: inspected
-- Locks all incidents with the codes that an inspection decides, and returns them.
SELECT district_id, code, since, picture, summary, counts, told, told_at, updated_at, updates, clear_since,
       returns
FROM incidents WHERE code = ANY($1::text[]) ORDER BY district_id, code FOR UPDATE

-- name: to_be_told
-- Locks incidents of evaluations and baselines that are to be reported or forgotten because time went by.
-- A flapping one has stayed away, or another picture waited for its turn; and those that can be forgotten.
SELECT district_id, code, since, picture, summary, counts, told, told_at, updated_at, updates, clear_since,
       returns
FROM incidents
WHERE code <> ALL($1::text[])
  AND (clear_since IS NOT NULL OR told IS NULL OR told <> picture)
  AND CASE WHEN clear_since IS NOT NULL THEN clear_since
           WHEN told IS NULL THEN told_at ELSE coalesce(updated_at, '-infinity') END <= $2
ORDER BY district_id, code FOR UPDATE SKIP LOCKED

-- name: open
-- The incidents that operations know of and that are not over, oldest first.
SELECT district_id, code, since, summary, counts, returns FROM incidents
WHERE told IS NOT NULL ORDER BY since, district_id, code

-- name: open_by_code
-- How many incidents are open, by code, for the metrics.
SELECT code, count(*) AS incidents FROM incidents WHERE told IS NOT NULL GROUP BY code
