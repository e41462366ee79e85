-- Sections and students as people look through them.

-- name: moment
-- The district's last batch, the time now, whether it is purged, and its time zone and grace of terms.
SELECT d.batch_number, d.purged_at, clock_timestamp() AS now, coalesce(l.time_zone, $2) AS time_zone,
       coalesce((SELECT (policy ->> 'term_grace_days')::integer FROM policies p
                 WHERE p.district_id = d.district_id AND (until IS NULL OR until > clock_timestamp())
                 ORDER BY version DESC LIMIT 1), $3) AS grace_days
FROM districts d LEFT JOIN onboarding l USING (district_id) WHERE d.district_id = $1

-- name: sections
-- The district's live sections, with how many students each lists, for the pages of sections.
-- Each record is taken apart once; its students are counted and left where they are.
SELECT s.record_id, r.name, r.subject, r.grade, r.period, r.section_number, r.sis_id, r.school_id, r.course_id,
       r.term_id, r.teachers, coalesce(jsonb_array_length(r.students), 0) AS listed
FROM staged s
CROSS JOIN LATERAL jsonb_to_record(s.record) AS r(name text, subject text, grade text, period text,
    section_number text, sis_id text, school_id text, course_id text, term_id text, teachers text[], students jsonb)
WHERE s.district_id = $1 AND s.kind = 'section' AND s.record IS NOT NULL
ORDER BY s.record_id

-- name: kept
-- The sections that the filter keeps, each with the rank of its rule.
SELECT section_id, rank FROM kept_sections WHERE district_id = $1

-- name: count_in_memory
-- Gives this transaction the memory to count students without files.
SELECT set_config('work_mem', '128MB', true)

-- name: seats
-- How many students in scope are in one, and how many in several, of the sections of each group.
-- All groups in one pass over the links of the district's students; those that are not in scope do not count.
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest($2::text[], $3::integer[]) AS w(section_id, number)
), seated AS MATERIALIZED (
    SELECT w.number, l.target_id AS student_id, count(*) AS sections
    FROM section_links l JOIN wanted w ON w.section_id = l.section_id
    WHERE l.district_id = $1 AND l.role = 'student'
    GROUP BY 1, 2
), in_scope AS MATERIALIZED (
    SELECT record_id FROM roster WHERE district_id = $1 AND kind = 'student' AND candidate IS NOT NULL
)
SELECT s.number, count(*) FILTER (WHERE s.sections = 1) AS exactly_one,
       count(*) FILTER (WHERE s.sections > 1) AS several
FROM seated s JOIN in_scope i ON i.record_id = s.student_id
GROUP BY 1

-- name: student
-- One student as staged, in the candidate roster and as committed.
SELECT u.record AS staged, r.candidate, r.committed, coalesce(r.sections, '{}') AS counted
FROM (SELECT) AS one
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'user' AND record_id = $2 OFFSET 0) AS u ON true
LEFT JOIN LATERAL (SELECT candidate, committed, sections FROM roster
    WHERE district_id = $1 AND kind = 'student' AND record_id = $2 OFFSET 0) AS r ON true

-- name: sections_of_student
-- The live sections that list a student, kept ones first, with school, course and term.
SELECT s.record_id, s.record - 'students' AS record, coalesce(jsonb_array_length(s.record -> 'students'), 0) AS listed,
       k.rank, school.record AS school, course.record AS course, term.record AS term
FROM section_links l
CROSS JOIN LATERAL (SELECT record_id, record FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = l.section_id AND record IS NOT NULL OFFSET 0) AS s
LEFT JOIN LATERAL (SELECT rank FROM kept_sections
    WHERE district_id = $1 AND section_id = l.section_id OFFSET 0) AS k ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'school' AND record_id = s.record ->> 'school_id' OFFSET 0) AS school ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'course' AND record_id = s.record ->> 'course_id' OFFSET 0) AS course ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'term' AND record_id = s.record ->> 'term_id' OFFSET 0) AS term ON true
WHERE l.district_id = $1 AND l.role = 'student' AND l.target_id = $2
ORDER BY k.rank IS NULL, k.rank, s.record ->> 'name', s.record_id

-- name: findings_of_student
-- The open findings on one student.
SELECT code, severity, kind, record_id, detail, since FROM findings
WHERE district_id = $1 AND kind = 'student' AND record_id = $2 AND open
ORDER BY severity, code, member
