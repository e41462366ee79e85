-- What people say and order of districts in onboarding.

-- name: lock
SELECT clock_timestamp() AS now FROM onboarding WHERE district_id = $1 FOR UPDATE

-- name: add
INSERT INTO onboarding (district_id, state, since, name, contacts, time_zone)
VALUES ($1, 'chosen', clock_timestamp(), $2, $3, $4)
ON CONFLICT (district_id) DO NOTHING
RETURNING since

-- name: state
SELECT state FROM onboarding WHERE district_id = $1

-- name: describe
UPDATE onboarding SET name = coalesce($2, name), contacts = coalesce($3, contacts), time_zone = coalesce($4, time_zone)
WHERE district_id = $1

-- name: was_judged
SELECT EXISTS (SELECT FROM districts WHERE district_id = $1 AND policy_fingerprint IS NOT NULL)

-- name: ask_for_rules
-- A commit from before does not count.
UPDATE onboarding SET commits_before = $2 WHERE district_id = $1

-- name: next_number
-- How often a move will have been made, on this way or on one that the district was taken off: no e-mail of it
-- takes the occasion of another. $3 is how its occasions begin.
SELECT 1 + greatest(
    (SELECT count(*) FROM onboarding_history WHERE district_id = $1 AND move = $2),
    (SELECT max(substr(occasion, length($3) + 1)::bigint) FROM mails
     WHERE district_id = $1 AND starts_with(occasion, $3)))

-- name: withdraw
-- E-mails that did not leave never will.
DELETE FROM mails WHERE district_id = $1 AND waits AND handed_at IS NULL

-- name: withdraw_ready
-- A launch is taken back: its e-mail, if it did not leave, is not true any more.
DELETE FROM mails WHERE district_id = $1 AND starts_with(occasion, 'ready/') AND waits AND handed_at IS NULL

-- name: set_window
UPDATE onboarding SET opens_on = $2, launch_on = $3, windows_set = windows_set + 1 WHERE district_id = $1

-- name: drop
DELETE FROM onboarding WHERE district_id = $1

-- name: remember_drop
INSERT INTO onboarding_drops (district_id) VALUES ($1) ON CONFLICT DO NOTHING

-- name: forget_drop
DELETE FROM onboarding_drops WHERE district_id = $1

-- name: audit
INSERT INTO audit (actor, action, district_id, detail) VALUES ($1, $2, $3, $4)
