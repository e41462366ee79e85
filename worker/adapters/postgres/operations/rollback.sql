-- name: wait_for_locks
-- Lets this transaction wait so many milliseconds for a lock.
SELECT set_config('lock_timeout', $1, true)

-- name: history_from
-- The earliest commit of the district that a rollback can restore; nothing for an unknown district.
SELECT history_from FROM districts WHERE district_id = $1

-- name: commit
-- The commit with this sequence, with when it was decided and its summary.
SELECT sequence, decided_at, summary FROM decisions
WHERE district_id = $1 AND outcome = 'commit' AND sequence = $2

-- name: commits
-- The commits that one can go back to, and the one in force, newest first.
SELECT sequence, decided_at, summary, count(*) OVER () AS reachable FROM decisions
WHERE district_id = $1 AND outcome = 'commit'
  AND sequence >= (SELECT history_from FROM districts WHERE district_id = $1)
ORDER BY sequence DESC LIMIT $2

-- name: differences
-- The records that are not as they were after commit $2, as they were then.
-- The first value that was replaced after commit $2 is the one that was in force after it.
WITH replaced AS (
    SELECT DISTINCT ON (kind, record_id) kind, record_id, record, member FROM commit_history
    WHERE district_id = $1 AND sequence > $2
    ORDER BY kind, record_id, sequence
)
SELECT t.kind, t.record_id, t.record, r.committed_member, r.candidate_member,
       CASE WHEN t.record IS NULL THEN t.member END AS erased_member
FROM replaced t
LEFT JOIN LATERAL (SELECT committed_member, candidate_member FROM roster
    WHERE district_id = $1 AND kind = t.kind AND record_id = t.record_id OFFSET 0) AS r ON true
WHERE t.member IS DISTINCT FROM r.committed_member OR (t.record IS NULL AND r.committed_member IS NOT NULL)

-- name: keep_replaced
-- Keeps what the rollback, as commit $3, is about to replace; an erased student is not put back.
WITH replaced AS (
    SELECT DISTINCT ON (kind, record_id) kind, record_id, CASE WHEN record IS NOT NULL THEN member END AS member
    FROM commit_history
    WHERE district_id = $1 AND sequence > $2
    ORDER BY kind, record_id, sequence
)
INSERT INTO commit_history (district_id, sequence, kind, record_id, record, member, school_id)
SELECT $1, $3, t.kind, t.record_id,
       CASE WHEN t.kind <> 'student' OR NOT EXISTS (SELECT FROM erased_students e
                WHERE e.district_id = $1 AND e.student_id = t.record_id) THEN r.committed END,
       r.committed_member, r.committed_school_id
FROM replaced t
LEFT JOIN LATERAL (SELECT committed, committed_member, committed_school_id FROM roster
    WHERE district_id = $1 AND kind = t.kind AND record_id = t.record_id OFFSET 0) AS r ON true
WHERE t.member IS DISTINCT FROM r.committed_member

-- name: put_back
-- Makes the records that commit $3 replaces committed again as they were after commit $2.
WITH replaced AS (
    SELECT DISTINCT ON (kind, record_id) kind, record_id, record, member, school_id FROM commit_history
    WHERE district_id = $1 AND sequence > $2
    ORDER BY kind, record_id, sequence
)
INSERT INTO roster (district_id, kind, record_id, committed, committed_member, committed_school_id)
SELECT $1, t.kind, t.record_id, t.record, t.member, t.school_id
FROM replaced t
CROSS JOIN LATERAL (SELECT true FROM commit_history
    WHERE district_id = $1 AND sequence = $3 AND kind = t.kind AND record_id = t.record_id OFFSET 0) AS differs
WHERE t.record IS NOT NULL
ON CONFLICT (district_id, kind, record_id) DO UPDATE SET
    committed = EXCLUDED.committed, committed_member = EXCLUDED.committed_member,
    committed_school_id = EXCLUDED.committed_school_id

-- name: drop_rows
-- Deletes what was committed after the restored commit and is not in the candidate roster.
-- What differed and was not put back was not there. Rows that nothing speaks for any more go. (By place in
-- the table, so that no plan ever reads the whole district for them.)
DELETE FROM roster WHERE ctid = ANY(ARRAY(
    SELECT r.ctid FROM commit_history h
    CROSS JOIN LATERAL (SELECT ctid, candidate, committed_member FROM roster
        WHERE district_id = $1 AND kind = h.kind AND record_id = h.record_id OFFSET 0) AS r
    WHERE h.district_id = $1 AND h.sequence = $2 AND r.committed_member = h.member AND r.candidate IS NULL))

-- name: take_out
-- Marks what was committed after the restored commit as not committed; the next plan may add it again.
UPDATE roster SET committed = NULL, committed_member = NULL, committed_school_id = NULL
WHERE ctid = ANY(ARRAY(
    SELECT r.ctid FROM commit_history h
    CROSS JOIN LATERAL (SELECT ctid, committed_member FROM roster
        WHERE district_id = $1 AND kind = h.kind AND record_id = h.record_id OFFSET 0) AS r
    WHERE h.district_id = $1 AND h.sequence = $2 AND r.committed_member = h.member))

-- name: changes
-- What commit $2 changed, in the order of a commit: see `plan_changes`.
SELECT h.kind, h.record_id, r.committed
FROM commit_history h
LEFT JOIN LATERAL (SELECT committed FROM roster
    WHERE district_id = $1 AND kind = h.kind AND record_id = h.record_id OFFSET 0) AS r ON true
WHERE h.district_id = $1 AND h.sequence = $2
ORDER BY (r.committed IS NULL),
         array_position(ARRAY['school', 'teacher', 'class', 'student'], h.kind)
             * CASE WHEN r.committed IS NULL THEN -1 ELSE 1 END,
         h.record_id

-- name: save_district
-- Saves what a rollback changes of the district's state.
-- Candidate roster, filter and policy stay those of the last evaluation: the next one sees to them.
UPDATE districts SET
    batch_number = $2, decision_number = $3, commit_sequence = $4, outbox_position = $5, last_commit_id = $6,
    counts = $7, error_digest = $8, committed_digest = $9, committed_counts = $10
WHERE district_id = $1

-- name: hold
-- Puts the district on hold after a rollback, in the place of an earlier hold.
INSERT INTO holds (district_id, actor, reason) VALUES ($1, $2, $3)
ON CONFLICT (district_id) DO UPDATE SET
    held_at = clock_timestamp(), actor = EXCLUDED.actor, reason = EXCLUDED.reason

-- name: void_approval
-- Ends the district's open approval as void, since a rollback has changed its plan.
UPDATE approvals SET ended_at = clock_timestamp(), ended_as = 'void', ended_why = $2
WHERE district_id = $1 AND ended_at IS NULL
