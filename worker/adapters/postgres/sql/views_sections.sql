-- The sections of a district in a table; each statement begins with `told`, which the adapter puts before it.

-- name: told
-- Every live section that is asked for. The few schools, courses and terms are joined as a whole: 26,000
-- sections would otherwise be 80,000 look-ups.
WITH beside AS MATERIALIZED (
    SELECT kind, record_id, record ->> 'name' AS name FROM staged
    WHERE district_id = $1 AND kind IN ('school', 'course', 'term') AND record IS NOT NULL
), kept AS MATERIALIZED (
    SELECT section_id, rank FROM kept_sections WHERE district_id = $1
), live AS MATERIALIZED (
    SELECT record_id AS id, r.name, r.subject, r.period, r.grade, r.school_id, r.course_id, r.term_id,
           coalesce(jsonb_array_length(r.students), 0) AS students
    FROM staged
    CROSS JOIN LATERAL jsonb_to_record(record) AS r(name text, subject text, period text, grade text,
        school_id text, course_id text, term_id text, students jsonb)
    WHERE district_id = $1 AND kind = 'section' AND record IS NOT NULL
), told AS (
    SELECT l.id, l.name, school.name AS school, l.subject, l.period, l.grade, course.name AS course,
           term.name AS term, l.students, k.rank AS kept
    FROM live l
    LEFT JOIN beside school ON school.kind = 'school' AND school.record_id = l.school_id
    LEFT JOIN beside course ON course.kind = 'course' AND course.record_id = l.course_id
    LEFT JOIN beside term ON term.kind = 'term' AND term.record_id = l.term_id
    LEFT JOIN kept k ON k.section_id = l.id
), asked AS MATERIALIZED (
    SELECT *, CASE $3 WHEN 'name' THEN name WHEN 'subject' THEN subject WHEN 'period' THEN period
                      WHEN 'grade' THEN grade WHEN 'course_name' THEN course WHEN 'school' THEN school
                      WHEN 'term' THEN term END AS value
    FROM told
    WHERE $2 = '' OR strpos(lower(concat_ws(' ', name, subject, course, school, term, id)), lower($2)) > 0
)

-- name: page
SELECT id, name, school, subject, period, grade, course, term, students, kept, count(*) OVER () AS matching
FROM asked
WHERE $3::text IS NULL OR CASE WHEN $5 THEN strpos(lower(value), lower($4)) > 0
                               ELSE lower(btrim(coalesce(value, ''))) = lower(btrim($4)) END
ORDER BY CASE $6 WHEN 'school' THEN lower(school) WHEN 'subject' THEN lower(subject)
                 WHEN 'period' THEN lpad(lower(period), 8) WHEN 'grade' THEN lpad(lower(grade), 8)
                 WHEN 'course' THEN lower(course) WHEN 'term' THEN lower(term) END NULLS LAST,
         CASE WHEN $6 = 'students' THEN students END DESC, lower(name), id
OFFSET $7 LIMIT $8

-- name: groups
SELECT min(btrim(value)) AS value, count(*) AS sections, sum(students)::bigint AS students,
       count(kept) AS kept
FROM asked
GROUP BY nullif(lower(btrim(value)), '')
ORDER BY sections DESC, value
LIMIT $4

-- name: words
-- Words of the names: letters and digits in a row, of two characters or more, each once a section.
SELECT w.word AS value, count(*) AS sections, sum(a.students)::bigint AS students, count(a.kept) AS kept
FROM asked a
CROSS JOIN LATERAL (SELECT DISTINCT word
    FROM regexp_split_to_table(lower(a.value), '[^[:alnum:]]+') AS word WHERE length(word) > 1) AS w
GROUP BY w.word
ORDER BY sections DESC, value
LIMIT $4
