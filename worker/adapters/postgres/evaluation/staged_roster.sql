-- name: claim_events
-- Moves the first events of a district, in the order of its feed, from the inbox to the evaluated ones; returns them, and
-- with one of each record what is staged of it, with the event and the time that it comes from.
WITH moved AS (
    DELETE FROM inbox
    WHERE district_id = $1
      AND event_id <= (SELECT max(event_id) FROM (
            SELECT event_id FROM inbox
            WHERE district_id = $1 AND ($2::text IS NULL OR event_id <= $2)
            ORDER BY event_id LIMIT $3) AS first)
    RETURNING event_id, kind, record_id, record, trace_parent, received_at, modified, is_row
), remembered AS (
    INSERT INTO evaluated_events (district_id, event_id, received_at)
    SELECT $1, event_id, received_at FROM moved
    ON CONFLICT DO NOTHING
)
SELECT m.event_id, m.kind, m.record_id, m.record, m.trace_parent, m.modified, m.is_row,
       s.event_id AS staged_by, s.record AS before, s.modified AS modified_before
FROM (SELECT *, row_number() OVER (PARTITION BY kind, record_id) AS place FROM moved) AS m
LEFT JOIN LATERAL (
    SELECT event_id, record, modified FROM staged
    WHERE m.place = 1 AND district_id = $1 AND kind = m.kind AND record_id = m.record_id OFFSET 0) AS s ON true

-- name: commits
-- The sequence of the last commit, if there was one.
SELECT nullif(commit_sequence, 0) FROM districts WHERE district_id = $1

-- name: write_staged
-- Stages records as these events say; a deleted one stays as a tombstone. Of a section that changed it is noted what it
-- was at the last commit, if there was one. Adds sections ($8) to those that list these
-- students ($7), and takes some ($9) away, an array each for every student.
WITH staged AS (
    INSERT INTO staged AS s (district_id, kind, record_id, event_id, record, modified, changed_after)
    SELECT $1, c.*, CASE WHEN c.kind = 'section'
                    THEN (SELECT nullif(commit_sequence, 0) FROM districts WHERE district_id = $1) END
    FROM unnest($2::text[], $3::text[], $4::text[], $5::jsonb[], $6::bigint[])
        AS c(kind, record_id, event_id, record, modified)
    ON CONFLICT (district_id, kind, record_id) DO UPDATE SET
        event_id = EXCLUDED.event_id, record = EXCLUDED.record, modified = EXCLUDED.modified,
        changed_after = CASE WHEN s.changed_after IS DISTINCT FROM EXCLUDED.changed_after
                                  AND s.record - 'students' IS DISTINCT FROM EXCLUDED.record - 'students'
                             THEN EXCLUDED.changed_after ELSE s.changed_after END,
        before = CASE WHEN s.changed_after IS DISTINCT FROM EXCLUDED.changed_after
                           AND s.record - 'students' IS DISTINCT FROM EXCLUDED.record - 'students'
                      THEN s.record - 'students' ELSE s.before END
), changed AS MATERIALIZED (
    SELECT c.student_id, CASE WHEN e.sections IS NULL THEN c.added::text[] ELSE ARRAY(
        SELECT DISTINCT s.id FROM unnest(e.sections || c.added::text[]) AS s(id)
        WHERE s.id <> ALL (c.removed::text[]) ORDER BY s.id) END AS sections
    FROM unnest($7::text[], $8::text[], $9::text[]) AS c(student_id, added, removed)
    LEFT JOIN LATERAL (SELECT sections FROM enrollments
        WHERE district_id = $1 AND student_id = c.student_id OFFSET 0) AS e ON true
), ended AS (
    DELETE FROM enrollments e USING changed c
    WHERE e.district_id = $1 AND e.student_id = c.student_id AND c.sections = '{}'
)
INSERT INTO enrollments AS e (district_id, student_id, sections)
SELECT $1, student_id, sections FROM changed WHERE sections <> '{}'
ON CONFLICT (district_id, student_id) DO UPDATE SET sections = EXCLUDED.sections
    WHERE e.sections <> EXCLUDED.sections

-- name: add_links
-- Notes that sections, an array for each, point to these records.
INSERT INTO section_links (district_id, role, target_id, section_id)
SELECT $1, l.role, l.target_id, s.section_id
FROM unnest($2::text[], $3::text[], $4::text[]) AS l(role, target_id, sections)
CROSS JOIN LATERAL unnest(l.sections::text[]) AS s(section_id)
ON CONFLICT DO NOTHING

-- name: remove_links
-- Forgets that sections point to these records.
-- $2 and $3 find the rows by the index; $4 says which of them, as "role target section".
DELETE FROM section_links
WHERE district_id = $1 AND role = ANY($2::text[]) AND target_id = ANY($3::text[])
  AND role || ' ' || target_id || ' ' || section_id = ANY($4::text[])

-- name: linked_sections
-- The live sections that point to any of these records.
SELECT DISTINCT section_id FROM section_links
WHERE district_id = $1 AND role = $2 AND target_id = ANY($3::text[])

-- name: sections_of_students
-- The live sections that list any of these students.
SELECT DISTINCT u.section_id
FROM enrollments e CROSS JOIN LATERAL unnest(e.sections) AS u(section_id)
WHERE e.district_id = $1 AND e.student_id = ANY($2::text[])

-- name: section_states
-- These sections with the course ($3), school ($4) and term ($5) that the filter reads, if it does, and the rank of a
-- kept one; with $6 with their students.
SELECT i.id, CASE WHEN $6 THEN s.record ELSE s.record - 'students' END AS record, course.record AS course, school.record AS school, term.record AS term,
       k.rank
FROM unnest($2::text[]) AS i(id)
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = i.id OFFSET 0) AS s ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE $3 AND district_id = $1 AND kind = 'course' AND record_id = s.record ->> 'course_id' OFFSET 0)
    AS course ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE $4 AND district_id = $1 AND kind = 'school' AND record_id = s.record ->> 'school_id' OFFSET 0)
    AS school ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE $5 AND district_id = $1 AND kind = 'term' AND record_id = s.record ->> 'term_id' OFFSET 0)
    AS term ON true
LEFT JOIN LATERAL (SELECT rank FROM kept_sections
    WHERE district_id = $1 AND section_id = i.id OFFSET 0) AS k ON true

-- name: listed_students
-- Whom these sections list.
SELECT DISTINCT l.student_id
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = i.id OFFSET 0) AS s
CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(s.record -> 'students', '[]')) AS l(student_id)

-- name: student_records
-- The records of those of these users who are students.
SELECT i.id AS record_id, s.record
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'user' AND record_id = i.id OFFSET 0) AS s
WHERE s.record ? 'student'

-- name: schools
-- The district's live schools.
SELECT record_id, record FROM staged WHERE district_id = $1 AND kind = 'school' AND record IS NOT NULL

-- name: count_school_terms
-- Adds to how many live sections of a school name a term.
INSERT INTO school_terms AS t (district_id, school_id, term_id, sections)
SELECT $1, m.* FROM unnest($2::text[], $3::text[], $4::bigint[]) AS m(school_id, term_id, sections)
ON CONFLICT (district_id, school_id, term_id) DO UPDATE SET sections = t.sections + EXCLUDED.sections

-- name: forget_school_terms
-- Deletes the terms that no live section of their school names any more.
DELETE FROM school_terms WHERE district_id = $1 AND sections = 0

-- name: forget_all_school_terms
-- Deletes the district's counts of sections by school and term, before they are counted again.
DELETE FROM school_terms WHERE district_id = $1

-- name: count_all_school_terms
-- Counts the live sections of each school by term, after a baseline was adopted.
INSERT INTO school_terms (district_id, school_id, term_id, sections)
SELECT $1, coalesce(record ->> 'school_id', ''), record ->> 'term_id', count(*)
FROM staged WHERE district_id = $1 AND kind = 'section' AND record ->> 'term_id' IS NOT NULL
GROUP BY 2, 3

-- name: put_in_grace
-- Marks the terms that count on after their end, each at its school, and unmarks all others.
UPDATE school_terms t SET in_grace = NOT in_grace
WHERE district_id = $1
  AND in_grace <> EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS g(school_id, term_id)
                          WHERE g.school_id = t.school_id AND g.term_id = t.term_id)

-- name: ids_section
-- The next ids of staged sections behind $2, tombstones included.
SELECT record_id FROM staged WHERE district_id = $1 AND kind = 'section' AND record_id > $2
ORDER BY record_id LIMIT $3

-- name: ids_student
-- The next ids behind $2 of students who are staged or in the roster.
SELECT record_id FROM (
    (SELECT record_id FROM staged WHERE district_id = $1 AND kind = 'user' AND record_id > $2
         AND record ? 'student' ORDER BY record_id LIMIT $3)
    UNION
    (SELECT record_id FROM roster WHERE district_id = $1 AND kind = 'student' AND record_id > $2
         ORDER BY record_id LIMIT $3)) AS both_sides
ORDER BY record_id LIMIT $3

-- name: ids_told
-- The next ids behind $2 of students with open findings who are neither staged nor in the roster.
-- (Looked for once: findings that are closed stay in the index until the next vacuum, and would be passed again for
-- each chunk of the others.)
SELECT DISTINCT f.record_id FROM findings f
WHERE f.district_id = $1 AND f.kind = 'student' AND f.record_id > $2 AND f.open
  AND (SELECT s.record ? 'student' FROM staged s
       WHERE s.district_id = $1 AND s.kind = 'user' AND s.record_id = f.record_id) IS NOT TRUE
  AND (SELECT true FROM roster r
       WHERE r.district_id = $1 AND r.kind = 'student' AND r.record_id = f.record_id) IS NULL
ORDER BY f.record_id LIMIT $3

-- name: ids_teacher
-- The next ids behind $2 of teachers who are staged or in the roster.
SELECT record_id FROM (
    (SELECT record_id FROM staged WHERE district_id = $1 AND kind = 'user' AND record_id > $2
         AND record ? 'teacher' ORDER BY record_id LIMIT $3)
    UNION
    (SELECT record_id FROM roster WHERE district_id = $1 AND kind = 'teacher' AND record_id > $2
         ORDER BY record_id LIMIT $3)) AS both_sides
ORDER BY record_id LIMIT $3

-- name: ids_school
-- The next ids behind $2 of schools that are staged or in the roster.
SELECT record_id FROM (
    (SELECT record_id FROM staged WHERE district_id = $1 AND kind = 'school' AND record_id > $2
         AND record IS NOT NULL ORDER BY record_id LIMIT $3)
    UNION
    (SELECT record_id FROM roster WHERE district_id = $1 AND kind = 'school' AND record_id > $2
         ORDER BY record_id LIMIT $3)) AS both_sides
ORDER BY record_id LIMIT $3
