-- name: share_hold_lock
-- Whether a person has stopped the district's commits; keeps a hold off until an evaluation that may commit has ended.
SELECT rostering_is_on_hold($1)

-- name: take_hold_lock
-- Waits for evaluations of the district that may commit, before its hold is set or ended.
SELECT pg_advisory_xact_lock(hashtextextended('rostering.hold.' || $1, 0))

-- name: patience
-- Lets this transaction wait up to ten minutes for a lock.
-- A commit's tail is the writing of its messages and the adoption: minutes for a million students.
SET LOCAL lock_timeout = '600s'

-- name: is_on_hold
-- Whether a person has stopped the district's commits.
SELECT EXISTS (SELECT FROM holds WHERE district_id = $1)

-- name: hold
-- The district's hold, with who set it, when and why.
SELECT held_at, actor, reason FROM holds WHERE district_id = $1

-- name: add_hold
-- Puts the district on hold; returns nothing where it is on hold already.
INSERT INTO holds (district_id, actor, reason) VALUES ($1, $2, $3)
ON CONFLICT (district_id) DO NOTHING
RETURNING true

-- name: remove_hold
-- Ends the hold that was set at $2; returns nothing where it is gone or replaced by another.
DELETE FROM holds WHERE district_id = $1 AND held_at = $2
RETURNING true

-- name: is_known
-- Whether anything was ever received of the district.
SELECT EXISTS (SELECT FROM districts WHERE district_id = $1)

-- name: plan
-- The counts and digests of the district's plan, and the last commit that it builds on.
SELECT counts, candidate_digest, error_digest, commit_sequence FROM districts WHERE district_id = $1

-- name: open_errors
-- The open errors with these codes, of which no record has two of one code.
SELECT code, severity, kind, record_id, detail FROM findings
WHERE open_of = $1 AND severity = 'error' AND code = ANY($2::text[])
ORDER BY code, record_id

-- name: other_errors
-- How many open errors with other codes the district has, by code: what no approval waives.
SELECT code, count(*) AS count FROM findings
WHERE open_of = $1 AND severity = 'error' AND code <> ALL($2::text[])
GROUP BY code ORDER BY code

-- name: open_approval
-- The district's open approval, if there is one.
SELECT id, plan_digest, commit_sequence, actor, approved_at FROM approvals
WHERE district_id = $1 AND ended_at IS NULL

-- name: add_approval
-- Opens an approval of a plan; returns nothing where the district has an open one already.
INSERT INTO approvals (district_id, plan_digest, commit_sequence, actor, reason) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (district_id) WHERE ended_at IS NULL DO NOTHING
RETURNING true

-- name: end_approval
-- Ends an open approval as used or void, with the reason.
UPDATE approvals SET ended_at = clock_timestamp(), ended_as = $3, ended_why = $4
WHERE district_id = $1 AND id = $2 AND ended_at IS NULL

-- name: last_approvals
-- The last two approvals of the district's plans, newest first, for people who look at it.
SELECT encode(plan_digest, 'hex') AS plan, actor, reason, approved_at, ended_at, ended_as, ended_why
FROM approvals WHERE district_id = $1
ORDER BY id DESC LIMIT 2

-- name: unpark
-- Forgets the district's failed evaluations, so that a parked one is evaluated again.
DELETE FROM evaluation_failures WHERE district_id = $1
