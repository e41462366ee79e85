-- Where districts are in onboarding, from chosen to live.

-- name: records
-- The districts in onboarding with all that is known of each: all, or these.
SELECT l.*, clock_timestamp() AS now, coalesce(v.name, l.name) AS called, d.standing_since AS review_since
FROM onboarding l
LEFT JOIN districts d ON d.district_id = l.district_id
LEFT JOIN district_status v ON v.district_id = l.district_id
WHERE $1::text[] IS NULL OR l.district_id = ANY($1)
ORDER BY l.district_id

-- name: history
-- Every move that the district has made in onboarding, oldest first.
SELECT district_id, from_state, move, to_state, at, actor, detail FROM onboarding_history
WHERE district_id = $1 ORDER BY id

-- name: by_state
-- How many districts are in each state of onboarding, for the metrics.
SELECT value AS state, sum(change)::bigint AS districts FROM counts WHERE what = 'state' GROUP BY value HAVING sum(change) > 0

-- name: find
-- Puts connected districts in onboarding, except those that a person removed from it; of these, or of all.
INSERT INTO onboarding (district_id, state, since)
SELECT v.district_id, 'connected', clock_timestamp()
FROM district_status v
WHERE v.is_connected AND ($1::text[] IS NULL OR v.district_id = ANY($1))
  AND NOT EXISTS (SELECT FROM onboarding l WHERE l.district_id = v.district_id)
  AND NOT EXISTS (SELECT FROM onboarding_drops x WHERE x.district_id = v.district_id)
ORDER BY v.district_id
ON CONFLICT (district_id) DO NOTHING
RETURNING district_id, since

-- name: judge
-- Counts what is shared in districts whose state depends on it and that were evaluated since the last count; of these
-- ($2), or of all.
WITH due AS MATERIALIZED (
    SELECT l.district_id, d.batch_number
    FROM onboarding l JOIN districts d ON d.district_id = l.district_id
    WHERE l.state IN ('connected', 'sharing_requested') AND d.status <> 'rostered'
      AND d.batch_number > 0 AND d.batch_number IS DISTINCT FROM l.judged_batch
      AND ($2::text[] IS NULL OR l.district_id = ANY($2))
    ORDER BY l.district_id LIMIT $1 FOR UPDATE OF l SKIP LOCKED
)
UPDATE onboarding l SET sections = s.sections, students = r.students, unsectioned = r.unsectioned,
    judged_batch = due.batch_number
FROM due
CROSS JOIN LATERAL (SELECT count(*) AS sections FROM staged
    WHERE district_id = due.district_id AND kind = 'section' AND record IS NOT NULL) AS s
CROSS JOIN LATERAL (
    SELECT count(*) AS students, count(*) FILTER (WHERE (
        SELECT true FROM enrollments e
        WHERE e.district_id = due.district_id AND e.student_id = r.record_id) IS NULL) AS unsectioned
    FROM roster r WHERE r.district_id = due.district_id AND r.kind = 'student' AND r.candidate IS NOT NULL) AS r
WHERE l.district_id = due.district_id
RETURNING l.district_id

-- name: candidates
-- Locks districts that may move, or whose launch is delayed; those that another process has are skipped.
-- The domain has the last word on each. $1: percent of students in no section. $2: the time zone of those without
-- one of their own; $3: all zones, each with its day ($4), the last day whose launch has come ($5), and the last
-- opening of such a one ($6). $8 of them behind $7, so that a transaction has an end on a day when all districts are
-- launched; of these ($9), or of all.
SELECT l.district_id
FROM onboarding l
JOIN unnest($3::text[], $4::date[], $5::date[], $6::date[]) AS z(zone, today, due_on, last_opening)
    ON z.zone = coalesce(l.time_zone, $2)
LEFT JOIN connections c ON c.district_id = l.district_id
LEFT JOIN districts d ON d.district_id = l.district_id
WHERE l.district_id > $7 AND ($9::text[] IS NULL OR l.district_id = ANY($9)) AND CASE
    WHEN l.state IN ('chosen', 'invited', 'disconnected')
        THEN l.held_since IS NOT NULL
            OR (l.returns_to = 'launch_scheduled' AND coalesce(l.launch_on <= z.due_on, l.opens_on <= z.last_opening))
            OR CASE WHEN c.district_id IS NULL THEN d.purged_at IS NULL AND d.district_id IS NOT NULL
                    ELSE c.disconnected_at IS NULL END
    WHEN CASE WHEN c.district_id IS NULL THEN d.purged_at IS NOT NULL OR d.district_id IS NULL
              ELSE c.disconnected_at IS NOT NULL END
        THEN true
    WHEN l.state IN ('connected', 'sharing_requested', 'all_sections_shared', 'filtering', 'waiting_on_district')
        THEN (d.status = 'rostered' AND d.purged_at IS NULL
              AND d.commit_sequence > CASE l.state WHEN 'waiting_on_district' THEN l.commits_before ELSE 0 END)
            OR (l.state = 'all_sections_shared' AND d.filter_version > 0)
            OR (l.state IN ('connected', 'sharing_requested') AND l.sections > 0 AND l.students > 0
                AND l.unsectioned <= l.students * $1::float8 / 100)
    WHEN l.state = 'rostered' THEN l.opens_on IS NOT NULL
    WHEN l.state = 'launch_scheduled'
        THEN l.opens_on IS NULL OR l.held_since IS NOT NULL OR coalesce(l.launch_on <= z.due_on, l.opens_on <= z.last_opening)
    ELSE coalesce(l.launch_on > z.due_on, l.opens_on > z.last_opening)
        OR (l.state = 'ready' AND (l.opens_on IS NULL OR l.opens_on <= z.today))
END
ORDER BY l.district_id LIMIT $8
FOR UPDATE OF l SKIP LOCKED

-- name: keep_undecided
-- Keeps evaluations off these districts until the transaction ends; returns those that one has already.
-- What is seen of the others stays so; a launch must not slip in while it reaches its verdict.
WITH free AS (
    SELECT district_id FROM districts WHERE district_id = ANY($1::text[]) FOR SHARE SKIP LOCKED
)
SELECT ARRAY(SELECT district_id FROM districts WHERE district_id = ANY($1::text[])
             EXCEPT SELECT district_id FROM free)

-- name: facts
-- What is seen of districts now; $2: whether they are read from Clever, $3: how long a feed may stay unread.
SELECT clock_timestamp() AS now, l.*,
       coalesce(v.name, l.name) AS called, v.is_connected IS TRUE AS is_connected,
       coalesce(d.filter_version, 0) > 0 AS has_filter, coalesce(d.commit_sequence, 0) AS commits,
       coalesce(d.committed_counts, '{}') AS committed_counts, c.record AS clever_record,
       $2 AND c.disconnected_at IS NULL AS is_read,
       array_remove(ARRAY[
           CASE WHEN d.status = 'review' THEN 'review' END,
           CASE WHEN d.district_id IS NULL OR d.commit_sequence = 0 OR d.status = 'waiting'
                    OR d.purged_at IS NOT NULL THEN 'undecided' END,
           CASE WHEN EXISTS (SELECT FROM holds h WHERE h.district_id = l.district_id) THEN 'on_hold' END,
           CASE WHEN EXISTS (SELECT FROM evaluation_failures f WHERE f.district_id = l.district_id
                                 AND f.parked_at IS NOT NULL) THEN 'parked' END,
           CASE WHEN v.is_connected IS NOT TRUE THEN 'disconnected' END,
           CASE WHEN $2 AND c.disconnected_at IS NULL
                    AND least(c.failing_since, v.unread_since) <= now() - $3::interval THEN 'unread' END,
           CASE WHEN EXISTS (SELECT FROM outbox o WHERE o.district_id = l.district_id) THEN 'unpublished' END,
           CASE WHEN l.district_id = ANY($4::text[]) THEN 'deciding' END
       ], NULL) AS seen_troubles
FROM unnest($1::text[]) AS i(district_id)
JOIN onboarding l ON l.district_id = i.district_id
LEFT JOIN connections c ON c.district_id = l.district_id
LEFT JOIN districts d ON d.district_id = l.district_id
LEFT JOIN district_status v ON v.district_id = l.district_id
ORDER BY l.district_id

-- name: move
-- Moves districts to their next state of onboarding.
UPDATE onboarding l SET state = m.state, returns_to = m.returns_to, since = m.at
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS m(district_id, state, returns_to, at)
WHERE l.district_id = m.district_id

-- name: note
-- Writes moves of districts to their history.
INSERT INTO onboarding_history (district_id, from_state, move, to_state, at, actor, detail)
SELECT m.district_id, m.from_state, m.move, m.to_state, m.at, m.actor, m.detail
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::jsonb[])
         WITH ORDINALITY AS m(district_id, from_state, move, to_state, at, actor, detail, place)
ORDER BY m.place

-- name: hold_back
-- Notes since when launches are delayed, and by what; by nothing any more where $2 has nothing.
UPDATE onboarding l SET
    held_since = CASE WHEN h.troubles <> '' THEN coalesce(l.held_since, h.at) END,
    troubles = string_to_array(h.troubles, ',')
FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS h(district_id, troubles, at)
WHERE l.district_id = h.district_id

-- name: zones
-- The time zones of all districts in onboarding, and the time now. Goes from one zone to the next in the index.
WITH RECURSIVE zones AS (
    SELECT min(time_zone) AS zone FROM onboarding
    UNION ALL
    SELECT (SELECT min(l.time_zone) FROM onboarding l WHERE l.time_zone > z.zone) FROM zones z WHERE z.zone IS NOT NULL
)
SELECT clock_timestamp() AS now, array_agg(zone) FILTER (WHERE zone IS NOT NULL) AS zones FROM zones

-- name: marked
-- The oldest marks of districts of which something changed.
SELECT id, district_id FROM onboarding_marks ORDER BY id LIMIT $1

-- name: timely
-- Districts whose launch is delayed, and those whose launch or opening may have come: $1 is the last day whose launch
-- has come anywhere, $2 the last opening of such a launch, $3 the last day that has begun anywhere.
SELECT district_id FROM onboarding WHERE held_since IS NOT NULL
UNION
SELECT district_id FROM onboarding
WHERE (state = 'launch_scheduled' OR returns_to = 'launch_scheduled') AND launch_on IS NOT NULL AND launch_on <= $1::date
UNION
SELECT district_id FROM onboarding
WHERE (state = 'launch_scheduled' OR returns_to = 'launch_scheduled') AND launch_on IS NULL AND opens_on <= $2::date
UNION
SELECT district_id FROM onboarding WHERE state = 'ready' AND opens_on <= $3::date

-- name: free
-- Locks these districts in onboarding, without those that another process has, and returns them.
SELECT district_id FROM onboarding WHERE district_id = ANY($1::text[]) ORDER BY district_id FOR UPDATE SKIP LOCKED

-- name: unmark
-- Deletes these marks ($1) of districts that were looked at: those locked ($2), and those not in onboarding. The mark of
-- a district stays while what is shared there is still to be counted.
DELETE FROM onboarding_marks m
WHERE m.id = ANY($1::bigint[])
  AND CASE WHEN m.district_id = ANY($2::text[])
           THEN NOT EXISTS (
               SELECT FROM onboarding l JOIN districts d ON d.district_id = l.district_id
               WHERE l.district_id = m.district_id AND l.state IN ('connected', 'sharing_requested')
                 AND d.status <> 'rostered' AND d.batch_number > 0 AND d.batch_number IS DISTINCT FROM l.judged_batch)
           ELSE NOT EXISTS (SELECT FROM onboarding l WHERE l.district_id = m.district_id) END
