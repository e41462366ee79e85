-- What a trial of a section filter reads, in one snapshot. Nothing here locks a row or writes one.

-- name: sections
-- The live sections, and side by side with their ids each of these fields ($2) of theirs; an array for each.
SELECT array_agg(record_id) AS ids,
       array_agg(record ->> 'name') FILTER (WHERE 'name' = ANY($2::text[])) AS name,
       array_agg(record ->> 'subject') FILTER (WHERE 'subject' = ANY($2)) AS subject,
       array_agg(record ->> 'period') FILTER (WHERE 'period' = ANY($2)) AS period,
       array_agg(record ->> 'grade') FILTER (WHERE 'grade' = ANY($2)) AS grade,
       array_agg(record ->> 'section_number') FILTER (WHERE 'section_number' = ANY($2)) AS section_number,
       array_agg(record ->> 'sis_id') FILTER (WHERE 'sis_id' = ANY($2)) AS sis_id,
       array_agg(record ->> 'school_id') FILTER (WHERE 'school_id' = ANY($2)) AS school_id,
       array_agg(record ->> 'course_id') FILTER (WHERE 'course_id' = ANY($2)) AS course_id,
       array_agg(record ->> 'term_id') FILTER (WHERE 'term_id' = ANY($2)) AS term_id
FROM staged WHERE district_id = $1 AND kind = 'section' AND record IS NOT NULL

-- name: courses
-- The live courses.
SELECT record_id, record FROM staged WHERE district_id = $1 AND kind = 'course' AND record IS NOT NULL

-- name: student_groups
-- Shared students, by what a scope reads of them.
SELECT record #>> '{student,texts,school_id}' AS school_id, record #>> '{student,texts,grade}' AS grade,
       record #> '{student,other_schools}' AS other_schools,
       coalesce(record #> '{student,unread}', '[]') ? 'schools' AS lacks_schools, array_agg(record_id) AS ids
FROM staged WHERE district_id = $1 AND kind = 'user' AND record ? 'student'
GROUP BY 1, 2, 3, 4

-- name: listed
-- The students that each of these sections lists, as JSON, in the order of the sections.
SELECT i.id, coalesce(s.record ->> 'students', '[]') AS students
FROM unnest($2::text[]) WITH ORDINALITY AS i(id, place)
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = i.id OFFSET 0) AS s
ORDER BY i.place

-- name: students
-- The next rows of the roster's students behind $2, an array for each column; with $4 with their records.
SELECT array_agg(record_id) AS ids, array_agg(school_id) AS schools,
       array_agg(CASE WHEN cardinality(sections) = 1 THEN sections[1] END) AS classes,
       array_agg(candidate_member) AS members, array_agg(committed_school_id) AS committed_schools,
       array_agg(CASE WHEN candidate_member IS DISTINCT FROM committed_member
                      THEN committed::jsonb ->> 'class_id' END) AS committed_classes,
       array_agg(committed_member) AS committed_members, array_agg(candidate) FILTER (WHERE $4) AS records
FROM (SELECT record_id, school_id, sections, candidate_member, committed_school_id, committed, committed_member,
             candidate
      FROM roster WHERE district_id = $1 AND kind = 'student' AND record_id > $2
      ORDER BY record_id LIMIT $3) AS next

-- name: student_records
-- The candidate records of these students.
SELECT r.record_id, r.candidate
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record_id, candidate FROM roster
    WHERE district_id = $1 AND kind = 'student' AND record_id = i.id OFFSET 0) AS r

-- name: staged_students
-- These students as they are staged, each with what is committed of him.
SELECT i.id, s.record, r.committed_member, r.committed_school_id, r.committed::jsonb ->> 'class_id' AS committed_class
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'user' AND record_id = i.id OFFSET 0) AS s
LEFT JOIN LATERAL (SELECT committed, committed_member, committed_school_id FROM roster
    WHERE district_id = $1 AND kind = 'student' AND record_id = i.id OFFSET 0) AS r ON true

-- name: shared
-- Which of these users are students now.
SELECT i.id
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'user' AND record_id = i.id OFFSET 0) AS s
WHERE s.record ? 'student'

-- name: sections_listing
-- The live sections that list any of these students.
SELECT DISTINCT l.section_id
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT unnest(sections) AS section_id FROM enrollments
    WHERE district_id = $1 AND student_id = i.id OFFSET 0) AS l

-- name: field_findings
-- The open findings on students' own records.
SELECT record_id, code FROM findings
WHERE open_of = $1 AND severity = ANY(ARRAY['error', 'warning'])
  AND code = ANY(ARRAY['student.field_missing', 'student.unknown_school'])

-- name: holders
-- Which students share a unique value.
SELECT field, value_digest, array_agg(student_id) AS students
FROM identities WHERE district_id = $1
GROUP BY field, value_digest HAVING count(*) > 1

-- name: holders_of
-- Which students have these unique values.
SELECT i.field, i.value_digest, i.student_id
FROM unnest($2::text[], $3::bytea[]) AS v(field, value_digest)
CROSS JOIN LATERAL (SELECT field, value_digest, student_id FROM identities
    WHERE district_id = $1 AND field = v.field AND value_digest = v.value_digest OFFSET 0) AS i

-- name: rows
-- The roster's rows of one kind: the members of their records.
SELECT record_id, candidate_member, committed_member FROM roster WHERE district_id = $1 AND kind = $2

-- name: section_records
-- These sections as they are staged, without their students.
SELECT i.id, s.record - 'students' AS record
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = i.id OFFSET 0) AS s

-- name: user_records
-- Those of these users who are teachers.
SELECT i.id, s.record - 'student' AS record
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'user' AND record_id = i.id OFFSET 0) AS s
WHERE s.record ? 'teacher'

-- name: taught_by
-- Which teachers the live sections list, as two arrays side by side.
SELECT array_agg(section_id) AS sections, array_agg(target_id) AS teachers
FROM section_links WHERE district_id = $1 AND role = 'teacher'

-- name: came
-- Students whom no commit before these hours ($2) had, by the first commit since then that moved them.
SELECT array_agg(student_id) AS students
FROM (SELECT student_id FROM guard_history WHERE district_id = $1 AND committed_at > $2
      GROUP BY student_id HAVING min(sequence * 2 + was_there::integer) % 2 = 0) AS came

-- name: chains
-- What commits since then made of the students whom an earlier commit had.
SELECT c.student_id, f.school_id, f.class_id, l.is_there, l.next_class_id
FROM (SELECT student_id, min(sequence) AS first, max(sequence) AS last
      FROM guard_history WHERE district_id = $1 AND committed_at > $2
      GROUP BY student_id HAVING min(sequence * 2 + was_there::integer) % 2 = 1) AS c
CROSS JOIN LATERAL (SELECT school_id, class_id FROM guard_history
    WHERE district_id = $1 AND sequence = c.first AND student_id = c.student_id OFFSET 0) AS f
CROSS JOIN LATERAL (SELECT is_there, next_class_id FROM guard_history
    WHERE district_id = $1 AND sequence = c.last AND student_id = c.student_id OFFSET 0) AS l

-- name: shifts
-- By how many students each school was larger before these commits.
SELECT school_id, sum(shift)::bigint AS shift
FROM (SELECT school_id, 1 AS shift FROM guard_history
      WHERE district_id = $1 AND committed_at > $2 AND was_there
      UNION ALL
      SELECT next_school_id, -1 FROM guard_history
      WHERE district_id = $1 AND committed_at > $2 AND is_there) AS moved
GROUP BY 1
