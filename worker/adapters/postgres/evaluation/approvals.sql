-- name: share_hold_lock
-- Whoever decides a commit holds it to the end of his transaction; whoever puts a district on hold waits for
-- it. The look at the hold is a statement of its own, after the lock: it must see who came before.
SELECT pg_advisory_xact_lock_shared(hashtextextended('rostering.hold.' || $1, 0))

-- name: take_hold_lock
SELECT pg_advisory_xact_lock(hashtextextended('rostering.hold.' || $1, 0))

-- name: patience
-- A commit's tail is the writing of its messages and the adoption: minutes for a million students.
SET LOCAL lock_timeout = '600s'

-- name: is_on_hold
SELECT EXISTS (SELECT FROM holds WHERE district_id = $1)

-- name: hold
SELECT held_at, actor, reason FROM holds WHERE district_id = $1

-- name: add_hold
INSERT INTO holds (district_id, actor, reason) VALUES ($1, $2, $3)
ON CONFLICT (district_id) DO NOTHING
RETURNING true

-- name: remove_hold
DELETE FROM holds WHERE district_id = $1 AND held_at = $2
RETURNING true

-- name: is_known
SELECT EXISTS (SELECT FROM districts WHERE district_id = $1)

-- name: plan
SELECT counts, candidate_digest, error_digest, commit_sequence FROM districts WHERE district_id = $1

-- name: open_errors
-- The open errors with these codes.
SELECT code, severity, kind, record_id, detail FROM findings
WHERE open_of = $1 AND severity = 'error' AND code = ANY($2::text[])
ORDER BY severity, code, kind, record_id, member

-- name: other_errors
SELECT code, count(*) AS count FROM findings
WHERE open_of = $1 AND severity = 'error' AND code <> ALL($2::text[])
GROUP BY code ORDER BY code

-- name: open_approval
SELECT id, plan_digest, commit_sequence, actor, approved_at FROM approvals
WHERE district_id = $1 AND ended_at IS NULL

-- name: add_approval
INSERT INTO approvals (district_id, plan_digest, commit_sequence, actor, reason) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (district_id) WHERE ended_at IS NULL DO NOTHING
RETURNING true

-- name: end_approval
UPDATE approvals SET ended_at = clock_timestamp(), ended_as = $3, ended_why = $4
WHERE district_id = $1 AND id = $2 AND ended_at IS NULL

-- name: last_approvals
SELECT encode(plan_digest, 'hex') AS plan, actor, reason, approved_at, ended_at, ended_as, ended_why
FROM approvals WHERE district_id = $1
ORDER BY id DESC LIMIT 2

-- name: audit
INSERT INTO audit (actor, action, district_id, detail) VALUES ($1, $2, $3, $4)

-- name: unpark
-- Who lets a district go on gives it another try.
DELETE FROM evaluation_failures WHERE district_id = $1
