-- Links that districts connect by. Of a token its SHA-256 is kept.

-- name: links
-- Every connect link of the district, newest first, and whether each is still open; no tokens.
SELECT NULL::text AS token, district_id, created_at, created_by, expires_at, revoked_at, opened_at,
       revoked_at IS NULL AND expires_at > clock_timestamp() AS is_open
FROM connect_links WHERE district_id = $1 ORDER BY created_at DESC, digest

-- name: add
-- Makes a connect link for the district.
INSERT INTO connect_links (digest, district_id, created_at, created_by, expires_at)
VALUES (sha256(convert_to($1, 'UTF8')), $2, clock_timestamp(), $3, clock_timestamp() + $4::interval)
RETURNING $1::text AS token, district_id, created_at, created_by, expires_at, revoked_at, opened_at, true AS is_open

-- name: revoke
-- Revokes the district's open connect links; returns a row for each.
UPDATE connect_links SET revoked_at = clock_timestamp()
WHERE district_id = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp()
RETURNING true

-- name: welcome
-- The district behind an open connect link, for its page.
-- Only the first opening is noted, so that a link makes us write once.
WITH open AS (
    SELECT digest, district_id, expires_at, opened_at FROM connect_links
    WHERE digest = sha256(convert_to($1, 'UTF8')) AND revoked_at IS NULL AND expires_at > clock_timestamp()
), noted AS (
    UPDATE connect_links k SET opened_at = clock_timestamp() FROM open
    WHERE k.digest = open.digest AND k.opened_at IS NULL
)
SELECT o.district_id, o.expires_at, l.state, coalesce(v.name, l.name) AS called
FROM open o
JOIN onboarding l ON l.district_id = o.district_id
LEFT JOIN district_status v ON v.district_id = o.district_id
