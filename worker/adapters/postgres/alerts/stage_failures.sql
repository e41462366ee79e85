-- name: report
-- What fails in a process now; what it said before is replaced, and what processes said that are gone is forgotten.
WITH told AS (
    SELECT * FROM unnest($2::text[], $3::interval[], $4::text[]) AS t(stage, lasts, problem)
), gone AS (
    DELETE FROM stage_failures
    WHERE (process = $1 AND stage <> ALL($2::text[])) OR seen_at < clock_timestamp() - interval '1 day'
)
INSERT INTO stage_failures (process, stage, since, seen_at, problem)
SELECT $1, stage, clock_timestamp() - lasts, clock_timestamp(), problem FROM told
ON CONFLICT (process, stage) DO UPDATE SET
    since = EXCLUDED.since, seen_at = EXCLUDED.seen_at, problem = EXCLUDED.problem
