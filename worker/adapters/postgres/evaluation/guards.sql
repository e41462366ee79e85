-- What guards count: students who were removed, or put into another class, over some hours.

-- name: turnovers
-- How many students commits and the plan remove or move, in all and at each school where they are more than $3.
-- Counted since the start of these hours (`window`), and by the plan alone (`plan`). What commits and the plan make
-- of a student is a chain: what counts is what the student was before the first of its links. (Sorted once, whatever
-- statistics say, and never joined. Of a school's students no more are counted than its limits, $5 and $6 percent,
-- ask for: a larger school is within them. The member is asked for so that no index of all committed students fits.
-- A plan that changes texts alone goes beyond no limit, whatever commits moved: those are not read then.)
WITH plan AS MATERIALIZED (
    SELECT record_id AS student_id, committed_member IS NOT NULL AS was_there,
           committed_school_id AS school_id, committed::jsonb ->> 'class_id' AS class_id,
           candidate IS NOT NULL AS is_there, candidate::jsonb ->> 'class_id' AS next_class_id
    FROM roster
    WHERE plan_of = $1 AND kind = 'student'
      AND (candidate IS NULL OR committed_member IS NULL
           OR candidate::jsonb ->> 'class_id' IS DISTINCT FROM committed::jsonb ->> 'class_id')
      AND NOT EXISTS (SELECT FROM erased_students e WHERE e.district_id = $1 AND e.student_id = record_id)
), history AS MATERIALIZED (
    SELECT student_id, sequence, committed_at, was_there, school_id, class_id, is_there, next_school_id, next_class_id
    FROM guard_history WHERE district_id = $1 AND committed_at > $2 AND EXISTS (SELECT FROM plan)
), links AS (
    SELECT student_id, sequence, false AS is_planned, was_there, school_id, class_id, is_there, next_class_id
    FROM history
    UNION ALL
    SELECT student_id, 9223372036854775807, true, was_there, school_id, class_id, is_there, next_class_id
    FROM plan
), chains AS (
    SELECT row_number() OVER in_order AS place, was_there, school_id, class_id,
           last_value(is_planned) OVER chain AS is_planned, last_value(is_there) OVER chain AS is_there,
           last_value(next_class_id) OVER chain AS next_class_id
    FROM links
    WINDOW in_order AS (PARTITION BY student_id ORDER BY sequence),
           chain AS (in_order ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), counted AS (
    SELECT 'window' AS span, school_id, is_planned, NOT is_there AS is_removed,
           next_class_id <> class_id AS is_moved
    FROM chains WHERE place = 1 AND was_there
    UNION ALL
    SELECT 'plan', school_id, true, NOT is_there, next_class_id <> class_id
    FROM plan WHERE was_there
    UNION ALL
    SELECT span, NULL, false, false, false FROM unnest(ARRAY['window', 'plan']) AS span
), sums AS (
    SELECT span, GROUPING(school_id) = 1 AS is_district, school_id,
           count(*) FILTER (WHERE is_removed) AS removed,
           count(*) FILTER (WHERE is_removed AND NOT is_planned) AS removed_earlier,
           count(*) FILTER (WHERE is_moved) AS moved,
           count(*) FILTER (WHERE is_moved AND NOT is_planned) AS moved_earlier
    FROM counted GROUP BY GROUPING SETS ((span, school_id), (span))
), shifts AS (  -- how much larger than now the roster was at the start
    SELECT GROUPING(school_id) = 1 AS is_district, coalesce(school_id, '') AS school_id, sum(shift) AS shift
    FROM (SELECT school_id, 1 AS shift FROM history WHERE was_there
          UNION ALL
          SELECT next_school_id, -1 FROM history WHERE is_there) AS moved
    GROUP BY GROUPING SETS ((school_id), ())
)
SELECT s.*, (SELECT min(committed_at) FROM history) AS since,
       coalesce(x.shift, 0)::bigint + CASE WHEN s.is_district THEN $4 ELSE
           (SELECT count(*)
            FROM (SELECT FROM roster r WHERE r.district_id = $1 AND r.committed_school_id = s.school_id
                      AND r.committed IS NOT NULL AND r.kind = 'student' LIMIT b.enough) AS at_school) END AS committed
FROM sums s
LEFT JOIN shifts x ON s.span = 'window' AND x.is_district = s.is_district
                  AND x.school_id = coalesce(s.school_id, '')
CROSS JOIN LATERAL (SELECT CASE WHEN $5::float8 > 0 AND $6::float8 > 0 THEN
    ceil(100 * greatest(s.removed / $5::float8, s.moved / $6::float8) - least(x.shift, 0))::bigint + 2
    END AS enough) AS b
WHERE s.is_district OR (s.school_id IS NOT NULL AND (s.removed > $3 OR s.moved > $3))

-- name: most_moved
-- At most how many students `turnovers` would count as removed or moved, and of how many, at least.
-- Counted since the start of these hours, in all and at each school where they are more than $3. What commits and
-- the plan make of a student is counted link by link, and never put together: a student who is gone at the end of a
-- chain left, by one of its links, the school that it begins at. (Nothing is sorted and no record is read, so that
-- this costs a fraction of `turnovers`, for counts that are far from any limit. For $5 and $6 see there.)
WITH links AS (
    SELECT committed_school_id AS school_id, committed_member IS NOT NULL AS was_there,
           candidate IS NULL OR school_id IS DISTINCT FROM committed_school_id AS is_leaving, false AS is_coming
    FROM roster WHERE plan_of = $1 AND kind = 'student'
    UNION ALL
    SELECT school_id, was_there, NOT is_there OR next_school_id IS DISTINCT FROM school_id,
           is_there AND (NOT was_there OR next_school_id IS DISTINCT FROM school_id)
    FROM guard_history WHERE district_id = $1 AND committed_at > $2
), sums AS MATERIALIZED (
    SELECT GROUPING(school_id) = 1 AS is_district, school_id,
           count(*) FILTER (WHERE was_there AND is_leaving) AS removed, count(*) FILTER (WHERE was_there) AS moved,
           count(*) FILTER (WHERE is_coming) AS came
    FROM links GROUP BY GROUPING SETS ((school_id), ())
)
SELECT s.is_district, s.school_id, s.removed, s.moved,
       CASE WHEN s.is_district THEN $4 ELSE
           (SELECT count(*)
            FROM (SELECT FROM roster r WHERE r.district_id = $1 AND r.committed_school_id = s.school_id
                      AND r.committed IS NOT NULL AND r.kind = 'student' LIMIT b.enough) AS at_school) END
       - d.came AS committed
FROM sums s
JOIN sums d ON d.is_district
CROSS JOIN LATERAL (SELECT CASE WHEN $5::float8 > 0 AND $6::float8 > 0 THEN
    ceil(100 * greatest(s.removed / $5::float8, s.moved / $6::float8))::bigint + d.came + 2 END AS enough) AS b
WHERE s.is_district OR (s.school_id IS NOT NULL AND s.moved > $3)  -- whoever is removed is moved

-- name: restart
-- Forgets whom earlier commits moved, so that the guards count from here.
DELETE FROM guard_history WHERE district_id = $1

-- name: end_confirmation
-- Ends what a person confirmed of the district's filters, since a commit has used it.
UPDATE filters SET confirmation_ended_at = clock_timestamp()
WHERE district_id = $1 AND confirmed IS NOT NULL AND confirmation_ended_at IS NULL
