-- name: keep
-- What the plan is about to replace, under the sequence of the commit that does it.
INSERT INTO commit_history (district_id, sequence, kind, record_id, record, member, school_id)
SELECT district_id, $2, kind, record_id, committed, committed_member, committed_school_id
FROM roster WHERE plan_of = $1

-- name: begin_with
UPDATE districts SET history_from = $2 WHERE district_id = $1

-- name: aged
-- Districts with a commit that was replaced longer ago than history is kept: the newest commit that is so
-- old. The roster after it was in force until then, and stays the first that one can go back to.
SELECT d.district_id, old.sequence
FROM districts d
CROSS JOIN LATERAL (
    SELECT sequence FROM decisions x
    WHERE x.district_id = d.district_id AND x.outcome = 'commit' AND x.decided_at < clock_timestamp() - $1::interval
    ORDER BY x.sequence DESC LIMIT 1) AS old
WHERE d.history_from < old.sequence
   OR (SELECT true FROM commit_history h
       WHERE h.district_id = d.district_id AND h.sequence <= old.sequence LIMIT 1)
ORDER BY d.district_id

-- name: lock
-- Nobody evaluates the district, or rolls it back, while its history gets shorter.
SELECT true FROM districts WHERE district_id = $1 FOR NO KEY UPDATE SKIP LOCKED

-- name: forget
-- The oldest first, and not more than some at a time. (By place in the table, which needs no plan.)
WITH gone AS (
    DELETE FROM commit_history WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM commit_history WHERE district_id = $1 AND sequence <= $2
        ORDER BY sequence, kind, record_id LIMIT $3))
    RETURNING sequence
)
SELECT count(*) AS rows, max(sequence) AS sequence FROM gone

-- name: shorten
UPDATE districts SET history_from = greatest(history_from, $2) WHERE district_id = $1
