-- name: keep_sections
INSERT INTO kept_sections (district_id, section_id, rank)
SELECT $1, k.* FROM unnest($2::text[], $3::integer[]) AS k
ON CONFLICT (district_id, section_id) DO UPDATE SET rank = EXCLUDED.rank

-- name: drop_sections
DELETE FROM kept_sections WHERE district_id = $1 AND section_id = ANY($2::text[])

-- name: resize_kept
-- Says by how many students each kept section grew; returns those that came to have none, or some.
UPDATE kept_sections k SET students = k.students + d.change
FROM unnest($2::text[], $3::bigint[]) AS d(section_id, change)
WHERE k.district_id = $1 AND k.section_id = d.section_id
RETURNING k.section_id, k.students = 0 OR k.students = d.change AS turned

-- name: replace_identities
-- Replaces the rows of these students and returns the values that somebody left or came to.
WITH wanted AS (
    SELECT * FROM unnest($3::text[], $4::text[], $5::bytea[]) AS w(student_id, field, value_digest)
), removed AS (
    DELETE FROM identities i WHERE i.district_id = $1 AND i.student_id = ANY($2::text[])
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
SELECT DISTINCT i.student_id
FROM unnest($2::text[], $3::bytea[]) AS v(field, value_digest)
JOIN identities i ON i.district_id = $1 AND i.field = v.field AND i.value_digest = v.value_digest
WHERE EXISTS (SELECT FROM identities o WHERE o.district_id = $1 AND o.field = i.field
                  AND o.value_digest = i.value_digest AND o.student_id <> i.student_id)
   <> EXISTS (SELECT FROM findings f WHERE f.district_id = $1 AND f.kind = 'student'
                  AND f.record_id = i.student_id AND f.code = 'student.duplicate_identity' AND f.open
                  AND f.detail ->> 'field' = i.field)

-- name: duplicated_fields
SELECT i.student_id, i.field FROM identities i
WHERE i.district_id = $1 AND i.student_id = ANY($2::text[])
  AND EXISTS (SELECT FROM identities o WHERE o.district_id = $1 AND o.field = i.field
                  AND o.value_digest = i.value_digest AND o.student_id <> i.student_id)

-- name: student_states
SELECT i.id, CASE WHEN s.record ? 'student' THEN s.record END AS record,
       kept.sections, kept.ranks, school.record_id IS NOT NULL AS school_known,
       r.candidate_member, r.committed_member, r.sections AS counted
FROM unnest($2::text[]) AS i(id)
LEFT JOIN staged s ON s.district_id = $1 AND s.kind = 'user' AND s.record_id = i.id
LEFT JOIN roster r ON r.district_id = $1 AND r.kind = 'student' AND r.record_id = i.id
LEFT JOIN staged school ON school.district_id = $1 AND school.kind = 'school' AND school.record IS NOT NULL
    AND school.record_id = s.record #>> '{student,texts,school_id}'
LEFT JOIN LATERAL (
    SELECT array_agg(k.section_id) AS sections, array_agg(k.rank) AS ranks
    FROM section_links l JOIN kept_sections k ON k.district_id = $1 AND k.section_id = l.section_id
    WHERE l.district_id = $1 AND l.role = 'student' AND l.target_id = i.id) AS kept ON true

-- name: teacher_states
SELECT i.id, CASE WHEN s.record ? 'teacher' THEN s.record END AS record,
       r.candidate_member, r.committed_member,
       EXISTS (SELECT FROM section_links l
               JOIN kept_sections k ON k.district_id = $1 AND k.section_id = l.section_id
               WHERE l.district_id = $1 AND l.role = 'teacher' AND l.target_id = i.id
                 AND k.students > 0) AS needed
FROM unnest($2::text[]) AS i(id)
LEFT JOIN staged s ON s.district_id = $1 AND s.kind = 'user' AND s.record_id = i.id
LEFT JOIN roster r ON r.district_id = $1 AND r.kind = 'teacher' AND r.record_id = i.id

-- name: school_states
SELECT i.id, s.record, r.candidate_member, r.committed_member,
       EXISTS (SELECT FROM roster o WHERE o.district_id = $1 AND o.school_id = i.id
                 AND o.candidate IS NOT NULL AND o.kind IN ('student', 'class')) AS needed
FROM unnest($2::text[]) AS i(id)
LEFT JOIN staged s ON s.district_id = $1 AND s.kind = 'school' AND s.record_id = i.id
LEFT JOIN roster r ON r.district_id = $1 AND r.kind = 'school' AND r.record_id = i.id

-- name: students_of_schools
SELECT record_id FROM roster
WHERE district_id = $1 AND school_id = ANY($2::text[]) AND candidate IS NOT NULL
  AND kind IN ('student', 'class') AND kind = 'student'

-- name: entry_states
SELECT record_id, candidate, candidate_member, committed_member FROM roster
WHERE district_id = $1 AND kind = $2 AND record_id = ANY($3::text[])

-- name: write_entries
INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, school_id, sections)
SELECT $1, e.kind, e.record_id, e.candidate, e.member, e.school_id, string_to_array(e.sections, ' ')
FROM unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[])
    AS e(kind, record_id, candidate, member, school_id, sections)
ON CONFLICT (district_id, kind, record_id) DO UPDATE SET
    candidate = EXCLUDED.candidate, candidate_member = EXCLUDED.candidate_member,
    school_id = EXCLUDED.school_id, sections = EXCLUDED.sections

-- name: blank_entries
UPDATE roster r SET candidate = NULL, candidate_member = NULL, school_id = NULL, sections = NULL
FROM unnest($2::text[], $3::text[]) AS e(kind, record_id)
WHERE r.district_id = $1 AND r.kind = e.kind AND r.record_id = e.record_id AND r.committed IS NOT NULL

-- name: delete_entries
DELETE FROM roster r USING unnest($2::text[], $3::text[]) AS e(kind, record_id)
WHERE r.district_id = $1 AND r.kind = e.kind AND r.record_id = e.record_id AND r.committed IS NULL

-- name: open_findings
SELECT code, severity, kind, record_id, detail FROM findings
WHERE district_id = $1 AND kind = ANY($2::text[]) AND ($3::text[] IS NULL OR record_id = ANY($3)) AND open

-- name: add_findings
INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported)
SELECT $1, f.*, true, false
FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::jsonb[]) AS f
ON CONFLICT (district_id, kind, record_id, member) DO UPDATE SET open = true

-- name: close_findings
UPDATE findings f SET open = false
FROM unnest($2::text[], $3::text[], $4::bytea[]) AS c(kind, record_id, member)
WHERE f.district_id = $1 AND f.kind = c.kind AND f.record_id = c.record_id AND f.member = c.member
  AND f.reported

-- name: delete_findings
DELETE FROM findings f USING unnest($2::text[], $3::text[], $4::bytea[]) AS c(kind, record_id, member)
WHERE f.district_id = $1 AND f.kind = c.kind AND f.record_id = c.record_id AND f.member = c.member
  AND NOT f.reported

-- name: school_removals
-- Schools from which the plan removes more students than the floor, with how many each has committed.
WITH removed AS (
    SELECT committed_school_id AS school_id, count(*) AS removed FROM roster
    WHERE district_id = $1 AND candidate_member IS DISTINCT FROM committed_member AND kind = 'student'
      AND candidate IS NULL AND committed_school_id IS NOT NULL
    GROUP BY committed_school_id HAVING count(*) > $2
)
SELECT s.school_id, s.removed,
       (SELECT count(*) FROM roster r WHERE r.district_id = $1 AND r.committed_school_id = s.school_id
            AND r.committed IS NOT NULL AND r.kind = 'student') AS committed
FROM removed s

-- name: quarantined
SELECT count(*) FROM quarantine WHERE district_id = $1
