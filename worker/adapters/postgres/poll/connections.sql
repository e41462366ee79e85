-- name: claim_listing
-- Claims the next reading of the list of connected districts; returns nothing while none is due.
INSERT INTO token_listing AS l (listed_at) VALUES (clock_timestamp())
ON CONFLICT (only_one) DO UPDATE SET listed_at = EXCLUDED.listed_at
    WHERE l.listed_at <= clock_timestamp() - $1::interval
RETURNING true

-- name: unclaim_listing
-- Makes the list of connected districts due again, since it could not be read.
UPDATE token_listing SET listed_at = 'epoch'

-- name: changed
-- Of the districts in the list those that are new, were missing or disconnected, or have another token.
SELECT t.district_id
FROM unnest($1::text[], $2::bytea[]) AS t(district_id, digest)
LEFT JOIN connections c ON c.district_id = t.district_id
WHERE c.district_id IS NULL OR c.token_digest IS DISTINCT FROM t.digest
   OR c.missing_since IS NOT NULL OR c.disconnected_at IS NOT NULL

-- name: listed
-- Keeps the tokens of connected districts; says which are new, and which were disconnected before.
WITH told AS (
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS t(district_id, token, digest)
), before AS (
    SELECT t.district_id, c.district_id IS NULL AS is_new, c.disconnected_at IS NOT NULL AS is_back
    FROM told t LEFT JOIN connections c USING (district_id)
), kept AS (
    INSERT INTO connections AS c (district_id, token, token_digest)
    SELECT district_id, token, digest FROM told ORDER BY district_id
    ON CONFLICT (district_id) DO UPDATE SET
        token = EXCLUDED.token, token_digest = EXCLUDED.token_digest, missing_since = NULL, disconnected_at = NULL,
        connected_at = CASE WHEN c.disconnected_at IS NULL THEN c.connected_at ELSE now() END,
        resync = CASE WHEN c.disconnected_at IS NULL THEN c.resync ELSE 'it was disconnected' END,
        due_at = CASE WHEN c.disconnected_at IS NULL THEN c.due_at ELSE clock_timestamp() END,
        active_at = CASE WHEN c.disconnected_at IS NULL THEN c.active_at ELSE clock_timestamp() END,
        awaited_at = CASE WHEN c.disconnected_at IS NULL THEN c.awaited_at END
), known AS (
    INSERT INTO districts (district_id) SELECT district_id FROM before WHERE is_new ORDER BY district_id
    ON CONFLICT DO NOTHING
)
SELECT district_id, is_new, is_back FROM before WHERE is_new OR is_back

-- name: missing
-- Marks those that the list no longer has; gives back those that were marked before.
WITH gone AS (
    SELECT district_id, missing_since FROM connections
    WHERE disconnected_at IS NULL AND district_id <> ALL($1::text[]) FOR UPDATE
), marked AS (
    UPDATE connections c SET missing_since = clock_timestamp() FROM gone g
    WHERE c.district_id = g.district_id AND g.missing_since IS NULL
)
SELECT district_id FROM gone WHERE missing_since IS NOT NULL

-- name: disconnect
-- Stops the reading of a district whose token is gone; returns nothing where it was stopped before.
UPDATE connections SET disconnected_at = clock_timestamp(), token = NULL, token_digest = NULL, problem = NULL, failures = 0,
    failing_since = NULL
WHERE district_id = $1 AND disconnected_at IS NULL
RETURNING true

-- name: due
-- The connected districts whose turn is due, longest due first, without those that this process reads.
-- (now() and not clock_timestamp(), which an index cannot be asked for: all that are not due would be read.)
SELECT district_id FROM connections
WHERE disconnected_at IS NULL AND due_at <= now() AND district_id <> ALL($1::text[])
ORDER BY due_at LIMIT $2

-- name: lock
-- Tries to lock the district's feed for this session; says whether it got it.
SELECT pg_try_advisory_lock(hashtextextended('rostering.feed.' || $1, 0))

-- name: unlock
-- Gives the lock on the district's feed back.
SELECT pg_advisory_unlock(hashtextextended('rostering.feed.' || $1, 0))

-- name: read
-- What a turn needs to know of a connected district: token, cursor, floor, failures, wanted baseline.
SELECT c.district_id, c.token, clock_timestamp() AS now, c.cursor, c.overlap, c.settled, c.unsettled,
       c.cursor_at, c.baseline_after, c.active_at, coalesce(d.floor, '') AS floor, d.baseline_at, c.resync, c.failures, c.record, c.due_at <= clock_timestamp() AS is_due
FROM connections c LEFT JOIN districts d USING (district_id)
WHERE c.district_id = $1 AND c.disconnected_at IS NULL

-- name: again
-- Sets the district's next turn, and counts a failure where the turn ended with a problem.
-- The feed is awaited by the first turn after the one that read it to its end.
UPDATE connections SET due_at = clock_timestamp() + $2::interval, problem = $3,
    awaited_at = CASE WHEN cursor_at IS NOT NULL THEN least(awaited_at, clock_timestamp() + $2::interval) END,
    failures = CASE WHEN $3::text IS NULL THEN 0 ELSE failures + 1 END,
    failing_since = CASE WHEN $3::text IS NULL THEN NULL ELSE coalesce(failing_since, clock_timestamp()) END
WHERE district_id = $1

-- name: put_off
-- Moves the district's next turn, without counting a failure.
UPDATE connections SET due_at = clock_timestamp() + $2::interval WHERE district_id = $1

-- name: save_token
-- Keeps a connected district's new token, sealed.
UPDATE connections SET token = $2, token_digest = $3 WHERE district_id = $1 AND disconnected_at IS NULL

-- name: save_record
-- Keeps Clever's record of the district and its sync, where it changed.
UPDATE connections SET record = $2 WHERE district_id = $1 AND record IS DISTINCT FROM $2

-- name: unheard
-- Which events are neither in the inbox, nor among the evaluated, nor in quarantine; in the order given.
SELECT (SELECT true FROM evaluated_events x WHERE x.district_id = $1 AND x.event_id = e.id) IS NULL
       AND (SELECT true FROM inbox i WHERE i.district_id = $1 AND i.event_id = e.id) IS NULL
       AND (SELECT true FROM quarantine q WHERE q.district_id = $1 AND q.body_digest = e.digest) IS NULL
       AS is_new
FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS e(id, digest, place)
ORDER BY e.place

-- name: advance
-- Moves the district's cursor over the events that were read; returns nothing if another reader moved it.
UPDATE connections SET cursor = $3, unsettled = unsettled + $4, overlap = $5,
    active_at = CASE WHEN $4 > 0 THEN clock_timestamp() ELSE active_at END
WHERE district_id = $1 AND cursor = $2
RETURNING true

-- name: settle
-- Notes that the feed was read to its end, and that ingest knows of it.
UPDATE connections SET settled = $2, unsettled = 0, cursor_at = clock_timestamp(), awaited_at = NULL
WHERE district_id = $1 AND cursor = $2

-- name: demand_resync
-- Asks for a baseline of the district at once, and forgets the cursor where $3 says so.
UPDATE connections SET resync = $2, due_at = clock_timestamp(), active_at = clock_timestamp(), baseline_after = clock_timestamp(),
    cursor = CASE WHEN $3 THEN NULL ELSE cursor END
WHERE district_id = $1
