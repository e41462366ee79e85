-- What pages show: read-only.

-- name: districts
-- Districts in the order asked for, those of one page or all, with all that a list shows of each.
-- Those asked for are found by what little decides it; only those listed are read whole.
WITH told AS MATERIALIZED (
    SELECT d.district_id, coalesce(v.name, o.name) AS name, v.status, (d.counts ->> 'roster:student')::bigint AS students,
           (d.counts ->> 'blocked')::bigint AS blocked,
           (SELECT true FROM incidents i WHERE i.district_id = d.district_id AND i.told IS NOT NULL LIMIT 1) AS has_incident
    FROM districts d
    JOIN district_status v ON v.district_id = d.district_id
    LEFT JOIN onboarding o ON o.district_id = d.district_id
), chosen AS MATERIALIZED (
    SELECT *, count(*) OVER () AS matching,
           row_number() OVER (ORDER BY
               CASE WHEN $3 = 'attention' THEN CASE
                   WHEN status = 'parked' THEN 0 WHEN status = 'review' THEN 1
                   WHEN has_incident AND status <> 'purged' THEN 2
                   WHEN status = 'on_hold' THEN 3 WHEN status = 'disconnected' THEN 4
                   WHEN status = 'waiting' THEN 5 WHEN status = 'rostered' THEN 6 ELSE 7 END END,
               CASE WHEN $3 = 'name' THEN lower(name) END,
               CASE WHEN $3 = 'students' THEN students END DESC NULLS LAST,
               CASE WHEN $3 IN ('attention', 'blocked') THEN blocked END DESC NULLS LAST,
               district_id) AS place
    FROM told
    WHERE ($1::text IS NULL OR status = $1)
      AND ($2::text[] IS NULL OR district_id = ANY($2))
), page AS MATERIALIZED (
    SELECT * FROM chosen ORDER BY place OFFSET $4 LIMIT $5
)
SELECT p.district_id, p.name, p.status, p.matching, d.counts, d.committed_counts, d.standing_since,
       d.commit_sequence, d.review_sequence, v.record, h.held_at, h.actor AS held_by, h.reason AS held_why,
       (SELECT decided_at FROM decisions x WHERE x.district_id = d.district_id AND x.number = d.decision_number)
           AS decided_at,
       w.opened_at, w.last_event_at, w.events, w.requested, w.deferred_since,
       ARRAY(SELECT code FROM incidents i WHERE i.district_id = d.district_id AND i.told IS NOT NULL
             ORDER BY since, code) AS incidents,
       clock_timestamp() AS now
FROM page p
JOIN districts d ON d.district_id = p.district_id
JOIN district_status v ON v.district_id = p.district_id
LEFT JOIN holds h ON h.district_id = p.district_id
LEFT JOIN windows w ON w.district_id = p.district_id
ORDER BY p.place

-- name: attention
-- The page behind $2 of $3 districts, those first that need attention, of all or of a status ($1); with $4 by the
-- number of blocked students alone.
-- Those that are purged, disconnected, parked, on hold or have an incident are few, and looked at one by one; the others
-- come from the index of their status, as many as the page may need.
WITH odd AS MATERIALIZED (
    SELECT o.district_id, v.status, d.blocked, i.has_incident
    FROM (SELECT district_id FROM districts WHERE purged_at IS NOT NULL
          UNION SELECT district_id FROM connections WHERE disconnected_at IS NOT NULL
          UNION SELECT district_id FROM evaluation_failures WHERE parked_at IS NOT NULL
          UNION SELECT district_id FROM holds
          UNION SELECT i.district_id FROM incidents i
                WHERE i.told IS NOT NULL
                  AND (SELECT status FROM districts d WHERE d.district_id = i.district_id) <> 'review') AS o
    CROSS JOIN LATERAL (SELECT blocked FROM districts d WHERE d.district_id = o.district_id OFFSET 0) AS d
    CROSS JOIN LATERAL (SELECT status FROM district_status v WHERE v.district_id = o.district_id OFFSET 0) AS v
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM incidents i WHERE i.district_id = o.district_id
                                           AND i.told IS NOT NULL) AS has_incident OFFSET 0) AS i
)
SELECT district_id FROM (
    SELECT district_id, blocked, CASE
        WHEN $4 OR status = 'parked' THEN 0 WHEN status = 'review' THEN 1
        WHEN has_incident AND status <> 'purged' THEN 2
        WHEN status = 'on_hold' THEN 3 WHEN status = 'disconnected' THEN 4
        WHEN status = 'waiting' THEN 5 WHEN status = 'rostered' THEN 6 ELSE 7 END AS place
    FROM odd WHERE $1::text IS NULL OR status = $1
    UNION ALL
    SELECT d.district_id, d.blocked, CASE WHEN $4 THEN 0 ELSE s.place END
    FROM unnest('{review,waiting,rostered}'::text[], '{1,5,6}'::int[]) AS s(status, place)
    CROSS JOIN LATERAL (
        SELECT d.district_id, d.blocked FROM districts d
        WHERE d.status = s.status AND d.purged_at IS NULL
          AND NOT EXISTS (SELECT FROM odd o WHERE o.district_id = d.district_id)
        ORDER BY d.blocked DESC NULLS LAST, d.district_id LIMIT $2::bigint + $3::bigint) AS d
    WHERE $1::text IS NULL OR s.status = $1
) AS found
ORDER BY place, blocked DESC NULLS LAST, district_id OFFSET $2 LIMIT $3

-- name: by_students
-- The page behind $2 of $3 districts, those with the most students first, of all or of a status ($1).
SELECT d.district_id FROM districts d
WHERE $1::text IS NULL OR (SELECT v.status FROM district_status v WHERE v.district_id = d.district_id) = $1
ORDER BY d.students DESC NULLS LAST, d.district_id OFFSET $2 LIMIT $3

-- name: listed
-- All that a list shows of these districts, in this order.
SELECT p.district_id, coalesce(v.name, o.name) AS name, v.status, d.counts, d.committed_counts, d.standing_since,
       d.commit_sequence, d.review_sequence, v.record, h.held_at, h.actor AS held_by, h.reason AS held_why,
       (SELECT decided_at FROM decisions x WHERE x.district_id = d.district_id AND x.number = d.decision_number)
           AS decided_at,
       w.opened_at, w.last_event_at, w.events, w.requested, w.deferred_since,
       ARRAY(SELECT code FROM incidents i WHERE i.district_id = d.district_id AND i.told IS NOT NULL
             ORDER BY since, code) AS incidents,
       clock_timestamp() AS now
FROM unnest($1::text[]) WITH ORDINALITY AS p(district_id, place)
CROSS JOIN LATERAL (SELECT * FROM districts d WHERE d.district_id = p.district_id OFFSET 0) AS d
CROSS JOIN LATERAL (SELECT * FROM district_status v WHERE v.district_id = p.district_id OFFSET 0) AS v
LEFT JOIN onboarding o ON o.district_id = p.district_id
LEFT JOIN holds h ON h.district_id = p.district_id
LEFT JOIN windows w ON w.district_id = p.district_id
ORDER BY p.place

-- name: names
-- The name of every district: Clever's, or else that of its onboarding.
SELECT v.district_id, coalesce(v.name, o.name) AS name
FROM district_status v
LEFT JOIN onboarding o ON o.district_id = v.district_id

-- name: now
-- The database's time, for a page without rows.
SELECT clock_timestamp()

-- name: coverage
-- How many students, and blocked ones, each school and grade of the district has.
-- Counted from the whole candidate roster. With $2 also where the students were that the plan removes.
SELECT nullif(c.school_id, '') AS school_id, s.record ->> 'name' AS school, nullif(c.grade, '') AS grade,
       c.students, c.blocked, c.removed
FROM (SELECT school_id, grade, sum(students)::bigint AS students, sum(blocked)::bigint AS blocked,
             sum(removed)::bigint AS removed
      FROM (SELECT coalesce(r.school_id, '') AS school_id, coalesce(r.grade, '') AS grade, count(*) AS students,
                   count(b.record_id) AS blocked, 0 AS removed
            FROM roster r
            LEFT JOIN (SELECT DISTINCT record_id FROM findings
                       WHERE open_of = $1 AND severity = 'error' AND kind = 'student') AS b
                ON b.record_id = r.record_id
            WHERE r.district_id = $1 AND r.kind = 'student' AND r.candidate IS NOT NULL
            GROUP BY 1, 2
            UNION ALL
            SELECT coalesce(committed_school_id, ''), coalesce(committed::jsonb ->> 'grade', ''), 0, 0, 1
            FROM roster WHERE $2 AND plan_of = $1 AND kind = 'student' AND candidate IS NULL) AS one
      GROUP BY school_id, grade) AS c
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'school' AND record_id = c.school_id OFFSET 0) AS s ON true
ORDER BY c.school_id, c.grade

-- name: decisions
-- The district's decisions before number $2, newest first, each with its batch and a short summary.
SELECT d.number, d.outcome, d.sequence, d.decided_at, d.published_at, b.trigger, b.events,
       (d.summary - 'causes' - 'suggestions') #- '{findings,items}' AS summary
FROM decisions d
LEFT JOIN batches b ON b.district_id = d.district_id AND b.number = d.batch_number
WHERE d.district_id = $1 AND ($2::bigint IS NULL OR d.number < $2)
ORDER BY d.number DESC
LIMIT $3

-- name: findings
-- One page of the district's open findings, by severity, code and record.
-- For each severity one step into the index, to where the list goes on.
SELECT f.* FROM unnest($2::text[]) AS v(severity)
CROSS JOIN LATERAL (
    SELECT severity, code, kind, record_id, member, detail, since FROM findings
    WHERE open_of = $1 AND severity = v.severity AND ($3::text IS NULL OR code = $3)
      AND ($4::text IS NULL OR (severity, code, kind, record_id, member) > ($4, $5, $6, $7 COLLATE "C", $8::bytea))
    ORDER BY code, kind, record_id, member
    LIMIT $9) AS f
ORDER BY f.severity, f.code, f.kind, f.record_id, f.member
LIMIT $9

-- name: findings_of_school
-- Findings on the school, on its students and on its classes.
SELECT f.severity, f.code, f.kind, f.record_id, f.member, f.detail, f.since
FROM (SELECT kind, record_id FROM roster
      WHERE district_id = $1 AND school_id = $10 AND candidate IS NOT NULL AND kind IN ('student', 'class')
      UNION ALL SELECT 'school', $10) AS r
CROSS JOIN LATERAL (
    SELECT severity, code, kind, record_id, member, detail, since FROM findings
    WHERE district_id = $1 AND kind = r.kind AND record_id = r.record_id AND open OFFSET 0) AS f
WHERE f.severity = ANY($2::text[]) AND ($3::text IS NULL OR f.code = $3)
  AND ($4::text IS NULL OR (f.severity, f.code, f.kind, f.record_id, f.member)
           > ($4, $5, $6, $7 COLLATE "C", $8::bytea))
ORDER BY f.severity, f.code, f.kind, f.record_id, f.member
LIMIT $9

-- name: schools_of
-- The schools of these students, and of these classes and sections, of those that are in the candidate roster.
SELECT r.kind, r.record_id, r.school_id
FROM unnest($2::text[], $3::text[]) AS i(kind, id)
JOIN roster r ON r.district_id = $1 AND r.kind = i.kind AND r.record_id = i.id
WHERE r.candidate IS NOT NULL AND r.school_id IS NOT NULL

-- name: section_names
-- The names of these sections, of those that have one.
SELECT i.id, s.name
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record ->> 'name' AS name FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = i.id OFFSET 0) AS s
WHERE s.name IS NOT NULL
