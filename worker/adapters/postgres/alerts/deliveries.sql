-- name: first_look
-- Gives a channel that was never seen the alerts of the last $2, and those of incidents that are not over.
WITH is_new AS (
    INSERT INTO alert_channels (channel, since) VALUES ($1, clock_timestamp() - $2::interval)
    ON CONFLICT (channel) DO NOTHING RETURNING since
)
INSERT INTO deliveries (channel, alert_id, dedup_key, status, starts_at, body, trace_parent, position)
SELECT $1, a.alert_id, a.dedup_key, a.status, a.starts_at, a.body, a.trace_parent, a.position
FROM is_new n CROSS JOIN incidents i
JOIN alerts a ON a.dedup_key = i.code || '/' || CASE WHEN i.district_id = '' THEN '-' ELSE i.district_id END
WHERE i.told IS NOT NULL AND a.created_at < n.since AND a.starts_at >= i.since - interval '1 ms'
ORDER BY a.position
ON CONFLICT DO NOTHING

-- name: take_over
-- Gives a channel the alerts that it does not have yet, in their order.
-- Not by a cursor: positions commit out of order; those of one incident do not, since its row is locked. A clock that
-- was put back hides no new one.
INSERT INTO deliveries (channel, alert_id, dedup_key, status, starts_at, body, trace_parent, position)
SELECT $1, a.alert_id, a.dedup_key, a.status, a.starts_at, a.body, a.trace_parent, a.position
FROM alerts a
WHERE a.created_at >= least((SELECT since FROM alert_channels WHERE channel = $1), clock_timestamp() - $3::interval)
  AND NOT EXISTS (SELECT FROM deliveries d WHERE d.channel = $1 AND d.position = a.position)
ORDER BY a.position LIMIT $2
ON CONFLICT DO NOTHING

-- name: take
-- Takes a channel's due alerts, longest due first, and of each incident only the first that is not delivered.
-- Those of a process that dies are due again after $3; one that another process holds is skipped.
WITH due AS (
    SELECT d.id FROM deliveries d
    WHERE d.channel = $1 AND d.delivered_at IS NULL AND d.dead_at IS NULL
      AND d.next_attempt_at <= clock_timestamp()
      AND d.id = (SELECT e.id FROM deliveries e WHERE e.waiting_for = $1 || ' ' || d.dedup_key
                  ORDER BY e.position, e.id LIMIT 1)
    ORDER BY d.next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE deliveries d SET attempts = attempts + 1, next_attempt_at = clock_timestamp() + $3::interval
FROM due WHERE d.id = due.id
RETURNING d.id, d.alert_id, d.body, d.attempts, clock_timestamp() - d.created_at AS age, d.trace_parent

-- name: delivered
-- Marks a delivery as done; returns nothing where it is done, dead or taken by another process.
UPDATE deliveries SET delivered_at = clock_timestamp(), refreshed_at = clock_timestamp(), problem = NULL
WHERE id = $1 AND attempts = $2 AND delivered_at IS NULL AND dead_at IS NULL
RETURNING true

-- name: failed
-- Puts an alert off, or gives it up where it is older than $4.
UPDATE deliveries SET
    problem = $3, next_attempt_at = clock_timestamp() + $5::interval,
    dead_at = CASE WHEN clock_timestamp() - created_at >= $4::interval THEN clock_timestamp() END
WHERE id = $1 AND attempts = $2 AND delivered_at IS NULL AND dead_at IS NULL
RETURNING dead_at IS NOT NULL

-- name: refresh
-- Takes the last alerts of incidents that are not over, which were not said again for $2.
UPDATE deliveries d SET refreshed_at = clock_timestamp()
FROM (
    SELECT l.id FROM incidents i
    CROSS JOIN LATERAL (
        SELECT id, status, delivered_at, refreshed_at FROM deliveries
        WHERE channel = $1
          AND dedup_key = i.code || '/' || CASE WHEN i.district_id = '' THEN '-' ELSE i.district_id END
        ORDER BY position DESC, id DESC LIMIT 1
    ) AS l
    WHERE i.told IS NOT NULL AND l.status <> 'resolved' AND l.delivered_at IS NOT NULL
      AND l.refreshed_at <= clock_timestamp() - $2::interval
    LIMIT $3
) AS due
WHERE d.id = due.id
RETURNING d.dedup_key, d.body

-- name: refreshed
-- The end of an incident that was delivered while its beginning was said again is delivered once more.
UPDATE deliveries SET delivered_at = NULL, next_attempt_at = clock_timestamp()
WHERE channel = $1 AND dedup_key = ANY($2::text[]) AND status = 'resolved' AND delivered_at >= $3

-- name: now
-- The database's time, to know which deliveries were done since.
SELECT clock_timestamp()

-- name: by_channel
-- How many alerts wait or are dead for each channel, since when, and one problem, for the status.
SELECT channel, count(*) FILTER (WHERE dead_at IS NULL) AS waiting, count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
       min(created_at) AS since, max(problem) AS problem
FROM deliveries WHERE delivered_at IS NULL AND discarded_at IS NULL GROUP BY channel ORDER BY channel

-- name: by_kind
-- How many alerts wait or are dead for each kind of channel, for the metrics.
SELECT regexp_replace(channel, '-[0-9a-f]+$', '') AS kind,
       count(*) FILTER (WHERE NOT is_dead) AS waiting, count(*) FILTER (WHERE is_dead) AS dead
FROM (SELECT channel, false AS is_dead FROM deliveries WHERE delivered_at IS NULL AND dead_at IS NULL
      UNION ALL SELECT channel, true FROM deliveries WHERE dead_at IS NOT NULL AND discarded_at IS NULL) AS d
GROUP BY 1

-- name: dead
-- The dead deliveries, with what went wrong, for the person who retries or discards them.
SELECT channel, alert_id, dedup_key, status, dead_at, attempts, problem FROM deliveries
WHERE dead_at IS NOT NULL AND discarded_at IS NULL ORDER BY id LIMIT $1

-- name: retry
-- Has dead deliveries tried again, except where a later alert of the incident was delivered, which they would undo.
UPDATE deliveries d SET dead_at = NULL, attempts = attempts + 1, next_attempt_at = clock_timestamp(), created_at = clock_timestamp()
WHERE d.dead_at IS NOT NULL AND d.discarded_at IS NULL AND ($1::text IS NULL OR d.channel = $1)
  AND NOT EXISTS (SELECT FROM deliveries e WHERE e.channel = d.channel AND e.dedup_key = d.dedup_key
                      AND (e.position, e.id) > (d.position, d.id) AND e.delivered_at IS NOT NULL)
RETURNING d.id

-- name: count_dead
-- How many dead deliveries are left, in all or for one channel.
SELECT count(*) FROM deliveries WHERE dead_at IS NOT NULL AND discarded_at IS NULL AND ($1::text IS NULL OR channel = $1)

-- name: discard
-- Discards the dead deliveries of a channel, or all that wait for it as well.
-- The rows stay for as long as their alerts do, which would be taken over again.
UPDATE deliveries SET dead_at = coalesce(dead_at, clock_timestamp()), discarded_at = clock_timestamp()
WHERE delivered_at IS NULL AND discarded_at IS NULL AND ($1::text IS NULL OR channel = $1)
  AND (dead_at IS NOT NULL OR $2)
RETURNING id

-- name: forget_settled
-- Deletes deliveries that were done or discarded long ago and whose alert and incident are gone; at most $2.
DELETE FROM deliveries WHERE ctid = ANY(ARRAY(
    SELECT d.ctid FROM deliveries d
    WHERE (d.delivered_at IS NOT NULL OR d.discarded_at IS NOT NULL)
      AND coalesce(d.delivered_at, d.discarded_at) < now() - $1::interval
      AND NOT EXISTS (SELECT FROM alerts a WHERE a.position = d.position)
      AND NOT EXISTS (SELECT FROM incidents i WHERE i.told IS NOT NULL AND d.dedup_key =
                          i.code || '/' || CASE WHEN i.district_id = '' THEN '-' ELSE i.district_id END)
    LIMIT $2 FOR UPDATE OF d SKIP LOCKED))

-- name: give_up
-- Marks as dead what no process delivers, since its channel is no longer among the settings; at most $2.
UPDATE deliveries SET dead_at = clock_timestamp(), problem = coalesce(problem, 'nobody delivers to this channel')
WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM deliveries
    WHERE delivered_at IS NULL AND dead_at IS NULL AND created_at < clock_timestamp() - $1::interval
    LIMIT $2 FOR UPDATE SKIP LOCKED))
