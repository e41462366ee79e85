-- name: everybody
-- Every user of the console, with role, password date and number of open sessions.
SELECT u.name, u.role, u.created_at, u.password_changed_at, u.disabled_at,
       (SELECT count(*) FROM sessions s WHERE s.user_name = u.name
            AND s.begun_at > clock_timestamp() - $1::interval
            AND s.seen_at > clock_timestamp() - $2::interval) AS sessions
FROM users u ORDER BY u.name

-- name: exist
-- Whether the console has any user, disabled ones included.
SELECT EXISTS (SELECT FROM users)

-- name: can_log_in
-- Whether the console has a user who is not disabled.
SELECT EXISTS (SELECT FROM users WHERE disabled_at IS NULL)

-- name: credentials
-- What a log-in with this name is checked against.
SELECT name, role, password_hash, disabled_at IS NOT NULL AS is_disabled FROM users WHERE name = $1

-- name: add
-- Adds a user; returns nothing where the name is taken.
INSERT INTO users (name, role, password_hash) VALUES ($1, $2, $3)
ON CONFLICT (name) DO NOTHING
RETURNING true

-- name: lock
-- Locks a user for a change, and returns the role and whether the user is disabled.
-- Beginning a session shares this row; so a session begins either before a change, which ends it, or
-- after it, when what it was checked against is no longer so.
SELECT FROM users WHERE name = $1 FOR UPDATE

-- name: set_password
-- Gives a user another password.
UPDATE users SET password_hash = $2, password_changed_at = clock_timestamp() WHERE name = $1

-- name: rehash
-- Keeps a user's same password under another hash, unless the password has changed meanwhile.
UPDATE users SET password_hash = $3 WHERE name = $1 AND password_hash = $2

-- name: set_role
-- Gives a user another role.
UPDATE users SET role = $2 WHERE name = $1

-- name: disable
-- Keeps a user from logging in.
UPDATE users SET disabled_at = clock_timestamp() WHERE name = $1

-- name: enable
-- Lets a disabled user log in again.
UPDATE users SET disabled_at = NULL WHERE name = $1

-- name: end_sessions
-- Ends every session of a user.
DELETE FROM sessions WHERE user_name = $1

-- name: begin_session
-- Begins a session, if the user is still what the log-in was checked against.
INSERT INTO sessions (token_digest, user_name, begun_at, seen_at)
SELECT $1, name, clock_timestamp(), clock_timestamp() FROM users
WHERE name = $2 AND password_hash = $3 AND role = $4 AND disabled_at IS NULL
FOR SHARE
RETURNING true

-- name: keep_latest_sessions
-- Deletes a user's oldest sessions, so that at most $2 stay.
-- A script that logs in and never out fills no table.
DELETE FROM sessions WHERE token_digest IN
    (SELECT token_digest FROM sessions WHERE user_name = $1 ORDER BY begun_at DESC OFFSET $2)

-- name: session
-- The user of an open session, and whether its last use was so long ago that it is noted again.
SELECT u.name, u.role, s.seen_at < clock_timestamp() - least($3::interval / 10, interval '1 minute') AS is_stale
FROM sessions s JOIN users u ON u.name = s.user_name
WHERE s.token_digest = $1 AND u.disabled_at IS NULL
  AND s.begun_at > clock_timestamp() - $2::interval
  AND s.seen_at > clock_timestamp() - $3::interval

-- name: go_on
-- Notes that a session was used now.
UPDATE sessions SET seen_at = clock_timestamp() WHERE token_digest = $1

-- name: end_session
-- Ends one session.
DELETE FROM sessions WHERE token_digest = $1

-- name: forget_sessions
-- Deletes the sessions that have ended by their age or because they were not used.
DELETE FROM sessions
WHERE begun_at <= clock_timestamp() - $1::interval OR seen_at <= clock_timestamp() - $2::interval

-- name: login_key
-- The key of the counters of log-in attempts, which all processes share; $1 becomes it where there is none yet.
INSERT INTO login_key AS k (key) VALUES ($1) ON CONFLICT (only_one) DO UPDATE SET key = k.key RETURNING key

-- name: admit
-- Counts a log-in attempt of an address ($1) and a name ($2) as failed, and returns no wait; where one of the two
-- has to wait still, it counts nothing and returns how long. Failures older than $3 count no more. Of each of the
-- two, the rest are the free attempts, the first wait, which doubles, and the longest.
-- Counters are locked in one order, so that two attempts never wait for each other in a ring.
WITH asked (kind, bucket, free, first, longest) AS (
    VALUES ('address', $1::integer, $4::integer, $5::interval, $6::interval),
           ('name', $2::integer, $7::integer, $8::interval, $9::interval)
), held AS (
    SELECT l.free_at FROM login_attempts l JOIN asked USING (kind, bucket) ORDER BY l.kind FOR UPDATE OF l
), counted AS (
    INSERT INTO login_attempts AS l (kind, bucket, failures, tried_at, free_at)
    SELECT kind, bucket, 1, clock_timestamp(), clock_timestamp() FROM asked
    WHERE NOT EXISTS (SELECT FROM held WHERE free_at > clock_timestamp()) ORDER BY kind
    ON CONFLICT (kind, bucket) DO UPDATE SET (failures, tried_at, free_at) = (
        SELECT n, clock_timestamp(), clock_timestamp() + CASE WHEN n < a.free THEN interval '0'
                                                              ELSE least(a.longest, a.first * 2 ^ least(n - a.free, 20)) END
        FROM asked a, LATERAL (
            SELECT 1 + CASE WHEN l.tried_at < clock_timestamp() - $3::interval THEN 0 ELSE l.failures END) AS so(n)
        WHERE a.kind = l.kind)
    WHERE l.free_at <= clock_timestamp()
    RETURNING 1
)
SELECT CASE WHEN count(*) = 2 THEN interval '0'
            ELSE greatest((SELECT max(free_at) FROM held) - clock_timestamp(), interval '1 second') END
FROM counted

-- name: forgive
-- Takes back the attempt that a log-in counted beforehand, and forgets the name's failures.
-- The address keeps its failures: a user with a password guesses those of others no faster.
UPDATE login_attempts
SET failures = CASE kind WHEN 'name' THEN 0 ELSE greatest(failures - 1, 0) END, free_at = clock_timestamp()
WHERE (kind, bucket) IN (('address', $1::integer), ('name', $2::integer))

-- name: forget_attempts
-- Deletes the counters of log-in attempts that do not matter any more.
DELETE FROM login_attempts
WHERE tried_at < clock_timestamp() - $1::interval AND free_at < clock_timestamp()

-- name: note
-- Writes what a person did to the audit.
INSERT INTO audit (actor, action, district_id, detail) VALUES ($1, $2, $3, $4)

-- name: audit
-- Audit entries older than entry $1, newest first.
SELECT id, at, actor, action, district_id, detail FROM audit
WHERE id < $1
ORDER BY id DESC LIMIT $2

-- name: audit_of_district
-- Audit entries of one district older than entry $1, newest first.
SELECT id, at, actor, action, district_id, detail FROM audit
WHERE district_id = $3 AND id < $1
ORDER BY id DESC LIMIT $2
