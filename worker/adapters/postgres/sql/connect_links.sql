-- Links that districts connect by.

-- name: links
SELECT token, district_id, created_at, created_by, expires_at, revoked_at, opened_at,
       revoked_at IS NULL AND expires_at > clock_timestamp() AS is_open
FROM connect_links WHERE district_id = $1 ORDER BY created_at DESC, token

-- name: add
INSERT INTO connect_links (token, district_id, created_at, created_by, expires_at)
VALUES ($1, $2, clock_timestamp(), $3, clock_timestamp() + $4::interval)
RETURNING token, district_id, created_at, created_by, expires_at, revoked_at, opened_at, true AS is_open

-- name: revoke
UPDATE connect_links SET revoked_at = clock_timestamp(), revoked_by = $2
WHERE district_id = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp()
RETURNING token

-- name: welcome
-- Notes the first opening only: whoever holds a link cannot make us write more than once.
WITH open AS (
    SELECT token, district_id, expires_at, opened_at FROM connect_links
    WHERE token = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp()
), noted AS (
    UPDATE connect_links k SET opened_at = clock_timestamp() FROM open
    WHERE k.token = open.token AND k.opened_at IS NULL
)
SELECT o.district_id, o.expires_at, l.state,
       coalesce(c.record ->> 'name', (SELECT s.record ->> 'name' FROM staged s WHERE s.district_id = o.district_id
           AND s.kind = 'district' AND s.record_id = o.district_id), l.name) AS called
FROM open o
JOIN lifecycles l ON l.district_id = o.district_id
LEFT JOIN connections c ON c.district_id = o.district_id
