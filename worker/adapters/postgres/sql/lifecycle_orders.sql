-- What people say and order of districts on their way.

-- name: lock
SELECT clock_timestamp() AS now FROM lifecycles WHERE district_id = $1 FOR UPDATE

-- name: add
INSERT INTO lifecycles (district_id, state, since, name, contacts, time_zone)
VALUES ($1, 'chosen', clock_timestamp(), $2, $3, $4)
ON CONFLICT (district_id) DO NOTHING
RETURNING since

-- name: state
SELECT state FROM lifecycles WHERE district_id = $1

-- name: describe
UPDATE lifecycles SET name = coalesce($2, name), contacts = coalesce($3, contacts), time_zone = coalesce($4, time_zone)
WHERE district_id = $1

-- name: ask_for_rules
-- A commit from before does not count.
UPDATE lifecycles SET commits_before = $2 WHERE district_id = $1

-- name: times_made
SELECT count(*) FROM lifecycle_history WHERE district_id = $1 AND move = $2

-- name: set_window
UPDATE lifecycles SET opens_on = $2, launch_on = $3 WHERE district_id = $1

-- name: drop
DELETE FROM lifecycles WHERE district_id = $1

-- name: remember_drop
INSERT INTO lifecycle_drops (district_id) VALUES ($1) ON CONFLICT DO NOTHING

-- name: forget_drop
DELETE FROM lifecycle_drops WHERE district_id = $1

-- name: audit
INSERT INTO audit (actor, action, district_id, detail) VALUES ($1, $2, $3, $4)
