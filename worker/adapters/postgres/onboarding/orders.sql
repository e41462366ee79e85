-- What people say and order of districts in onboarding.

-- name: lock
-- Locks a district in onboarding for a person's order; returns nothing where it is not in onboarding.
SELECT clock_timestamp() AS now FROM onboarding WHERE district_id = $1 FOR UPDATE

-- name: add
-- Puts a district in onboarding as chosen; returns nothing where it is in onboarding already.
INSERT INTO onboarding (district_id, state, since, name, contacts, time_zone)
VALUES ($1, 'chosen', clock_timestamp(), $2, $3, $4)
ON CONFLICT (district_id) DO NOTHING
RETURNING since

-- name: state
-- The district's state in onboarding.
SELECT state FROM onboarding WHERE district_id = $1

-- name: describe
-- Changes the name, contacts or time zone that people gave a district.
UPDATE onboarding SET name = coalesce($2, name), contacts = coalesce($3, contacts), time_zone = coalesce($4, time_zone)
WHERE district_id = $1

-- name: was_judged
-- Whether the district was ever evaluated.
SELECT EXISTS (SELECT FROM districts WHERE district_id = $1 AND policy_fingerprint IS NOT NULL)

-- name: ask_for_rules
-- Notes how many commits the district had when new sharing rules were requested.
-- A commit from before does not count.
UPDATE onboarding SET commits_before = $2 WHERE district_id = $1

-- name: next_number
-- The number of the district's next e-mail for a move of this kind.
-- How often a move will have been made, on this way or on one that the district was taken off: no e-mail of it
-- takes the occasion of another. $3 is how its occasions begin.
SELECT 1 + greatest(
    (SELECT count(*) FROM onboarding_history WHERE district_id = $1 AND move = $2),
    (SELECT max(substr(occasion, length($3) + 1)::bigint) FROM mails
     WHERE district_id = $1 AND starts_with(occasion, $3)))

-- name: withdraw
-- Deletes the e-mails to a district that leaves onboarding and that still wait.
-- E-mails that did not leave never will.
DELETE FROM mails WHERE district_id = $1 AND state = 'waiting'

-- name: withdraw_ready
-- Deletes the e-mail that a district is ready, where it still waits.
-- A launch is taken back: its e-mail, if it did not leave, is not true any more.
DELETE FROM mails WHERE district_id = $1 AND starts_with(occasion, 'ready/') AND state = 'waiting'

-- name: set_window
-- Sets when the district's assessment window opens, and its launch.
UPDATE onboarding SET opens_on = $2, launch_on = $3, windows_set = windows_set + 1 WHERE district_id = $1

-- name: drop
-- Removes the district from onboarding.
DELETE FROM onboarding WHERE district_id = $1

-- name: remember_drop
-- Notes that a person removed the district, so that it does not enter onboarding by itself.
INSERT INTO onboarding_drops (district_id) VALUES ($1) ON CONFLICT DO NOTHING

-- name: forget_drop
-- Forgets that a person removed the district, which enters onboarding again.
DELETE FROM onboarding_drops WHERE district_id = $1
