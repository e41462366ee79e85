-- name: lease
-- Takes the alerts that no process holds, by district, those with the oldest first.
-- Goes from alert to alert in their order until there are enough districts. (The position is compared as an
-- expression, so that alerts that were published long ago are not read.)
WITH RECURSIVE looked AS (
    SELECT 0::bigint AS position, '{}'::text[] COLLATE "C" AS found
    UNION ALL
    SELECT a.position,
           CASE WHEN a.district_id = ANY(p.found) OR EXISTS (
                    SELECT FROM alert_leases l WHERE l.district_id = a.district_id AND l.until > clock_timestamp())
                THEN p.found ELSE p.found || a.district_id END
    FROM looked p CROSS JOIN LATERAL (
        SELECT position, district_id FROM alerts
        WHERE published_at IS NULL AND position + 0 > p.position
        ORDER BY position + 0 LIMIT 1) AS a
    WHERE cardinality(p.found) < $2
), waiting AS (
    SELECT unnest(found) AS district_id FROM (
        SELECT found FROM looked ORDER BY cardinality(found) DESC LIMIT 1) AS last
)
INSERT INTO alert_leases AS l (district_id, holder, until)
SELECT district_id, $1, clock_timestamp() + $3::interval FROM waiting ORDER BY district_id
ON CONFLICT (district_id) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
    WHERE l.until <= clock_timestamp()
RETURNING district_id

-- name: renew
-- Prolongs the lease on a district's alerts; returns nothing where it is lost.
UPDATE alert_leases SET until = clock_timestamp() + $3::interval
WHERE district_id = $1 AND holder = $2 AND until > clock_timestamp()
RETURNING true

-- name: release
-- Gives up the leases on the alerts of these districts.
DELETE FROM alert_leases WHERE district_id = ANY($1::text[]) AND holder = $2

-- name: first
-- The district's first alerts to publish, in the shape of messages of the outbox.
SELECT district_id, position, routing_key, 'rostering.alert/v1' AS schema, alert_id AS message_key, sequence,
       1 AS part, 1 AS parts, trace_parent, body AS envelope, NULL AS changes
FROM alerts WHERE district_id = $1 AND published_at IS NULL ORDER BY position LIMIT $2

-- name: published
-- Marks an alert, if the lease on its district still holds.
WITH marked AS (
    UPDATE alerts a SET published_at = clock_timestamp()
    WHERE a.district_id = $1 AND a.position = $2 AND a.published_at IS NULL
      AND EXISTS (SELECT FROM alert_leases l WHERE l.district_id = $1 AND l.holder = $3)
    RETURNING 1
)
SELECT count(*) FROM marked

-- name: unpublished
-- How many alerts are not yet published.
SELECT count(*) FROM alerts WHERE published_at IS NULL

-- name: add
-- Makes alerts that wait to be published.
-- Positions are given out while the incident is locked: the alerts of one have the order of their making.
INSERT INTO alerts (district_id, alert_id, dedup_key, status, starts_at, routing_key, sequence, trace_parent, body)
SELECT t.district_id, t.alert_id, t.dedup_key, t.status, t.starts_at, t.routing_key, t.sequence, t.trace_parent, t.body
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::bigint[], $8::text[],
            $9::text[]) WITH ORDINALITY
         AS t(district_id, alert_id, dedup_key, status, starts_at, routing_key, sequence, trace_parent, body, place)
ORDER BY t.place

-- name: forget
-- Deletes alerts that were published long ago, except those of incidents that are not over; at most $2.
-- A new channel gets the alerts of incidents that are not over.
DELETE FROM alerts WHERE ctid = ANY(ARRAY(SELECT a.ctid FROM alerts a WHERE a.created_at < now() - $1::interval
  AND a.published_at < now() - $1::interval
  AND NOT EXISTS (SELECT FROM incidents i WHERE i.told IS NOT NULL AND a.dedup_key =
                      i.code || '/' || CASE WHEN i.district_id = '' THEN '-' ELSE i.district_id END)
LIMIT $2 FOR UPDATE OF a SKIP LOCKED))
