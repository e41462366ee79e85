-- name: free
DELETE FROM quarantine WHERE district_id = $1 AND body_digest = $2
RETURNING true

-- name: audit
INSERT INTO audit (actor, action, district_id, detail) VALUES ($1, $2, $3, $4)
