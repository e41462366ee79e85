-- name: is_due
-- Whether an inspection is due.
SELECT EXISTS (SELECT FROM inspections WHERE inspected_at <= clock_timestamp() - $1::interval)

-- name: observed
-- Everything that is wrong or may be wrong with any district, at one moment, for an inspection.
-- Of the syncs these are the ones that may be worth a word: `sync_state` of the domain reads their dates, which may
-- be anything.
SELECT 'sync' AS what, c.district_id, 0::bigint AS number, c.record
FROM connections c
WHERE $1 AND c.disconnected_at IS NULL
  AND (c.record ->> 'state' IN ('paused', 'pending', 'error') OR c.record ->> 'pause_start' IS NOT NULL
       OR c.record ->> 'last_sync' < to_char(now() AT TIME ZONE 'UTC' - $2::interval + interval '1 day', 'YYYY-MM-DD'))
UNION ALL
SELECT 'failing', c.district_id, c.failures, NULL
FROM connections c
WHERE $1 AND c.disconnected_at IS NULL AND c.failing_since <= now() - $3::interval
UNION ALL
SELECT 'unread', v.district_id, 0, NULL FROM district_status v WHERE $1 AND v.unread_since <= now() - $3::interval
UNION ALL
SELECT 'parked', f.district_id, f.failures, NULL FROM evaluation_failures f WHERE f.parked_at IS NOT NULL
UNION ALL
SELECT 'overdue', w.district_id, w.events, NULL
FROM windows w LEFT JOIN evaluation_failures f USING (district_id)
WHERE f.parked_at IS NULL
  AND least(w.last_event_at + $4::interval, w.deferred_since + $6::interval,
            CASE WHEN w.events > 0 THEN w.opened_at + $5::interval END) <= now() - $7::interval
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
-- What the metrics show of all districts together.
SELECT (SELECT coalesce(extract(epoch FROM clock_timestamp() - least(
            (SELECT min(created_at) FROM outbox), (SELECT min(created_at) FROM alerts WHERE published_at IS NULL))), 0)
       )::float8 AS outbox_oldest_seconds,
       count(d.district_id) AS windows_due,
       greatest(extract(epoch FROM clock_timestamp() - min(d.since)), 0)::float8 AS window_overdue_seconds
FROM (SELECT w.district_id,
             CASE WHEN w.requested IS NOT NULL OR w.events >= $4
                  THEN least(w.last_event_at + $1::interval, clock_timestamp())
                  ELSE least(w.last_event_at + $1::interval, w.deferred_since + $3::interval,
                             CASE WHEN w.events > 0 THEN w.opened_at + $2::interval END) END AS since
      FROM windows w LEFT JOIN evaluation_failures f USING (district_id)
      WHERE f.parked_at IS NULL) AS d
WHERE d.since <= clock_timestamp()
