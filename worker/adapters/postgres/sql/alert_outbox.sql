-- name: lease
-- Takes the alerts that nobody holds, by district, those with the oldest first.
WITH waiting AS (
    SELECT o.district_id, min(o.created_at) AS since FROM alert_outbox o
    LEFT JOIN alert_leases l ON l.district_id = o.district_id AND l.until > clock_timestamp()
    WHERE l.district_id IS NULL
    GROUP BY o.district_id ORDER BY since LIMIT $2
)
INSERT INTO alert_leases AS l (district_id, holder, until)
SELECT district_id, $1, clock_timestamp() + $3::interval FROM waiting ORDER BY district_id
ON CONFLICT (district_id) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
    WHERE l.until <= clock_timestamp()
RETURNING district_id

-- name: renew
UPDATE alert_leases SET until = clock_timestamp() + $3::interval
WHERE district_id = $1 AND holder = $2 AND until > clock_timestamp()
RETURNING true

-- name: release
DELETE FROM alert_leases WHERE district_id = ANY($1::text[]) AND holder = $2

-- name: first
SELECT district_id, position, routing_key, schema, message_key, sequence, 1 AS part, 1 AS parts, trace_parent,
       envelope, NULL AS changes
FROM alert_outbox WHERE district_id = $1 ORDER BY position LIMIT $2

-- name: published
-- Takes an alert out, if the lease on its district still holds.
WITH gone AS (
    DELETE FROM alert_outbox o
    WHERE o.district_id = $1 AND o.position = $2
      AND EXISTS (SELECT FROM alert_leases l WHERE l.district_id = $1 AND l.holder = $3)
    RETURNING 1
)
SELECT count(*) FROM gone

-- name: unpublished
SELECT count(*) FROM alert_outbox
