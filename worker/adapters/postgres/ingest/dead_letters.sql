-- name: append
-- Puts an unreadable message with the dead letters.
INSERT INTO dead_letters (district_id, routing_key, reason, body, trace_parent) VALUES ($1, $2, $3, $4, $5)

-- name: wait_for_lock
-- Bounds, in this transaction, how long it waits for a lock.
SELECT set_config('lock_timeout', $1, true)

-- name: lock
-- Locks the dead letters as a whole until the end of this transaction; new ones are appended all the same.
SELECT pg_advisory_xact_lock(hashtextextended('rostering.dead_letters', 0))

-- name: next
-- The oldest dead letter after this one.
SELECT position, district_id, routing_key, reason, body, died_at, trace_parent
FROM dead_letters WHERE position > $1 ORDER BY position LIMIT 1

-- name: count
-- How many dead letters there are after this one.
SELECT count(*) FROM dead_letters WHERE position > $1

-- name: remove
-- Takes a dead letter away.
DELETE FROM dead_letters WHERE position = $1
