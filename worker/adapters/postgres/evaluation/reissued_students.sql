-- name: reissued
-- Students that the plan removes, each with the added student who seems to be the same person.
-- The two agree in a number, or in name and grade, and no one else does. Name and grade count only where so at least
-- half of those who go are found again.
WITH gone AS MATERIALIZED (
    SELECT record_id AS id, committed::jsonb AS record FROM roster
    WHERE plan_of = $1 AND kind = 'student' AND candidate IS NULL
), come AS MATERIALIZED (
    SELECT record_id AS id, candidate::jsonb AS record FROM roster
    WHERE plan_of = $1 AND kind = 'student' AND committed IS NULL
), keys AS (
    SELECT s.id, s.is_gone, k.rank, lower(btrim(k.value)) AS value
    FROM (SELECT id, record, true AS is_gone FROM gone UNION ALL SELECT id, record, false FROM come) AS s
    CROSS JOIN LATERAL (VALUES
        (1, s.record ->> 'sis_id'), (2, s.record ->> 'state_id'), (3, s.record ->> 'student_number'),
        (4, (s.record ->> 'first_name') || chr(31) || (s.record ->> 'last_name') || chr(31)
            || (s.record ->> 'grade'))) AS k(rank, value)
    WHERE k.value IS NOT NULL
), agreed AS (
    SELECT rank, min(id) FILTER (WHERE is_gone) AS old_id, min(id) FILTER (WHERE NOT is_gone) AS new_id
    FROM keys GROUP BY rank, value
    HAVING count(*) FILTER (WHERE is_gone) = 1 AND count(*) FILTER (WHERE NOT is_gone) = 1
), by_old AS (
    SELECT DISTINCT ON (old_id) rank, old_id, new_id FROM agreed ORDER BY old_id, rank
), pairs AS (
    SELECT DISTINCT ON (new_id) rank, old_id, new_id FROM by_old ORDER BY new_id, rank
), counted AS (
    SELECT old_id, new_id, rank, count(*) OVER () AS found FROM pairs
)
SELECT old_id, new_id FROM counted
WHERE rank < 4 OR found * 2 >= (SELECT count(*) FROM gone)

-- name: students_with_two_ids
-- Committed students who stay, each with the added student who seems to be the same person.
WITH gone AS MATERIALIZED (
    SELECT record_id AS id, committed::jsonb AS record FROM roster
    WHERE district_id = $1 AND kind = 'student' AND committed IS NOT NULL AND candidate IS NOT NULL
), come AS MATERIALIZED (
    SELECT record_id AS id, candidate::jsonb AS record FROM roster
    WHERE plan_of = $1 AND kind = 'student' AND committed IS NULL
), keys AS (
    SELECT s.id, s.is_gone, k.rank, lower(btrim(k.value)) AS value
    FROM (SELECT id, record, true AS is_gone FROM gone UNION ALL SELECT id, record, false FROM come) AS s
    CROSS JOIN LATERAL (VALUES
        (1, s.record ->> 'sis_id'), (2, s.record ->> 'state_id'), (3, s.record ->> 'student_number'),
        (4, (s.record ->> 'first_name') || chr(31) || (s.record ->> 'last_name') || chr(31)
            || (s.record ->> 'grade'))) AS k(rank, value)
    WHERE k.value IS NOT NULL
), agreed AS (
    SELECT rank, min(id) FILTER (WHERE is_gone) AS old_id, min(id) FILTER (WHERE NOT is_gone) AS new_id
    FROM keys GROUP BY rank, value
    HAVING count(*) FILTER (WHERE is_gone) = 1 AND count(*) FILTER (WHERE NOT is_gone) = 1
), by_old AS (
    SELECT DISTINCT ON (old_id) rank, old_id, new_id FROM agreed ORDER BY old_id, rank
), pairs AS (
    SELECT DISTINCT ON (new_id) rank, old_id, new_id FROM by_old ORDER BY new_id, rank
), counted AS (
    SELECT old_id, new_id, rank, count(*) OVER () AS found FROM pairs
)
SELECT old_id, new_id FROM counted
WHERE rank < 4 OR found * 2 >= (SELECT count(*) FROM come)
