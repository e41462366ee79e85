-- What guards count: students who were removed, or put into another class, over some hours.

-- name: turnovers
-- How many of the students at the start of these hours are gone or would sit in another class: in all, and at
-- each school where they are more than $3. A student is taken for what he was before the first commit since
-- that moved him, or for what he is committed as. (Sorted once, whatever statistics say: no plan of it can be
-- quadratic.)
WITH moves AS (
    SELECT h.student_id, h.sequence, h.committed_at, h.was_there, h.school_id, h.class_id,
           coalesce(r.is_committed, false) AS is_committed, r.committed_school_id, r.committed_class_id,
           coalesce(r.stays, false) AS stays, r.next_class_id
    FROM guard_history h
    LEFT JOIN LATERAL (SELECT committed IS NOT NULL AS is_committed, committed_school_id,
                              committed::jsonb ->> 'class_id' AS committed_class_id,
                              candidate IS NOT NULL AS stays,
                              candidate::jsonb ->> 'class_id' AS next_class_id FROM roster
        WHERE district_id = $1 AND kind = 'student' AND record_id = h.student_id OFFSET 0) AS r ON true
    WHERE h.district_id = $1 AND h.committed_at > $2
    UNION ALL
    SELECT record_id, 9223372036854775807, NULL, true, committed_school_id, committed::jsonb ->> 'class_id',
           true, committed_school_id, committed::jsonb ->> 'class_id',
           candidate IS NOT NULL, candidate::jsonb ->> 'class_id'
    FROM roster
    WHERE plan_of = $1 AND kind = 'student' AND committed IS NOT NULL
      AND (candidate IS NULL OR candidate::jsonb ->> 'class_id' <> committed::jsonb ->> 'class_id')
), students AS MATERIALIZED (
    SELECT DISTINCT ON (student_id) * FROM moves ORDER BY student_id, sequence
), counted AS (
    SELECT school_id, NOT stays AS is_removed,
           stays AND coalesce(next_class_id <> class_id, false) AS is_moved,
           CASE WHEN stays THEN next_class_id IS DISTINCT FROM committed_class_id ELSE is_committed END
               AS is_planned
    FROM students WHERE was_there
), sums AS (
    SELECT GROUPING(school_id) = 1 AS is_district, school_id,
           count(*) FILTER (WHERE is_removed) AS removed,
           count(*) FILTER (WHERE is_removed AND NOT is_planned) AS removed_earlier,
           count(*) FILTER (WHERE is_moved) AS moved,
           count(*) FILTER (WHERE is_moved AND NOT is_planned) AS moved_earlier
    FROM counted GROUP BY GROUPING SETS ((school_id), ())
), shifts AS (  -- how much larger than now the roster was at the start
    SELECT GROUPING(school_id) = 1 AS is_district, coalesce(school_id, '') AS school_id, sum(shift) AS shift
    FROM (SELECT school_id, 1 AS shift FROM students WHERE committed_at IS NOT NULL AND was_there
          UNION ALL
          SELECT committed_school_id, -1 FROM students WHERE committed_at IS NOT NULL AND is_committed) AS moved
    GROUP BY GROUPING SETS ((school_id), ())
)
SELECT s.*, (SELECT min(committed_at) FROM students) AS since,
       coalesce(x.shift, 0)::bigint + CASE WHEN s.is_district THEN $4 ELSE
           (SELECT count(*) FROM roster r WHERE r.district_id = $1 AND r.committed_school_id = s.school_id
                AND r.committed IS NOT NULL AND r.kind = 'student') END AS committed
FROM sums s
LEFT JOIN shifts x ON x.is_district = s.is_district AND x.school_id = coalesce(s.school_id, '')
WHERE s.is_district OR (s.school_id IS NOT NULL AND (s.removed > $3 OR s.moved > $3))
ORDER BY s.school_id

-- name: keep
-- Whom the plan is about to move, under the sequence of the commit that does it.
INSERT INTO guard_history (district_id, sequence, student_id, committed_at, was_there, school_id, class_id)
SELECT $1, $2, record_id, $3, committed IS NOT NULL, committed_school_id, committed::jsonb ->> 'class_id'
FROM roster
WHERE plan_of = $1 AND kind = 'student'
  AND (candidate IS NULL OR committed IS NULL OR school_id IS DISTINCT FROM committed_school_id
       OR candidate::jsonb ->> 'class_id' <> committed::jsonb ->> 'class_id')

-- name: forget
-- What was moved up to then; what lies ahead, after a clock that was put back, counts on.
DELETE FROM guard_history WHERE district_id = $1 AND committed_at <= $2

-- name: restart
DELETE FROM guard_history WHERE district_id = $1

-- name: end_confirmation
UPDATE filters SET confirmation_ended_at = clock_timestamp()
WHERE district_id = $1 AND confirmed IS NOT NULL AND confirmation_ended_at IS NULL
