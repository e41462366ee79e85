-- name: due_districts
-- Districts whose window a trigger closes now, longest due first, and whether time alone gives reason to evaluate any;
-- `closing_trigger` has the last word.
-- Each trigger has an index of what it closes next: where many windows are open or due, few are read. What comes of
-- each is what it closed first, and of all that, requests and then the oldest windows come first. (now() and not
-- clock_timestamp(), which an index cannot be asked for.)
SELECT ARRAY(
    SELECT district_id FROM (
        (SELECT district_id, requested, opened_at FROM ready_windows
         WHERE requested IS NOT NULL
         ORDER BY opened_at LIMIT $5)
        UNION ALL
        (SELECT district_id, requested, opened_at FROM ready_windows
         WHERE quiet_since <= now() - $2::interval AND last_event_at <= now() - $2::interval
         ORDER BY quiet_since, opened_at LIMIT $5)
        UNION ALL
        (SELECT district_id, requested, opened_at FROM ready_windows
         WHERE events_since <= now() - $3::interval
         ORDER BY events_since LIMIT $5)
        UNION ALL
        (SELECT district_id, requested, opened_at FROM ready_windows
         WHERE size_step >= rostering_size_step($1) AND events >= $1
         ORDER BY size_step DESC LIMIT $5)
        UNION ALL
        (SELECT district_id, requested, opened_at FROM ready_windows
         WHERE requested IS NULL AND deferred_since <= now() - $4::interval
         ORDER BY deferred_since LIMIT $5)
    ) AS due
    GROUP BY district_id, requested, opened_at
    ORDER BY (requested IS NULL), opened_at
    LIMIT $5) AS districts,
EXISTS (SELECT FROM districts WHERE reevaluate_at <= now()) AS is_any_due_by_time

-- name: wait_for_district
-- Locks the district once an evaluation of it that is under way has ended; nothing for an unknown district.
SELECT true FROM districts WHERE district_id = $1 FOR NO KEY UPDATE

-- name: lock_district
-- Locks the district for one evaluation; nothing comes back while another process has it.
-- What is read of it is another statement: it must see what whoever had it before has written.
SELECT true FROM districts WHERE district_id = $1 FOR NO KEY UPDATE SKIP LOCKED

-- name: lock_due_district
-- Locks the district like `lock_district`, and has each statement of the transaction planned once.
-- (See `PLAN_ONCE` of the connector, which is another round trip.)
SELECT set_config('plan_cache_mode', 'force_generic_plan', true)
FROM districts WHERE district_id = $1 FOR NO KEY UPDATE SKIP LOCKED

-- name: count_failure
-- Counts a failed evaluation, delays the next, and parks the district from the $4th failure on.
INSERT INTO evaluation_failures AS f (district_id, failures, not_before, error)
VALUES ($1, 1, clock_timestamp() + $3::interval, $2)
ON CONFLICT (district_id) DO UPDATE SET
    failures = f.failures + 1,
    not_before = clock_timestamp() + $3::interval * power(2, least(f.failures, 10)),
    parked_at = CASE WHEN f.failures + 1 >= $4 THEN clock_timestamp() END,
    error = EXCLUDED.error
RETURNING parked_at IS NOT NULL AS parked

-- name: put_off
-- Lets other districts come first for a while, without counting a failure.
INSERT INTO evaluation_failures AS f (district_id, failures, not_before, error)
VALUES ($1, 0, clock_timestamp() + $3::interval, $2)
ON CONFLICT (district_id) DO UPDATE SET
    not_before = greatest(f.not_before, EXCLUDED.not_before), error = EXCLUDED.error

-- name: stale_policies
-- Districts last evaluated by another policy than the one in force for them now.
SELECT d.district_id, d.policy_fingerprint, p.policy, l.time_zone
FROM districts d
LEFT JOIN onboarding l USING (district_id)
LEFT JOIN LATERAL (SELECT policy FROM policies p WHERE p.district_id = d.district_id
                       AND (p.until IS NULL OR p.until > clock_timestamp())
                   ORDER BY version DESC LIMIT 1) p ON true
WHERE d.policy_fingerprint IS NOT NULL
