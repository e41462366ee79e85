-- Links that open the console while there are no users, and the sessions that they were exchanged for.

-- name: add_link
-- Keeps a new link that opens the console once.
INSERT INTO local_keys (digest, kind) VALUES ($1, 'link')

-- name: exchange
-- Uses up a link and begins a session for it; returns nothing where the link is used or over.
WITH used AS (
    UPDATE local_keys SET used_at = clock_timestamp()
    WHERE digest = $1 AND kind = 'link' AND used_at IS NULL AND made_at > clock_timestamp() - $3::interval
    RETURNING 1
)
INSERT INTO local_keys (digest, kind) SELECT $2, 'session' FROM used
RETURNING true

-- name: is_session
-- Whether a session of a console without users is open.
SELECT EXISTS (SELECT FROM local_keys
    WHERE digest = $1 AND kind = 'session' AND made_at > clock_timestamp() - $2::interval)

-- name: forget
-- Deletes the links and sessions that are over.
DELETE FROM local_keys WHERE made_at <= clock_timestamp() - $1::interval
