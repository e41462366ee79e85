-- name: is_due
-- Whether an inspection is due.
SELECT EXISTS (SELECT FROM inspections WHERE inspected_at <= clock_timestamp() - $1::interval)

-- name: observed
-- Everything that is wrong or may be wrong with any district, at one moment, for an inspection.
-- Of the syncs these are the ones that may be worth a word: `sync_state` of the domain reads their dates, which may
-- be anything. Each part has an index of what may be wrong: of districts that are well, none is read.
SELECT 'sync' AS what, c.district_id, 0::bigint AS number, c.record
FROM connections c
WHERE $1 AND c.disconnected_at IS NULL
  AND (c.record ->> 'state' IN ('paused', 'pending', 'error') OR c.record ->> 'pause_start' IS NOT NULL)
UNION ALL
SELECT 'sync', c.district_id, 0, c.record
FROM connections c
WHERE $1 AND c.disconnected_at IS NULL
  AND (c.record ->> 'last_sync') COLLATE "C"
      < to_char(now() AT TIME ZONE 'UTC' - $2::interval + interval '1 day', 'YYYY-MM-DD') COLLATE "C"
UNION ALL
SELECT 'failing', c.district_id, c.failures, NULL
FROM connections c
WHERE $1 AND c.disconnected_at IS NULL AND c.failing_since <= now() - $3::interval
UNION ALL
SELECT 'unread', c.district_id, 0, NULL
FROM (SELECT district_id FROM connections
      WHERE disconnected_at IS NULL AND failing_since IS NULL AND due_at <= now() - $3::interval
      UNION SELECT district_id FROM connections
      WHERE disconnected_at IS NULL AND failing_since IS NULL AND awaited_at <= now() - $3::interval) AS c
CROSS JOIN LATERAL (
    SELECT v.unread_since FROM district_status v WHERE v.district_id = c.district_id OFFSET 0) AS v
WHERE $1 AND v.unread_since <= now() - $3::interval
UNION ALL
SELECT 'parked', f.district_id, f.failures, NULL FROM evaluation_failures f WHERE f.parked_at IS NOT NULL
UNION ALL
SELECT 'overdue', w.district_id, w.events, NULL
FROM (
    SELECT district_id FROM windows WHERE requested IS NOT NULL AND opened_at <= now() - $7::interval
    UNION SELECT district_id FROM windows WHERE quiet_since <= now() - $7::interval - $4::interval
    UNION SELECT district_id FROM windows WHERE events_since <= now() - $7::interval - $5::interval
    UNION SELECT district_id FROM windows
          WHERE requested IS NULL AND deferred_since <= now() - $7::interval - $6::interval
) AS old
CROSS JOIN LATERAL (
    SELECT w.* FROM windows w WHERE w.district_id = old.district_id
      AND least(w.last_event_at + $4::interval, w.deferred_since + $6::interval,
                CASE WHEN w.events > 0 THEN w.opened_at + $5::interval END) <= now() - $7::interval OFFSET 0) AS w
WHERE (SELECT f.parked_at FROM evaluation_failures f WHERE f.district_id = w.district_id) IS NULL
UNION ALL
SELECT 'unpublished', o.district_id, count(*), NULL
FROM outbox o WHERE o.created_at <= now() - $8::interval GROUP BY o.district_id
UNION ALL
SELECT 'unattributed', '', count(*), NULL FROM quarantine q WHERE q.district_id = ''
UNION ALL
SELECT 'held', l.district_id, 0, to_jsonb(l.troubles) FROM onboarding l WHERE l.held_since IS NOT NULL
UNION ALL
-- Of no district: the stage stands in its place.
SELECT 'stage', f.stage, count(*), to_jsonb(min(f.problem)) FROM stage_failures f
WHERE f.since <= now() - $9::interval AND f.seen_at > now() - interval '1 minute' GROUP BY f.stage

-- name: figures
-- What the metrics show of all districts together. Windows are found as in `due_districts`.
SELECT (SELECT coalesce(extract(epoch FROM clock_timestamp() - least(
            (SELECT min(created_at) FROM outbox),
            (SELECT min(created_at) FROM (SELECT created_at FROM alerts WHERE published_at IS NULL OFFSET 0) AS a))), 0)
       )::float8 AS outbox_oldest_seconds,
       count(d.district_id) AS windows_due,
       greatest(extract(epoch FROM clock_timestamp() - min(d.since)), 0)::float8 AS window_overdue_seconds
FROM (SELECT w.district_id,
             CASE WHEN w.requested IS NOT NULL OR w.events >= $4
                  THEN least(w.last_event_at + $1::interval, clock_timestamp())
                  ELSE least(w.last_event_at + $1::interval, w.deferred_since + $3::interval,
                             CASE WHEN w.events > 0 THEN w.opened_at + $2::interval END) END AS since
      FROM (SELECT district_id FROM windows WHERE requested IS NOT NULL
            UNION SELECT district_id FROM windows WHERE quiet_since <= now() - $1::interval
            UNION SELECT district_id FROM windows WHERE events_since <= now() - $2::interval
            UNION SELECT district_id FROM windows WHERE size_step >= rostering_size_step($4) AND events >= $4
            UNION SELECT district_id FROM windows WHERE requested IS NULL AND deferred_since <= now() - $3::interval
           ) AS due
      CROSS JOIN LATERAL (SELECT * FROM windows w WHERE w.district_id = due.district_id OFFSET 0) AS w
      WHERE (SELECT f.parked_at FROM evaluation_failures f WHERE f.district_id = w.district_id) IS NULL) AS d
WHERE d.since <= clock_timestamp()

-- name: sum_up
-- Sums the changes of counts up, where there are many. Those that another transaction adds meanwhile stay.
WITH gone AS (
    DELETE FROM counts
    WHERE (SELECT count(*) FROM (SELECT FROM counts LIMIT $1) AS c) >= $1
      AND ctid = ANY(ARRAY(SELECT ctid FROM counts LIMIT 10000 FOR UPDATE SKIP LOCKED))
    RETURNING what, value, change
)
INSERT INTO counts SELECT what, value, sum(change) FROM gone GROUP BY what, value HAVING sum(change) <> 0
