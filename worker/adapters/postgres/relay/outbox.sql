-- name: lease
-- Takes the outboxes that no process holds, those with the oldest message first.
-- Goes by age from one decision to the next, and looks at one message of each, until there are enough districts.
WITH RECURSIVE looked AS (
    SELECT '-infinity'::timestamptz AS created_at, '' COLLATE "C" AS district_id, '{}'::text[] COLLATE "C" AS found
    UNION ALL
    SELECT o.created_at, o.district_id,
           CASE WHEN o.district_id = ANY(p.found) OR EXISTS (
                    SELECT FROM relay_leases l WHERE l.district_id = o.district_id AND l.until > clock_timestamp())
                THEN p.found ELSE p.found || o.district_id END
    FROM looked p CROSS JOIN LATERAL (
        SELECT created_at, district_id FROM outbox
        WHERE (created_at, district_id) > (p.created_at, p.district_id)
        ORDER BY created_at, district_id LIMIT 1) AS o
    WHERE cardinality(p.found) < $2
), waiting AS (
    SELECT unnest(found) AS district_id FROM (
        SELECT found FROM looked ORDER BY cardinality(found) DESC LIMIT 1) AS last
)
INSERT INTO relay_leases AS l (district_id, holder, until)
SELECT district_id, $1, clock_timestamp() + $3::interval FROM waiting ORDER BY district_id
ON CONFLICT (district_id) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
    WHERE l.until <= clock_timestamp()
RETURNING district_id

-- name: renew
-- Prolongs the lease on a district's outbox; returns nothing where it is lost.
UPDATE relay_leases SET until = clock_timestamp() + $3::interval
WHERE district_id = $1 AND holder = $2 AND until > clock_timestamp()
RETURNING district_id

-- name: release
-- Gives up the leases on the outboxes of these districts.
DELETE FROM relay_leases WHERE district_id = ANY($1::text[]) AND holder = $2

-- name: first
-- The first messages of a district's outbox.
SELECT district_id, position, routing_key, schema, message_key, sequence, part, parts, trace_parent,
       envelope, changes
FROM outbox WHERE district_id = $1 ORDER BY position LIMIT $2

-- name: published
-- Takes a message out, if the lease on its district still holds, and says so on its decision with the last.
WITH gone AS (
    DELETE FROM outbox o
    WHERE o.district_id = $1 AND o.position = $2
      AND EXISTS (SELECT FROM relay_leases l WHERE l.district_id = $1 AND l.holder = $3)
    RETURNING o.decision_number, o.part, o.parts
), said AS (
    UPDATE decisions d SET published_at = clock_timestamp() FROM gone g
    WHERE d.district_id = $1 AND d.number = g.decision_number AND g.part = g.parts
)
SELECT count(*) FROM gone

-- name: unpublished
-- How many messages of all districts are not yet published.
SELECT count(*) FROM outbox
