-- name: aged
-- Districts with history that is kept for too long, and the newest commit whose history is.
-- The roster after that one was in force until later, and stays the first that one can go back to.
-- (Most have none: which the first commit that is kept shows by itself. Rows up to the one that one can go
-- back to are what is left of a forgetting that was broken off.)
SELECT d.district_id, coalesce(old.sequence, d.history_from) AS sequence
FROM districts d
LEFT JOIN LATERAL (SELECT true AS is_old FROM decisions
    WHERE district_id = d.district_id AND outcome = 'commit' AND sequence = d.history_from + 1
      AND decided_at < clock_timestamp() - $1::interval OFFSET 0) AS first ON true
LEFT JOIN LATERAL (SELECT sequence FROM decisions
    WHERE first.is_old AND district_id = d.district_id AND outcome = 'commit'
      AND decided_at < clock_timestamp() - $1::interval
    ORDER BY sequence DESC LIMIT 1) AS old ON true
WHERE first.is_old
   OR (SELECT true FROM commit_history h
       WHERE h.district_id = d.district_id AND h.sequence <= d.history_from LIMIT 1)

-- name: lock
-- Locks the district while its history gets shorter; returns nothing where another process has it.
-- It is neither evaluated nor rolled back meanwhile.
SELECT true FROM districts WHERE district_id = $1 FOR NO KEY UPDATE SKIP LOCKED

-- name: forget
-- Deletes the district's oldest history up to commit $2, at most $3 rows; returns how far it got.
-- (By place in the table, which needs no plan.)
WITH gone AS (
    DELETE FROM commit_history WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM commit_history WHERE district_id = $1 AND sequence <= $2
        ORDER BY sequence LIMIT $3))
    RETURNING sequence
)
SELECT count(*) AS rows, max(sequence) AS sequence FROM gone

-- name: shorten
-- Moves the earliest commit that a rollback can restore up to $2.
UPDATE districts SET history_from = greatest(history_from, $2) WHERE district_id = $1
