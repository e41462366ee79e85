-- name: district
-- The counts and digests of the district's plan.
SELECT counts, candidate_digest, error_digest FROM districts WHERE district_id = $1

-- name: changes
-- One page of what the plan adds, changes and removes, with each record before and after.
-- By the index of plans, from a place on: a plan of a hundred thousand changes costs no more than its page.
SELECT kind, record_id, committed, candidate FROM roster
WHERE plan_of = $1 AND (kind, record_id) > ($2, $3)
  AND ($4::text IS NULL OR kind = $4)
  AND ($5::text IS NULL OR $5 = CASE WHEN candidate IS NULL THEN 'removed'
                                     WHEN committed IS NULL THEN 'added' ELSE 'changed' END)
ORDER BY kind, record_id LIMIT $6

-- name: guards
-- The open findings of guards, which block the plan until it is approved.
SELECT code, severity, kind, record_id, detail FROM findings
WHERE open_of = $1 AND severity = 'error' AND code = ANY($2::text[])
ORDER BY code, record_id

-- name: removals
-- The schools that lose the most students, with how many each has committed.
WITH removed AS (
    SELECT committed_school_id AS school_id, count(*) AS removed FROM roster
    WHERE plan_of = $1 AND kind = 'student' AND candidate IS NULL AND committed_school_id IS NOT NULL
    GROUP BY committed_school_id ORDER BY 2 DESC, 1 LIMIT $2
)
SELECT s.school_id, s.removed,
       (SELECT count(*) FROM roster r WHERE r.district_id = $1 AND r.committed_school_id = s.school_id
            AND r.committed IS NOT NULL AND r.kind = 'student') AS committed,
       (SELECT r.committed::jsonb ->> 'name' FROM roster r WHERE r.district_id = $1 AND r.kind = 'school'
            AND r.record_id = s.school_id) AS name
FROM removed s
ORDER BY s.removed DESC, s.school_id
