-- Lists of districts in onboarding: a page at a time, however many there are.

-- name: states
-- How many districts are in each state, and how many of them have a delayed launch.
SELECT state, sum(districts)::bigint AS districts, sum(held)::bigint AS held
FROM (SELECT value AS state, change AS districts, 0 AS held FROM counts WHERE what = 'state'
      UNION ALL SELECT state, 0, 1 FROM onboarding WHERE held_since IS NOT NULL) AS c
GROUP BY state

-- name: standing
-- Districts that have been in each of these states for longest: $3 of each, behind the first $2.
SELECT l.district_id
FROM unnest($1::text[]) AS s(state)
CROSS JOIN LATERAL (
    SELECT district_id FROM onboarding WHERE state = s.state ORDER BY since, district_id OFFSET $2 LIMIT $3) AS l

-- name: todo_districts
-- The districts that have the first $2 to-dos of each group of states ($1: an owner and a state), which wait by their
-- state; with $3 those that wait for a contact or for the end of a review; and all with a delayed launch, which do not
-- wait by their state.
SELECT l.district_id
FROM (SELECT DISTINCT owner FROM unnest($1::text[], $4::text[]) AS s(owner, state)) AS o
CROSS JOIN LATERAL (
    SELECT l.district_id
    FROM unnest($1::text[], $4::text[]) AS s(owner, state)
    CROSS JOIN LATERAL (
        SELECT since, district_id FROM onboarding WHERE state = s.state ORDER BY since, district_id
        LIMIT $2 + (SELECT count(*) FROM onboarding WHERE held_since IS NOT NULL)) AS l
    WHERE s.owner = o.owner ORDER BY l.since, l.district_id
    LIMIT $2 + (SELECT count(*) FROM onboarding WHERE held_since IS NOT NULL)) AS l
UNION
(SELECT district_id FROM onboarding WHERE $3 AND contacts = '{}' AND state <> 'live' ORDER BY since, district_id LIMIT $2)
UNION
(SELECT l.district_id
 FROM (SELECT standing_since, district_id FROM districts WHERE $3 AND standing_since IS NOT NULL
       ORDER BY standing_since OFFSET 0) AS d
 CROSS JOIN LATERAL (
     SELECT district_id FROM onboarding l WHERE l.district_id = d.district_id AND l.state IN ('ready', 'live') OFFSET 0) AS l
 ORDER BY d.standing_since, d.district_id LIMIT $2)
UNION
SELECT district_id FROM onboarding WHERE held_since IS NOT NULL

-- name: todo_counts
-- How many to-dos wait by a state, for a contact, and for the end of a review, and how many are overdue. $1 are the
-- states that somebody is waited for in, and $2 after how long each is overdue; $3: after how long the others are.
SELECT s.state AS code, coalesce((SELECT sum(change) FROM counts WHERE what = 'state' AND value = s.state), 0)::bigint AS count,
       (SELECT count(*) FROM onboarding WHERE state = s.state AND since <= now() - s.delay) AS due
FROM unnest($1::text[], $2::interval[]) AS s(state, delay)
UNION ALL
SELECT 'no_contact', coalesce((SELECT sum(change) FROM counts WHERE what = 'no contact' AND value <> 'live'), 0)::bigint,
       (SELECT count(*) FROM onboarding WHERE contacts = '{}' AND state <> 'live' AND since <= now() - $3::interval)
UNION ALL
SELECT 'review', count(*), count(*) FILTER (WHERE d.standing_since <= now() - $3::interval)
FROM (SELECT standing_since, district_id FROM districts WHERE standing_since IS NOT NULL OFFSET 0) AS d
CROSS JOIN LATERAL (
    SELECT FROM onboarding l WHERE l.district_id = d.district_id AND l.state IN ('ready', 'live') OFFSET 0) AS l
