-- name: teachers
-- The district's staged teachers.
SELECT record_id, record FROM staged
WHERE district_id = $1 AND kind = 'user' AND record ? 'teacher'

-- name: committed_teachers
-- The names of the teachers whom the last commit has, or an earlier one had: one who left may still name sections.
SELECT record_id, committed::jsonb ->> 'first_name' AS first_name, committed::jsonb ->> 'last_name' AS last_name
FROM roster WHERE district_id = $1 AND kind = 'teacher' AND committed IS NOT NULL
UNION ALL
SELECT record_id, record::jsonb ->> 'first_name', record::jsonb ->> 'last_name'
FROM commit_history WHERE district_id = $1 AND kind = 'teacher' AND record IS NOT NULL

-- name: students
-- The district's staged students, with what a scope reads of each: schools and grade.
SELECT record_id, record #>> '{student,texts,school_id}' AS school_id, record #>> '{student,texts,grade}' AS grade,
       record #> '{student,other_schools}' AS other_schools
FROM staged
WHERE district_id = $1 AND kind = 'user' AND record ? 'student'
ORDER BY record_id

-- name: schools_courses_terms
-- The district's live schools, courses and terms, which its sections name.
SELECT kind, record_id, record FROM staged
WHERE district_id = $1 AND kind IN ('school', 'course', 'term') AND record IS NOT NULL

-- name: sections
-- The district's live sections, in the order of their ids.
SELECT record_id, record FROM staged
WHERE district_id = $1 AND kind = 'section' AND record IS NOT NULL
ORDER BY record_id

-- name: schools
-- The names of the district's live schools.
SELECT record_id, record ->> 'name' AS name FROM staged
WHERE district_id = $1 AND kind = 'school' AND record IS NOT NULL

-- name: shared_values
-- The grades and schools that shared students have, to find the values of a scope that match none.
SELECT 'grades' AS field, record #>> '{student,texts,grade}' AS value FROM staged
WHERE district_id = $1 AND kind = 'user' AND record ? 'student'
UNION
SELECT 'schools', record #>> '{student,texts,school_id}' FROM staged
WHERE district_id = $1 AND kind = 'user' AND record ? 'student'
UNION
SELECT 'schools', jsonb_array_elements_text(record #> '{student,other_schools}') FROM staged
WHERE district_id = $1 AND kind = 'user'

-- name: moment
-- The district's last batch, when it was purged, the time now, and its time zone and grace of terms.
SELECT d.batch_number, d.purged_at, clock_timestamp() AS now, coalesce(l.time_zone, $2) AS time_zone,
       coalesce((SELECT (policy ->> 'term_grace_days')::integer FROM policies p
                 WHERE p.district_id = d.district_id AND (until IS NULL OR until > clock_timestamp())
                 ORDER BY version DESC LIMIT 1), $3) AS grace_days
FROM districts d LEFT JOIN onboarding l USING (district_id) WHERE d.district_id = $1

-- name: standing_classes
-- The classes of the last commit whose sections still list some of their students, and how many of them.
SELECT r.committed::jsonb ->> 'class_id' AS id, count(*) AS students
FROM roster r
JOIN enrollments e ON e.district_id = r.district_id AND e.student_id = r.record_id
    AND r.committed::jsonb ->> 'class_id' = ANY (e.sections)
WHERE r.district_id = $1 AND r.kind = 'student' AND r.committed IS NOT NULL
GROUP BY 1
