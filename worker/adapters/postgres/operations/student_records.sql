-- One student as people look at it.

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
FROM (SELECT unnest(sections) AS section_id FROM enrollments WHERE district_id = $1 AND student_id = $2 OFFSET 0) AS l
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
ORDER BY k.rank IS NULL, k.rank, s.record ->> 'name', s.record_id

-- name: findings_of_student
-- The open findings on one student.
SELECT code, severity, kind, record_id, detail, since FROM findings
WHERE district_id = $1 AND kind = 'student' AND record_id = $2 AND open
ORDER BY severity, code, member
