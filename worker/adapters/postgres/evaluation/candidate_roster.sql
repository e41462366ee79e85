-- name: keep_sections
-- Says which sections the filter keeps, each with the rank of its rule.
INSERT INTO kept_sections (district_id, section_id, rank)
SELECT $1, k.* FROM unnest($2::text[], $3::integer[]) AS k
ON CONFLICT (district_id, section_id) DO UPDATE SET rank = EXCLUDED.rank

-- name: drop_sections
-- Forgets sections that the filter does not keep any more.
DELETE FROM kept_sections WHERE district_id = $1 AND section_id = ANY($2::text[])

-- name: replace_identities
-- Replaces the unique values of these students; returns the values that a student left or came to.
-- (The district is compared as an expression, so that the rows are found by the student's own index.)
WITH wanted AS (
    SELECT * FROM unnest($3::text[], $4::text[], $5::bytea[]) AS w(student_id, field, value_digest)
), removed AS (
    DELETE FROM identities i WHERE i.district_id || '' = $1 AND i.student_id = ANY($2::text[])
        AND NOT EXISTS (SELECT FROM wanted w WHERE w.student_id = i.student_id AND w.field = i.field
                            AND w.value_digest = i.value_digest)
    RETURNING i.field, i.value_digest
), added AS (
    INSERT INTO identities (district_id, field, value_digest, student_id)
    SELECT $1, field, value_digest, student_id FROM wanted
    ON CONFLICT DO NOTHING
    RETURNING field, value_digest
)
SELECT field, value_digest FROM removed UNION SELECT field, value_digest FROM added

-- name: unsettled_holders
-- Holders of these values whose open finding of a duplicate does not fit how many there are.
SELECT i.student_id
FROM unnest($2::text[], $3::bytea[]) AS v(field, value_digest)
CROSS JOIN LATERAL (SELECT student_id FROM identities
    WHERE district_id = $1 AND field = v.field AND value_digest = v.value_digest OFFSET 0) AS i
WHERE ((SELECT true FROM identities o WHERE o.district_id = $1 AND o.field = v.field
            AND o.value_digest = v.value_digest AND o.student_id <> i.student_id LIMIT 1) IS NULL)
   <> ((SELECT true FROM findings f WHERE f.district_id = $1 AND f.kind = 'student'
            AND f.record_id = i.student_id AND f.code = 'student.duplicate_identity' AND f.open
            AND f.detail ->> 'field' = v.field LIMIT 1) IS NULL)

-- name: student_states
-- What an evaluation needs to know of these students: record, kept sections, school, roster entry, open findings.
-- With $3 also the unique fields whose value another student in scope has too. (There the district is compared as an
-- expression, so that the rows are found by the student's own index.)
SELECT i.id, CASE WHEN s.record ? 'student' THEN s.record END AS record,
       kept.sections, kept.ranks, school.known IS NOT NULL AS school_known,
       r.candidate_member, r.committed_member, r.sections AS counted,
       d.fields AS duplicated, f.findings
FROM unnest($2::text[]) AS i(id)
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'user' AND record_id = i.id OFFSET 0) AS s ON true
LEFT JOIN LATERAL (SELECT candidate_member, committed_member, sections FROM roster
    WHERE district_id = $1 AND kind = 'student' AND record_id = i.id OFFSET 0) AS r ON true
LEFT JOIN LATERAL (SELECT true AS known FROM staged
    WHERE district_id = $1 AND kind = 'school' AND record IS NOT NULL
      AND record_id = s.record #>> '{student,texts,school_id}' OFFSET 0) AS school ON true
LEFT JOIN LATERAL (
    SELECT array_agg(k.section_id) AS sections, array_agg(k.rank) AS ranks
    FROM (SELECT unnest(sections) AS section_id FROM enrollments
          WHERE district_id = $1 AND student_id = i.id OFFSET 0) AS l
    CROSS JOIN LATERAL (SELECT section_id, rank FROM kept_sections
          WHERE district_id = $1 AND section_id = l.section_id OFFSET 0) AS k) AS kept ON true
LEFT JOIN LATERAL (
    SELECT array_agg(o.field) AS fields FROM identities o
    WHERE $3 AND o.district_id || '' = $1 AND o.student_id = i.id
      AND (SELECT true FROM identities p WHERE p.district_id = $1 AND p.field = o.field
               AND p.value_digest = o.value_digest AND p.student_id <> i.id LIMIT 1)) AS d ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(o)) AS findings
    FROM (SELECT code, severity, kind, record_id, detail FROM findings
          WHERE district_id = $1 AND kind = 'student' AND record_id = i.id AND open OFFSET 0) AS o) AS f ON true

-- name: needed_states
-- These teachers' and schools' records and roster entries, and whether the roster needs each: a teacher if a class lists
-- him, a school if a student or a class in the roster names it.
SELECT 'teacher' AS kind, i.id, CASE WHEN s.record ? 'teacher' THEN s.record END AS record,
       r.candidate_member, r.committed_member,
       (SELECT true FROM section_links l
        WHERE l.district_id = $1 AND l.role = 'teacher' AND l.target_id = i.id
          AND (SELECT k.students FROM kept_sections k
               WHERE k.district_id = $1 AND k.section_id = l.section_id) > 0
        LIMIT 1) IS NOT NULL AS needed
FROM unnest($2::text[]) AS i(id)
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'user' AND record_id = i.id OFFSET 0) AS s ON true
LEFT JOIN LATERAL (SELECT candidate_member, committed_member FROM roster
    WHERE district_id = $1 AND kind = 'teacher' AND record_id = i.id OFFSET 0) AS r ON true
UNION ALL
SELECT 'school', i.id, s.record, r.candidate_member, r.committed_member,
       (SELECT true FROM roster o WHERE o.district_id = $1 AND o.school_id = i.id
           AND o.candidate IS NOT NULL AND o.kind IN ('student', 'class') LIMIT 1) IS NOT NULL
FROM unnest($3::text[]) AS i(id)
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'school' AND record_id = i.id OFFSET 0) AS s ON true
LEFT JOIN LATERAL (SELECT candidate_member, committed_member FROM roster
    WHERE district_id = $1 AND kind = 'school' AND record_id = i.id OFFSET 0) AS r ON true

-- name: students_of_schools
-- The students in the candidate roster whose school is one of these.
SELECT r.record_id
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT record_id FROM roster
    WHERE district_id = $1 AND school_id = i.id AND candidate IS NOT NULL
      AND kind IN ('student', 'class') AND kind || '' = 'student' OFFSET 0) AS r

-- name: class_states
-- These sections as classes: record, rank, number of students in scope, roster entry, open findings, and whom a kept one
-- lists that are not shared as students, or as teachers.
SELECT i.id, s.record, k.rank, coalesce(k.students, 0) AS students,
       r.candidate, r.candidate_member, r.committed_member,
       no_student.ids AS unknown_students, no_teacher.ids AS unknown_teachers, f.findings
FROM unnest($2::text[]) AS i(id)
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = i.id OFFSET 0) AS s ON true
LEFT JOIN LATERAL (SELECT rank, students FROM kept_sections
    WHERE district_id = $1 AND section_id = i.id OFFSET 0) AS k ON true
LEFT JOIN LATERAL (SELECT candidate, candidate_member, committed_member FROM roster
    WHERE district_id = $1 AND kind = 'class' AND record_id = i.id OFFSET 0) AS r ON true
LEFT JOIN LATERAL (
    SELECT array_agg(u.id ORDER BY u.place) AS ids
    FROM jsonb_array_elements_text(coalesce(s.record -> 'students', '[]')) WITH ORDINALITY AS u(id, place)
    WHERE k.rank IS NOT NULL
      AND (SELECT record ? 'student' FROM staged
           WHERE district_id = $1 AND kind = 'user' AND record_id = u.id) IS NOT TRUE) AS no_student ON true
LEFT JOIN LATERAL (
    SELECT array_agg(u.id ORDER BY u.place) AS ids
    FROM jsonb_array_elements_text(coalesce(s.record -> 'teachers', '[]')) WITH ORDINALITY AS u(id, place)
    WHERE k.rank IS NOT NULL
      AND (SELECT record ? 'teacher' FROM staged
           WHERE district_id = $1 AND kind = 'user' AND record_id = u.id) IS NOT TRUE) AS no_teacher ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(o)) AS findings
    FROM (SELECT code, severity, kind, record_id, detail FROM findings
          WHERE district_id = $1 AND kind = ANY(ARRAY['class', 'section']) AND record_id = i.id AND open OFFSET 0) AS o) AS f ON true

-- name: write_candidate
-- Changes the candidate roster, the findings and how many students kept sections have; returns the sections that came to
-- have none, or some.
-- $2 to $8 are records with what they become. $9 and $10 find those that leave by the index, and $11 says which of them,
-- as "kind id": a row that was never committed is deleted, and of others the next commit removes the record. In the same
-- way $12 and $13 find findings that end, and $14 says which by their members: one that a review reported stays until the
-- next one says that it is resolved. (A member is kept from the index by the concatenation, since three lists together
-- would be looked up in every combination.) $15 to $20 are findings that open: one that ended, and was kept, is open from
-- now on again. $21 are sections with by how many students they grew. (No row is in two of these.)
WITH put AS (
    INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, school_id, sections, grade)
    SELECT $1, e.kind, e.record_id, e.candidate, e.member, e.school_id, e.sections::text[], e.grade
    FROM unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[])
        AS e(kind, record_id, candidate, member, school_id, sections, grade)
    ON CONFLICT (district_id, kind, record_id) DO UPDATE SET
        candidate = EXCLUDED.candidate, candidate_member = EXCLUDED.candidate_member,
        school_id = EXCLUDED.school_id, sections = EXCLUDED.sections, grade = EXCLUDED.grade
), deleted AS (
    DELETE FROM roster
    WHERE district_id = $1 AND kind = ANY($9::text[]) AND record_id = ANY($10::text[])
      AND kind || ' ' || record_id = ANY($11::text[]) AND committed IS NULL
), blanked AS (
    UPDATE roster SET candidate = NULL, candidate_member = NULL, school_id = NULL, sections = NULL, grade = NULL
    WHERE district_id = $1 AND kind = ANY($9::text[]) AND record_id = ANY($10::text[])
      AND kind || ' ' || record_id = ANY($11::text[]) AND committed IS NOT NULL
), ended AS (
    DELETE FROM findings
    WHERE district_id = $1 AND kind = ANY($12::text[]) AND record_id = ANY($13::text[])
      AND member || ''::bytea = ANY($14::bytea[]) AND NOT reported
), closed AS (
    UPDATE findings SET open = false
    WHERE district_id = $1 AND kind = ANY($12::text[]) AND record_id = ANY($13::text[])
      AND member || ''::bytea = ANY($14::bytea[]) AND reported
), opened AS (
    INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported)
    SELECT $1, f.*, true, false
    FROM unnest($15::text[], $16::text[], $17::bytea[], $18::text[], $19::text[], $20::jsonb[]) AS f
    ON CONFLICT (district_id, kind, record_id, member) DO UPDATE SET open = true, since = EXCLUDED.since
)
UPDATE kept_sections
SET students = students + ($22::bigint[])[array_position($21::text[], section_id)]
WHERE district_id = $1 AND section_id = ANY($21::text[])
RETURNING section_id,
          students = 0 OR students = ($22::bigint[])[array_position($21::text[], section_id)] AS turned

-- name: open_findings
-- The open findings on records of these kinds.
SELECT code, severity, kind, record_id, detail FROM findings
WHERE district_id = $1 AND kind = ANY($2::text[]) AND open

-- name: open_findings_on
-- The open findings on records of these kinds with these ids.
SELECT code, severity, kind, record_id, detail FROM findings
WHERE district_id = $1 AND kind = ANY($2::text[]) AND record_id = ANY($3::text[]) AND open

-- name: students_with
-- Students who have an open finding of one code.
SELECT record_id FROM findings
WHERE open_of = $1 AND severity = ANY(ARRAY['error', 'warning']) AND code = $2 AND kind = 'student'
LIMIT $3

-- name: quarantined
-- How many of the district's messages and records are in quarantine.
SELECT count(*) FROM quarantine WHERE district_id = $1

-- name: unreadable
-- Live records of some kinds that have fields that could not be read.
SELECT count(*) FROM staged WHERE district_id = $1 AND kind = ANY($2::text[]) AND record ? 'unread'
