-- name: districts_called
-- The districts that a text may mean: also those that are only connected, in onboarding, or have settings.
WITH known AS (
    SELECT district_id FROM districts
    UNION SELECT district_id FROM connections
    UNION SELECT district_id FROM onboarding
    UNION SELECT district_id FROM filters
    UNION SELECT district_id FROM policies
    UNION SELECT district_id FROM mails
), named AS (
    SELECT k.district_id, coalesce(v.name, l.name) AS name
    FROM known k
    LEFT JOIN district_status v ON v.district_id = k.district_id
    LEFT JOIN onboarding l ON l.district_id = k.district_id
)
SELECT district_id, name FROM named
WHERE district_id = $1 OR starts_with(lower(district_id), $2) OR lower(name) = lower($1)
ORDER BY district_id <> $1, district_id LIMIT 20

-- name: district
-- One district with everything that was decided on it.
SELECT d.district_id, coalesce(v.name, o.name) AS name, v.record, v.status, d.baseline_at, d.lacking_fields,
       c.district_id IS NOT NULL AS is_connected, c.connected_at, c.disconnected_at, c.cursor, c.cursor_at,
       c.due_at, c.problem, c.failures AS turns_failed, c.resync,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('code', i.code, 'since', i.since, 'summary', i.summary) ORDER BY i.since), '[]')
        FROM incidents i WHERE i.district_id = d.district_id AND i.told IS NOT NULL) AS incidents,
       (SELECT to_jsonb(b) FROM (SELECT records, started_at, read_at, ready_at FROM baselines b
            WHERE b.district_id = d.district_id) AS b) AS baseline,
       d.counts, d.candidate_digest, d.error_digest,
       d.committed_digest, d.committed_counts, d.commit_sequence, d.review_sequence, d.last_commit_id,
       d.standing_since, d.filter_version, f.failures, f.error,
       h.held_at, h.actor AS held_by, h.reason AS held_why,
       (SELECT count(*) FROM quarantine q WHERE q.district_id = d.district_id) AS quarantined,
       (SELECT count(*) FROM outbox o WHERE o.district_id = d.district_id) AS unpublished
FROM districts d
JOIN district_status v ON v.district_id = d.district_id
LEFT JOIN connections c ON c.district_id = d.district_id
LEFT JOIN evaluation_failures f ON f.district_id = d.district_id
LEFT JOIN holds h ON h.district_id = d.district_id
LEFT JOIN onboarding o ON o.district_id = d.district_id
WHERE d.district_id = $1

-- name: school_names
-- The names of these schools, null for one without a name.
SELECT i.id AS record_id, s.name
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record ->> 'name' AS name FROM staged
    WHERE district_id = $1 AND kind = 'school' AND record_id = i.id OFFSET 0) AS s

-- name: window
-- The district's open window, if there is one.
SELECT opened_at, last_event_at, events, requested, deferred_since FROM windows WHERE district_id = $1

-- name: last_decision
-- The district's last decision, and when it was published.
SELECT decision_id, outcome, sequence, decided_at, published_at FROM decisions
WHERE district_id = $1 ORDER BY number DESC LIMIT 1

-- name: last_review
-- The summary of the district's last review.
SELECT summary FROM decisions WHERE district_id = $1 AND outcome = 'review' ORDER BY sequence DESC LIMIT 1

-- name: last_search
-- What the last search that a person made found for the district, and when.
SELECT made_at, suggestions FROM searches WHERE district_id = $1

-- name: keep_search
-- Keeps what a search found for the district, in the place of what one found before.
INSERT INTO searches (district_id, made_at, suggestions)
SELECT district_id, now(), $2 FROM districts WHERE district_id = $1
ON CONFLICT (district_id) DO UPDATE SET made_at = EXCLUDED.made_at, suggestions = EXCLUDED.suggestions

-- name: last_batch
-- The district's last batch, with its trigger and outcome.
SELECT batch_id, trigger, events, opened_at, closed_at, outcome FROM batches
WHERE district_id = $1 ORDER BY number DESC LIMIT 1

-- name: filter
-- The district's section filter in force, with who set it, when and why.
SELECT version, filter, actor, set_at, reason FROM filters
WHERE district_id = $1 ORDER BY version DESC LIMIT 1

-- name: filters
-- Every section filter that the district has had, oldest first.
SELECT version, filter, actor, set_at, reason FROM filters WHERE district_id = $1 ORDER BY version

-- name: lock_settings
-- Lets one change of a district's filter or policy happen at a time, so that its versions have no gap.
SELECT pg_advisory_xact_lock(hashtextextended('rostering.settings.' || $1, 0))

-- name: add_filter
-- Sets the district's next section filter; returns its version.
INSERT INTO filters (district_id, version, filter, actor, reason, confirmed)
SELECT $1, coalesce(max(version), 0) + 1, $2::jsonb, $3, $4, $5::jsonb FROM filters WHERE district_id = $1
RETURNING version

-- name: policy
-- The district's own policy in force, if it has one.
-- The highest version that has not ended.
SELECT version, policy, actor, set_at, until, reason FROM policies
WHERE district_id = $1 AND (until IS NULL OR until > clock_timestamp())
ORDER BY version DESC LIMIT 1

-- name: policies
-- Every policy that the district has had, oldest first.
SELECT version, policy, actor, set_at, until, reason FROM policies WHERE district_id = $1 ORDER BY version

-- name: is_to_come
-- Whether a time is in the future by the database's clock.
SELECT $1::timestamptz > clock_timestamp()

-- name: add_policy
-- Sets the district's next policy; returns its version.
INSERT INTO policies (district_id, version, policy, actor, reason, until)
SELECT $1, coalesce(max(version), 0) + 1, $2::jsonb, $3, $4, $5 FROM policies WHERE district_id = $1
RETURNING version

-- name: is_known
-- Whether anything was ever received of the district.
SELECT EXISTS (SELECT FROM districts WHERE district_id = $1)

-- name: unpark
-- Forgets the district's failed evaluations, so that a parked one is evaluated again.
DELETE FROM evaluation_failures WHERE district_id = $1

-- name: statuses
-- How many districts have each status, for the metrics.
-- As they are counted, but for the few that people see another status of.
WITH odd AS (
    SELECT d.status AS counted, v.status AS seen
    FROM (SELECT district_id FROM districts WHERE purged_at IS NOT NULL
          UNION SELECT district_id FROM connections WHERE disconnected_at IS NOT NULL
          UNION SELECT district_id FROM evaluation_failures WHERE parked_at IS NOT NULL
          UNION SELECT district_id FROM holds) AS o
    CROSS JOIN LATERAL (SELECT status FROM districts d WHERE d.district_id = o.district_id OFFSET 0) AS d
    CROSS JOIN LATERAL (SELECT status FROM district_status v WHERE v.district_id = o.district_id OFFSET 0) AS v
)
SELECT status, sum(change)::bigint AS districts
FROM (SELECT value AS status, change FROM counts WHERE what = 'status'
      UNION ALL SELECT counted, -1 FROM odd
      UNION ALL SELECT seen, 1 FROM odd) AS c
GROUP BY status HAVING sum(change) <> 0

-- name: has_worker
-- Whether a process of that name is connected to this database.
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE $1)

-- name: ping
-- Asks whether the database answers.
SELECT 1

-- name: forget_old_events
-- Deletes ids of events that no feed can bring again, the oldest first, at most $3 of them; returns how far it got.
-- (Clever keeps events for 30 days. From $2 on: what is deleted is not passed again.)
WITH gone AS (
    DELETE FROM evaluated_events WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM evaluated_events WHERE received_at >= $2 AND received_at < now() - $1::interval
        ORDER BY received_at LIMIT $3))
    RETURNING received_at
)
SELECT count(*) AS rows, max(received_at) AS reached FROM gone
