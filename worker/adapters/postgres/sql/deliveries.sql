-- name: store
-- A row for each alert and channel; an alert that comes again adds nothing. One that comes from the queue after
-- a later one of its incident was delivered, since its consumer died with it, counts as delivered.
INSERT INTO deliveries (channel, alert_id, dedup_key, status, starts_at, body, trace_parent, delivered_at,
                        problem)
SELECT c.channel, a.alert_id, a.dedup_key, a.status, a.starts_at, a.body, a.trace_parent,
       CASE WHEN o.is_overtaken THEN clock_timestamp() END, CASE WHEN o.is_overtaken THEN 'overtaken' END
FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[]) WITH ORDINALITY
         AS a(alert_id, dedup_key, status, starts_at, body, trace_parent, place)
CROSS JOIN unnest($1::text[]) AS c(channel)
CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM deliveries e WHERE e.channel = c.channel AND e.dedup_key = a.dedup_key
        AND (e.starts_at > a.starts_at OR (e.starts_at = a.starts_at AND e.status = 'resolved'))
        AND e.alert_id <> a.alert_id AND e.delivered_at IS NOT NULL) AS is_overtaken) AS o
ORDER BY a.place
ON CONFLICT (channel, alert_id) DO NOTHING

-- name: take
-- Takes alerts that are due, those that have been for longest first, and of each incident only the first that is not delivered.
-- Whoever dies with them leaves them due again after $3; one that others hold is passed by.
WITH due AS (
    SELECT d.id FROM deliveries d
    WHERE d.channel = $1 AND d.delivered_at IS NULL AND d.dead_at IS NULL
      AND d.next_attempt_at <= clock_timestamp()
      AND d.id = (SELECT e.id FROM deliveries e WHERE e.waiting_for = $1 || ' ' || d.dedup_key
                  ORDER BY e.starts_at, e.rank, e.id LIMIT 1)
    ORDER BY d.next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE deliveries d SET attempts = attempts + 1, next_attempt_at = clock_timestamp() + $3::interval
FROM due WHERE d.id = due.id
RETURNING d.id, d.alert_id, d.body, d.attempts, clock_timestamp() - d.created_at AS age, d.trace_parent

-- name: delivered
-- What is earlier in its incident and came from the queue meanwhile is overtaken.
WITH done AS (
    UPDATE deliveries SET delivered_at = clock_timestamp(), refreshed_at = clock_timestamp(), problem = NULL
    WHERE id = $1 AND attempts = $2 AND delivered_at IS NULL AND dead_at IS NULL
    RETURNING channel, dedup_key, starts_at, rank
), overtaken AS (
    UPDATE deliveries e SET delivered_at = clock_timestamp(), problem = 'overtaken'
    FROM done d WHERE e.waiting_for = d.channel || ' ' || d.dedup_key AND e.id <> $1
        AND (e.starts_at, e.rank) < (d.starts_at, d.rank)
)
SELECT true FROM done

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
        ORDER BY starts_at DESC, rank DESC, id DESC LIMIT 1
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
SELECT clock_timestamp()

-- name: by_channel
SELECT channel, count(*) FILTER (WHERE dead_at IS NULL) AS waiting, count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
       min(created_at) AS since, max(problem) AS problem
FROM deliveries WHERE delivered_at IS NULL GROUP BY channel ORDER BY channel

-- name: by_kind
SELECT regexp_replace(channel, '-[0-9a-f]+$', '') AS kind,
       count(*) FILTER (WHERE dead_at IS NULL) AS waiting, count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead
FROM deliveries WHERE delivered_at IS NULL GROUP BY 1

-- name: dead
SELECT channel, alert_id, dedup_key, status, dead_at, attempts, problem FROM deliveries
WHERE dead_at IS NOT NULL ORDER BY id LIMIT $1

-- name: retry
-- Dead ones are tried anew; not those whose incident has had a later alert delivered, which they would undo.
UPDATE deliveries d SET dead_at = NULL, attempts = attempts + 1, next_attempt_at = clock_timestamp(), created_at = clock_timestamp()
WHERE d.dead_at IS NOT NULL AND ($1::text IS NULL OR d.channel = $1)
  AND NOT EXISTS (SELECT FROM deliveries e WHERE e.channel = d.channel AND e.dedup_key = d.dedup_key
                      AND (e.starts_at, e.rank, e.id) > (d.starts_at, d.rank, d.id) AND e.delivered_at IS NOT NULL)
RETURNING d.id

-- name: count_dead
SELECT count(*) FROM deliveries WHERE dead_at IS NOT NULL AND ($1::text IS NULL OR channel = $1)

-- name: discard
DELETE FROM deliveries
WHERE delivered_at IS NULL AND ($1::text IS NULL OR channel = $1) AND (dead_at IS NOT NULL OR $2)
RETURNING id

-- name: forget_delivered
DELETE FROM deliveries WHERE delivered_at < clock_timestamp() - $1::interval
  AND NOT EXISTS (SELECT FROM incidents i WHERE i.told IS NOT NULL AND deliveries.dedup_key =
                      i.code || '/' || CASE WHEN i.district_id = '' THEN '-' ELSE i.district_id END)

-- name: give_up
-- What nobody delivers any more, since its channel is no longer among the settings, is dead as well.
UPDATE deliveries SET dead_at = clock_timestamp(), problem = coalesce(problem, 'nobody delivers to this channel')
WHERE delivered_at IS NULL AND dead_at IS NULL AND created_at < clock_timestamp() - $1::interval
