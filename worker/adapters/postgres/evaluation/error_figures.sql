-- What the causes of a review are folded from. Each statement starts from the open errors, and looks one row
-- up at a time by its key.

-- name: concerned_sections
-- Kept sections of the students who are in several.
SELECT c.section_id AS id, s.record ->> 'name' AS name, s.record ->> 'subject' AS subject,
       course.record ->> 'name' AS course, s.record ->> 'period' AS period, s.record ->> 'grade' AS grade,
       s.record ->> 'term_id' AS term_id, term.record AS term, s.record -> 'teachers' AS teachers,
       s.record ->> 'school_id' AS school_id,
       k.committed IS NOT NULL AS was_class,
       NOT s.record ? 'term_id' AND (k.committed::jsonb ->> 'term_id') IS NOT NULL AS lost_term,
       s.record - 'students' AS record, s.before, kept.students, c.torn,
       s.changed_after = (SELECT commit_sequence FROM districts WHERE district_id = $1)
           AND s.before IS DISTINCT FROM s.record - 'students' AS is_changed
FROM (SELECT u.section_id, count(*) AS torn
      FROM findings f
      CROSS JOIN LATERAL (SELECT sections FROM roster
          WHERE district_id = $1 AND kind = 'student' AND record_id = f.record_id OFFSET 0) AS r
      CROSS JOIN LATERAL unnest(r.sections) AS u(section_id)
      WHERE f.open_of = $1 AND f.severity = 'error' AND f.code = 'student.multiple_sections'
      GROUP BY u.section_id) AS c
LEFT JOIN LATERAL (SELECT record, changed_after, before FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = c.section_id OFFSET 0) AS s ON true
LEFT JOIN LATERAL (SELECT students FROM kept_sections
    WHERE district_id = $1 AND section_id = c.section_id OFFSET 0) AS kept ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'course' AND record_id = s.record ->> 'course_id' OFFSET 0)
    AS course ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'term' AND record_id = s.record ->> 'term_id' OFFSET 0)
    AS term ON true
LEFT JOIN LATERAL (SELECT committed FROM roster
    WHERE district_id = $1 AND kind = 'class' AND record_id = c.section_id OFFSET 0) AS k ON true
ORDER BY c.section_id

-- name: kept_texts
-- What conditions may read of the sections that the filter keeps, but for some ($2).
SELECT s.record ->> 'name' AS name, s.record ->> 'subject' AS subject, s.record ->> 'period' AS period,
       s.record ->> 'school_id' AS school_id
FROM kept_sections k
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = k.section_id OFFSET 0) AS s
WHERE k.district_id = $1 AND k.students > 0 AND k.section_id <> ALL($2::text[])

-- name: new_homes
-- Sections that are new since the last commit, the first $2, that list students in no kept section, and nobody who is
-- in one; with what a filter reads beside them.
SELECT s.record_id AS section_id, s.record - 'students' AS record, course.record AS course, school.record AS school,
       term.record AS term
FROM (SELECT record_id, record FROM staged
      WHERE district_id = $1
        AND changed_after = (SELECT commit_sequence FROM districts WHERE district_id = $1)
        AND kind = 'section' AND before IS NULL AND record IS NOT NULL
      ORDER BY record_id LIMIT $2) AS s
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE r.sections = '{}') AS bare, count(*) FILTER (WHERE r.sections <> '{}') AS placed
    FROM jsonb_array_elements_text(s.record -> 'students') AS u(id)
    CROSS JOIN LATERAL (SELECT coalesce(sections, '{}') AS sections FROM roster
        WHERE district_id = $1 AND kind = 'student' AND record_id = u.id AND candidate IS NOT NULL OFFSET 0)
        AS r) AS listed
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'course' AND record_id = s.record ->> 'course_id' OFFSET 0)
    AS course ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'school' AND record_id = s.record ->> 'school_id' OFFSET 0)
    AS school ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'term' AND record_id = s.record ->> 'term_id' OFFSET 0)
    AS term ON true
WHERE listed.bare > 0 AND listed.placed * 10 <= listed.bare
ORDER BY s.record_id

-- name: sections_together
-- Sets of kept sections that two or more students are in together, those of most students first.
SELECT r.sections, count(*) AS students
FROM findings f
CROSS JOIN LATERAL (SELECT sections FROM roster
    WHERE district_id = $1 AND kind = 'student' AND record_id = f.record_id OFFSET 0) AS r
WHERE f.open_of = $1 AND f.severity = 'error' AND f.code = 'student.multiple_sections'
GROUP BY r.sections HAVING count(*) > 1 ORDER BY count(*) DESC, r.sections LIMIT $2

-- name: teacher_names
-- The names of the teachers of any section, of all who are committed, and of those whom an earlier commit had:
-- one who left may still name sections.
-- One step in the index for each of them, and not for each of their sections.
WITH RECURSIVE taught AS (
    SELECT min(target_id) AS target_id FROM section_links WHERE district_id = $1 AND role = 'teacher'
    UNION ALL
    SELECT (SELECT min(l.target_id) FROM section_links l
            WHERE l.district_id = $1 AND l.role = 'teacher' AND l.target_id > t.target_id)
    FROM taught t WHERE t.target_id IS NOT NULL
)
SELECT t.target_id AS id, s.record #>> '{teacher,first_name}' AS first_name,
       s.record #>> '{teacher,last_name}' AS last_name
FROM taught t
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'user' AND record_id = t.target_id OFFSET 0) AS s
WHERE s.record ? 'teacher'
UNION ALL
SELECT record_id, committed::jsonb ->> 'first_name', committed::jsonb ->> 'last_name'
FROM roster WHERE district_id = $1 AND kind = 'teacher' AND committed IS NOT NULL
UNION ALL
SELECT record_id, record::jsonb ->> 'first_name', record::jsonb ->> 'last_name'
FROM commit_history WHERE district_id = $1 AND kind = 'teacher' AND record IS NOT NULL

-- name: sections_of_bare_students
-- The live sections of the students who are in no kept one, with what a filter reads beside them.
SELECT c.section_id AS id, s.record - 'students' AS record, course.record AS course, school.record AS school,
       term.record AS term
FROM (SELECT DISTINCT l.section_id
      FROM findings f
      CROSS JOIN LATERAL (SELECT unnest(sections) AS section_id FROM enrollments
          WHERE district_id = $1 AND student_id = f.record_id OFFSET 0) AS l
      WHERE f.open_of = $1 AND f.severity = 'error' AND f.code = 'student.no_section') AS c
CROSS JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = c.section_id AND record IS NOT NULL OFFSET 0) AS s
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'course' AND record_id = s.record ->> 'course_id' OFFSET 0)
    AS course ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'school' AND record_id = s.record ->> 'school_id' OFFSET 0)
    AS school ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'term' AND record_id = s.record ->> 'term_id' OFFSET 0)
    AS term ON true
ORDER BY c.section_id

-- name: sections_of_unknown_terms
-- Kept sections of the students who are in several whose term is not staged, or has no days.
SELECT c.section_id AS id, s.term_id
FROM (SELECT DISTINCT u.section_id
      FROM findings f
      CROSS JOIN LATERAL (SELECT sections FROM roster
          WHERE district_id = $1 AND kind = 'student' AND record_id = f.record_id OFFSET 0) AS r
      CROSS JOIN LATERAL unnest(r.sections) AS u(section_id)
      WHERE f.open_of = $1 AND f.severity = 'error' AND f.code = 'student.multiple_sections') AS c
CROSS JOIN LATERAL (SELECT record ->> 'term_id' AS term_id FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = c.section_id OFFSET 0) AS s
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'term' AND record_id = s.term_id OFFSET 0) AS term ON true
WHERE s.term_id IS NOT NULL AND NOT coalesce(term.record ?| ARRAY['start', 'end'], false)
ORDER BY c.section_id

-- name: alike
-- Which sets of kept sections ($3, with the students of each, $4) nine in ten of their students share, and differ by
-- their teachers alone, or by nothing but their own numbers.
SELECT g.sections, CASE WHEN of.copies = 1 THEN 'doubled' ELSE 'co_taught' END AS sign
FROM (SELECT t.sections::text[] AS sections, t.students
      FROM unnest($3::text[], $4::bigint[]) AS t(sections, students)) AS g
CROSS JOIN LATERAL (
    SELECT count(DISTINCT s.record -> 'teachers') AS teachers, max(k.students) AS students,
           count(DISTINCT s.record - 'teachers' - 'students' - 'name' - 'sis_id' - 'section_number') AS kinds,
           count(DISTINCT s.record - 'students' - 'sis_id' - 'section_number') AS copies, count(s.record) AS found,
           bool_and(s.record ? 'subject' OR s.record ? 'course_id') AS are_named
    FROM unnest(g.sections) AS u(section_id)
    CROSS JOIN LATERAL (SELECT record FROM staged
        WHERE district_id = $1 AND kind = 'section' AND record_id = u.section_id OFFSET 0) AS s
    CROSS JOIN LATERAL (SELECT students FROM kept_sections
        WHERE district_id = $1 AND section_id = u.section_id OFFSET 0) AS k) AS of
WHERE (of.teachers = cardinality(g.sections) OR of.copies = 1 AND of.found = cardinality(g.sections))
  AND of.kinds = 1 AND ($2 OR of.are_named)
  AND g.students * 10 >= of.students * 9
ORDER BY g.sections

-- name: copies
-- Of one student of each of these sets of sections ($2, as texts): how many other sections there are, how many of them
-- are there twice, with nothing but their own numbers apart, and how many of the sections of the sets have a term.
SELECT coalesce(sum(sections) FILTER (WHERE NOT is_of_set), 0)::bigint AS others,
       coalesce(sum(sections) FILTER (WHERE NOT is_of_set AND sections > 1), 0)::bigint AS copied,
       coalesce(sum(with_term) FILTER (WHERE is_of_set), 0)::bigint AS with_term
FROM (SELECT is_of_set, count(*) AS sections, count(*) FILTER (WHERE record ? 'term_id') AS with_term
      FROM (SELECT g.sections, l.section_id = ANY(g.sections) AS is_of_set, s.record
            FROM (SELECT t.sections::text[] AS sections FROM unnest($2::text[]) AS t(sections)) AS g
            CROSS JOIN LATERAL (SELECT record #>> '{students,0}' AS id FROM staged
                WHERE district_id = $1 AND kind = 'section' AND record_id = g.sections[1] OFFSET 0) AS student
            CROSS JOIN LATERAL (SELECT unnest(sections[1:$3]) AS section_id FROM enrollments
                WHERE district_id = $1 AND student_id = student.id OFFSET 0) AS l
            CROSS JOIN LATERAL (SELECT record - 'students' - 'sis_id' - 'section_number' AS record FROM staged
                WHERE district_id = $1 AND kind = 'section' AND record_id = l.section_id AND record IS NOT NULL OFFSET 0)
                AS s) AS listed
      GROUP BY sections, is_of_set, CASE WHEN is_of_set THEN NULL ELSE record END) AS counted

-- name: former_classes
-- The classes of the last commit of students who are in no kept section now: as they were committed, and their
-- sections as they are staged; and a section of one of its students with the same SIS id or name: of one that is
-- shared still, one that was no class.
SELECT c.class_id AS id, c.students, c.still_listed, k.committed, s.listed, s.record, course.record AS course,
       school.record AS school, term.record AS term, old_school.record AS old_school, old_term.record AS old_term,
       n.id AS next_id, n.record AS next, n.course AS next_course, n.school AS next_school, n.term AS next_term
FROM (SELECT r.committed::jsonb ->> 'class_id' AS class_id, count(*) AS students,
             count(*) FILTER (WHERE EXISTS (
                 SELECT FROM enrollments l WHERE l.district_id = $1 AND l.student_id = f.record_id
                     AND r.committed::jsonb ->> 'class_id' = ANY (l.sections)))
                 AS still_listed,
             ARRAY[min(f.record_id), max(f.record_id)] AS some
      FROM findings f
      CROSS JOIN LATERAL (SELECT committed FROM roster
          WHERE district_id = $1 AND kind = 'student' AND record_id = f.record_id AND committed IS NOT NULL OFFSET 0)
          AS r
      WHERE f.open_of = $1 AND f.severity = 'error' AND f.code = 'student.no_section'
      GROUP BY 1) AS c
CROSS JOIN LATERAL (SELECT committed::jsonb AS committed FROM roster
    WHERE district_id = $1 AND kind = 'class' AND record_id = c.class_id AND committed IS NOT NULL OFFSET 0) AS k
LEFT JOIN LATERAL (
    SELECT record - 'students' AS record, coalesce(jsonb_array_length(record -> 'students'), 0) AS listed FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = c.class_id AND record IS NOT NULL OFFSET 0) AS s ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'course' AND record_id = s.record ->> 'course_id' OFFSET 0) AS course ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'school' AND record_id = s.record ->> 'school_id' OFFSET 0) AS school ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'term' AND record_id = s.record ->> 'term_id' OFFSET 0) AS term ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'school' AND record_id = k.committed ->> 'school_id' OFFSET 0)
    AS old_school ON true
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'term' AND record_id = k.committed ->> 'term_id' OFFSET 0) AS old_term ON true
LEFT JOIN LATERAL (
    SELECT l.section_id AS id, n.record - 'students' AS record, course.record AS course, school.record AS school,
           term.record AS term
    FROM (SELECT unnest(sections) AS section_id FROM enrollments
          WHERE district_id = $1 AND student_id = ANY(c.some) OFFSET 0) AS l
    CROSS JOIN LATERAL (SELECT record FROM staged
        WHERE district_id = $1 AND kind = 'section' AND record_id = l.section_id OFFSET 0) AS n
    LEFT JOIN staged course ON course.district_id = $1 AND course.kind = 'course'
        AND course.record_id = n.record ->> 'course_id'
    LEFT JOIN staged school ON school.district_id = $1 AND school.kind = 'school'
        AND school.record_id = n.record ->> 'school_id'
    LEFT JOIN staged term ON term.district_id = $1 AND term.kind = 'term'
        AND term.record_id = n.record ->> 'term_id'
    WHERE (s.record IS NULL OR NOT EXISTS (
               SELECT FROM roster w WHERE w.district_id = $1 AND w.kind = 'class' AND w.record_id = l.section_id
                   AND w.committed IS NOT NULL))
      AND l.section_id <> c.class_id
      AND (lower(btrim(n.record ->> 'sis_id')) = lower(btrim(k.committed ->> 'sis_id'))
           OR lower(btrim(n.record ->> 'name')) = lower(btrim(k.committed ->> 'name')))
    ORDER BY l.section_id LIMIT 1) AS n ON true
ORDER BY c.students DESC, c.class_id

-- name: classmates_placed
-- Of these classes of the last commit ($2): how many of their students the plan puts into another class of their school.
SELECT r.committed::jsonb ->> 'class_id' AS class_id, count(*) AS students
FROM roster r
WHERE r.plan_of = $1 AND r.kind || '' = 'student' AND r.school_id = r.committed_school_id
  AND cardinality(r.sections) = 1 AND r.committed::jsonb ->> 'class_id' = ANY($2::text[])
  AND r.committed::jsonb ->> 'class_id' <> r.sections[1]
GROUP BY 1

-- name: schools_without_sections
-- Which of these schools have no shared section.
SELECT i.id FROM unnest($2::text[]) AS i(id)
WHERE (SELECT true FROM section_links l
       WHERE l.district_id = $1 AND l.role = 'school' AND l.target_id = i.id LIMIT 1) IS NULL

-- name: shared_sections
-- Whether any section lists a student, how many sections are shared, and of how many subjects; whether one is called
-- what a class of every student is called: by a word as long as these ($2), or by a short one that stands alone ($3).
SELECT EXISTS (SELECT FROM enrollments WHERE district_id = $1) AS are_lists_filled,
       count(*) AS sections, count(DISTINCT lower(btrim(record ->> 'subject'))) AS subjects,
       count(*) FILTER (WHERE NOT record ? 'subject') AS without_subject, min(record ->> 'subject') AS subject,
       coalesce(bool_or(regexp_replace(said, '[^[:alpha:]]', '', 'g') ~ $2 OR said ~ $3), false) AS have_homerooms
FROM staged
CROSS JOIN LATERAL (SELECT lower(concat_ws(' ', record ->> 'name', record ->> 'subject')) AS said) AS names
WHERE district_id = $1 AND kind = 'section' AND record IS NOT NULL

-- name: school_names
-- What these schools are called, as shared, or as committed; blank of one without a name.
SELECT i.id, coalesce(s.record ->> 'name', r.committed::jsonb ->> 'name', '') AS name
FROM unnest($2::text[]) AS i(id)
LEFT JOIN staged s ON s.district_id = $1 AND s.kind = 'school' AND s.record_id = i.id
LEFT JOIN roster r ON r.district_id = $1 AND r.kind = 'school' AND r.record_id = i.id
WHERE s.record IS NOT NULL OR r.committed IS NOT NULL

-- name: shares_schools
-- Whether any school's own record is shared.
SELECT EXISTS (SELECT FROM staged WHERE district_id = $1 AND kind = 'school' AND record IS NOT NULL)

-- name: blocked
-- Blocked students, folded to those with the same errors in the same grade of the same school.
-- $3 numbers the kinds of sections; a number is negative where the student is in several of the kind. The keys of $4
-- and $12 are sections that would count if their term was current, and is over or ahead, those of $11 are sections of
-- current terms. $5 are those of unknown terms, each with its term, $6 sets of sections that are alike, as texts, with
-- what they are, $7 students who are there under two ids. $8 numbers what became of former classes, for those whom
-- their section lists (the class's id after "+") and for the others (after "-"). The keys of $9 are kept sections that
-- were no classes in the last commit; $13 numbers what they are, for students whose other section is one class of then.
-- $10 are kept sections with their schools. $14 numbers why new sections are not kept.
WITH errors AS (
    SELECT record_id, (code || ' ' || coalesce(detail ->> 'field', '')) COLLATE "C" AS error, since,
           code = 'student.multiple_sections' AS is_torn, code = 'student.no_section' AS is_bare,
           CASE WHEN code = 'student.field_missing' THEN detail ->> 'field' END AS blank
    FROM findings WHERE open_of = $1 AND severity = 'error' AND code = ANY($2::text[])
), students AS (
    SELECT record_id, array_agg(error ORDER BY error) AS errors, array_agg(since ORDER BY error) AS sinces,
           bool_or(is_torn) AS is_torn, bool_or(is_bare) AS is_bare, array_remove(array_agg(blank), NULL) AS blank
    FROM errors GROUP BY record_id
), placed AS (
    SELECT s.errors, s.sinces, r.school_id, (r.candidate::jsonb ->> 'grade') COLLATE "C" AS grade,
           coalesce(s.is_torn AND $9::jsonb IS NOT NULL AND NOT EXISTS (
               SELECT FROM unnest(r.sections) AS u(id) WHERE $9::jsonb ? u.id), false) AS is_added,
           CASE WHEN s.is_torn AND $13::jsonb IS NOT NULL THEN (
               SELECT CASE WHEN count(*) - count(n.number) = 1 AND min(n.number) = max(n.number) THEN min(n.number) END
               FROM (SELECT ($13::jsonb ->> u.id)::integer AS number FROM unnest(r.sections) AS u(id)) AS n) END AS news,
           CASE WHEN s.is_bare AND $14::jsonb IS NOT NULL THEN (
               SELECT min(($14::jsonb ->> u.id)::integer) FROM enrollments e CROSS JOIN unnest(e.sections) AS u(id)
               WHERE e.district_id = $1 AND e.student_id = s.record_id) END AS home,
           s.is_bare AND r.committed IS NULL AS is_new,
           CASE WHEN s.blank <> '{}' AND r.committed IS NOT NULL THEN (
               SELECT array_agg(b.field ORDER BY b.field)
               FROM (SELECT r.committed::jsonb AS record) AS c CROSS JOIN unnest(s.blank) AS b(field)
               WHERE jsonb_typeof(coalesce(c.record -> b.field, c.record #> ARRAY['extra', b.field])) <> 'null')
           END AS lost,
           CASE WHEN (s.is_bare OR 'grade' = ANY(s.blank))
                 AND r.committed::jsonb ->> 'grade' IS DISTINCT FROM r.candidate::jsonb ->> 'grade'
                THEN (r.committed::jsonb ->> 'grade') COLLATE "C" END AS was_grade,
           CASE WHEN 'school_id' = ANY(s.blank) THEN r.committed_school_id
                WHEN r.committed_school_id <> r.school_id AND (
                    s.is_bare OR (s.is_torn AND $10::jsonb IS NOT NULL AND NOT EXISTS (
                        SELECT FROM staged u WHERE u.district_id = $1 AND u.kind = 'user' AND u.record_id = s.record_id
                            AND u.record #> '{student,other_schools}' ? r.committed_school_id)))
                THEN r.committed_school_id END AS came_from,
           CASE WHEN s.is_torn AND $10::jsonb IS NOT NULL THEN (
               SELECT CASE WHEN min(at.school) <> max(at.school) THEN array_agg(DISTINCT at.school) END
               FROM (SELECT $10::jsonb ->> u.id AS school FROM unnest(r.sections) AS u(id)) AS at
               WHERE at.school IS NOT NULL) END AS class_schools,
           CASE WHEN s.is_bare AND r.committed IS NOT NULL AND $8::jsonb IS NOT NULL THEN (
               SELECT ($8::jsonb ->> (CASE WHEN EXISTS (
                   SELECT FROM enrollments l WHERE l.district_id = $1 AND l.student_id = s.record_id
                       AND c.class_id = ANY (l.sections))
                   THEN '+' ELSE '-' END || c.class_id))::integer
               FROM (SELECT r.committed::jsonb ->> 'class_id' AS class_id) AS c) END AS fate,
           CASE WHEN s.is_torn AND $3::jsonb IS NOT NULL THEN (
               SELECT array_agg(CASE WHEN l.sections > 1 THEN -l.label ELSE l.label END ORDER BY l.label)
               FROM (SELECT ($3::jsonb ->> u.id)::integer AS label, count(*) AS sections
                     FROM unnest(r.sections) AS u(id) GROUP BY 1) AS l) END AS labels,
           NOT s.is_bare OR (SELECT true FROM enrollments l
                             WHERE l.district_id = $1 AND l.student_id = s.record_id) IS NOT NULL AS is_listed,
           CASE WHEN s.record_id = ANY($7::text[]) THEN 'reissued'
                WHEN s.is_bare AND $4::jsonb IS NOT NULL THEN (
                    SELECT CASE WHEN $4::jsonb ?| l.ids
                                THEN CASE WHEN $11::jsonb ?| l.ids THEN 'class_over' ELSE 'term_not_running' END
                                WHEN $12::jsonb ?| l.ids
                                THEN CASE WHEN $11::jsonb ?| l.ids THEN 'class_ahead' ELSE 'term_ahead' END END
                    FROM (SELECT sections AS ids FROM enrollments
                          WHERE district_id = $1 AND student_id = s.record_id) AS l)
                WHEN s.is_torn AND $5::jsonb IS NOT NULL AND (
                    SELECT count(*) FILTER (WHERE t.term IS NULL) <= 1
                       AND count(*) FILTER (WHERE t.term IS NULL) + count(DISTINCT t.term) > 1
                    FROM (SELECT $5::jsonb ->> u.id AS term FROM unnest(r.sections) AS u(id)) AS t)
                    THEN 'term_unknown'
                WHEN s.is_torn AND $6::jsonb IS NOT NULL THEN $6::jsonb ->> array_to_string(r.sections, ' ')
           END AS sign
    FROM students s
    LEFT JOIN LATERAL (SELECT school_id, candidate, committed, committed_school_id, sections FROM roster
        WHERE district_id = $1 AND kind = 'student' AND record_id = s.record_id OFFSET 0) AS r ON true
)
SELECT p.errors, p.school_id, p.grade, p.labels, p.is_listed, p.sign, p.is_added, p.fate, p.came_from, p.class_schools,
       p.is_new, p.lost, p.was_grade, p.news, p.home, e.error,
       count(*) AS students, min(e.since) AS since
FROM placed p
CROSS JOIN LATERAL unnest(p.errors, p.sinces) AS e(error, since)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16

-- name: blank_before
-- Which fields some students lack now who were committed without them.
SELECT DISTINCT f.field
FROM (SELECT record_id, detail ->> 'field' AS field,
             row_number() OVER (PARTITION BY detail ->> 'field' ORDER BY record_id) AS place
      FROM findings WHERE open_of = $1 AND severity = 'error' AND code = 'student.field_missing') AS f
CROSS JOIN LATERAL (SELECT committed::jsonb AS record FROM roster
    WHERE district_id = $1 AND kind = 'student' AND record_id = f.record_id AND committed IS NOT NULL OFFSET 0) AS r
WHERE f.place <= $2 AND jsonb_typeof(r.record -> f.field) = 'null'

-- name: same_values
-- Of each field in which students have another's value: of how many values all have one name, or each another name, and
-- had each another value in the last commit; and of how many pairs one alone is in a section, or was in the last commit,
-- or is both. Of more students than $2, the values that some have are not all there: those with one left are not counted.
WITH doubled AS (
    SELECT f.field, lower(btrim(coalesce(r.record ->> f.field, r.record #>> ARRAY['extra', f.field]))) AS value,
           lower(btrim(coalesce(r.old ->> f.field, r.old #>> ARRAY['extra', f.field]))) AS old_value,
           lower(btrim(r.record ->> 'first_name')) AS first_name, lower(btrim(r.record ->> 'last_name')) AS last_name,
           r.old IS NOT NULL AS was_there,
           EXISTS (SELECT FROM enrollments e WHERE e.district_id = $1 AND e.student_id = f.record_id) AS is_listed
    FROM (SELECT record_id, detail ->> 'field' AS field,
                 row_number() OVER (PARTITION BY detail ->> 'field' ORDER BY record_id) AS place
          FROM findings WHERE open_of = $1 AND severity = 'error' AND code = 'student.duplicate_identity') AS f
    CROSS JOIN LATERAL (SELECT candidate::jsonb AS record, committed::jsonb AS old FROM roster
        WHERE district_id = $1 AND kind = 'student' AND record_id = f.record_id AND candidate IS NOT NULL OFFSET 0) AS r
    WHERE f.place <= $2
), shared AS (
    SELECT field, value, count(DISTINCT (first_name, last_name)) AS names, count(*) AS students,
           bool_and(first_name IS NOT NULL AND last_name IS NOT NULL) AS are_named,
           count(DISTINCT old_value) AS old_values,
           count(*) = 2 AND count(*) FILTER (WHERE is_listed) = 1 AS has_one_listed,
           count(*) = 2 AND count(*) FILTER (WHERE was_there) = 1 AS has_one_old,
           count(*) FILTER (WHERE is_listed AND was_there) AS used_before
    FROM doubled GROUP BY field, value HAVING count(*) > 1
)
SELECT field, count(*) AS values, count(*) FILTER (WHERE names = 1 AND are_named) AS of_one,
       count(*) FILTER (WHERE names = students AND are_named) AS of_others,
       count(*) FILTER (WHERE old_values = students) AS were_apart,
       count(*) FILTER (WHERE has_one_listed) AS one_listed, count(*) FILTER (WHERE has_one_old) AS one_old,
       count(*) FILTER (WHERE has_one_listed AND has_one_old AND used_before = 1) AS one_of_both
FROM shared GROUP BY field ORDER BY field

-- name: sections_by_labels
-- Some sections of the students with the same kinds of them, those of most such students first.
SELECT labels, section_id, students
FROM (SELECT t.labels, u.section_id, count(*) AS students,
             row_number() OVER (PARTITION BY t.labels ORDER BY count(*) DESC, u.section_id) AS place
      FROM (SELECT r.sections, (
                SELECT array_agg(CASE WHEN l.sections > 1 THEN -l.label ELSE l.label END ORDER BY l.label)
                FROM (SELECT ($2::jsonb ->> u.id)::integer AS label, count(*) AS sections
                      FROM unnest(r.sections) AS u(id) GROUP BY 1) AS l) AS labels
            FROM findings f
            CROSS JOIN LATERAL (SELECT sections FROM roster
                WHERE district_id = $1 AND kind = 'student' AND record_id = f.record_id OFFSET 0) AS r
            WHERE f.open_of = $1 AND f.severity = 'error' AND f.code = 'student.multiple_sections'
            OFFSET 0) AS t
      CROSS JOIN LATERAL unnest(t.sections) AS u(section_id)
      GROUP BY t.labels, u.section_id) AS ranked
WHERE place <= $3
ORDER BY labels, place

-- name: other_errors
-- Errors on everything but students.
SELECT code, count(*) AS findings, min(since) AS since, (array_agg(record_id ORDER BY record_id))[1:$3] AS ids,
       coalesce(max((detail ->> 'waiting')::bigint), 0) AS waiting,
       array_remove(array_agg(DISTINCT detail ->> 'records'), NULL) AS records
FROM findings WHERE open_of = $1 AND severity = 'error' AND code = ANY($2::text[])
GROUP BY code ORDER BY code

-- name: cohorts
-- Students in scope of each grade of these schools.
SELECT i.id AS school_id, r.candidate::jsonb ->> 'grade' AS grade, count(*) AS students
FROM unnest($2::text[]) AS i(id)
CROSS JOIN LATERAL (SELECT candidate FROM roster
    WHERE district_id = $1 AND school_id = i.id AND candidate IS NOT NULL
      AND kind IN ('student', 'class') AND kind || '' = 'student' OFFSET 0) AS r
GROUP BY 1, 2

-- name: removed_students
-- Students that the plan removes: where they were, whether they are shared still, with which grade, or come back
-- otherwise, and how many of them sections list still.
-- Those that come back do so under another id (of `reissued`, which the program puts before this).
SELECT r.committed_school_id AS school_id, r.committed::jsonb ->> 'grade' AS grade,
       coalesce(s.record ? 'student', false) AS is_staged, count(*) AS students, count(n.old_id) AS reissued,
       s.record #>> '{student,texts,grade}' AS grade_now,
       nullif(s.record #>> '{student,texts,school_id}', r.committed_school_id) AS moved_to,
       count(*) FILTER (WHERE EXISTS (SELECT FROM enrollments l
                                      WHERE l.district_id = $1 AND l.student_id = r.record_id))
           AS listed
FROM roster r
LEFT JOIN reissued n ON n.old_id = r.record_id
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'user' AND record_id = r.record_id OFFSET 0) AS s ON true
WHERE r.plan_of = $1 AND r.kind = 'student' AND r.candidate IS NULL
GROUP BY 1, 2, 3, 6, 7 ORDER BY 1, 2, 3, 6, 7

-- name: others_at
-- How many students the sections of these schools list who are not in the roster: out of scope.
SELECT l.target_id AS school_id, count(DISTINCT u.id) AS students
FROM section_links l
CROSS JOIN LATERAL (SELECT record -> 'students' AS students FROM staged
    WHERE district_id = $1 AND kind = 'section' AND record_id = l.section_id OFFSET 0) AS s
CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(s.students, '[]')) AS u(id)
WHERE l.district_id = $1 AND l.role = 'school' AND l.target_id = ANY($2::text[])
  AND (SELECT record ? 'student' FROM staged WHERE district_id = $1 AND kind = 'user' AND record_id = u.id)
  AND (SELECT true FROM roster WHERE district_id = $1 AND kind = 'student' AND record_id = u.id) IS NULL
GROUP BY 1 ORDER BY 1

-- name: regraded
-- How many committed students the plan removes, or has in another grade.
SELECT count(*) AS students FROM roster
WHERE plan_of = $1 AND kind || '' = 'student' AND committed IS NOT NULL
  AND candidate::jsonb ->> 'grade' IS DISTINCT FROM committed::jsonb ->> 'grade'

-- name: newcomers_by_school
-- Students that the plan adds, by school.
SELECT school_id, count(*) AS students FROM roster
WHERE plan_of = $1 AND kind = 'student' AND committed IS NULL AND school_id IS NOT NULL
GROUP BY 1

-- name: gone_schools
-- Which of these schools were deleted. One that Clever never named says nothing: schools may not be shared.
SELECT i.id FROM unnest($2::text[]) AS i(id)
WHERE (SELECT record IS NULL FROM staged WHERE district_id = $1 AND kind = 'school' AND record_id = i.id)

-- name: replaced_classes
-- How many classes the plan removes, and how many it adds.
SELECT count(*) FILTER (WHERE candidate IS NULL) AS removed, count(*) FILTER (WHERE committed IS NULL) AS added
FROM roster WHERE plan_of = $1 AND kind = 'class'

-- name: class_changes
-- Students whom the plan puts into another class: where they were, and what became of the class they were in.
-- A section that came in the place of a deleted one is known by its SIS id, or by what a school would keep: its
-- name, its teachers, or its subject; it is the same class where nine in ten of the students are. $3 is today where only sections of current terms count.
WITH moved AS (
    SELECT r.committed_school_id AS school_id, r.committed::jsonb ->> 'grade' AS grade,
           CASE WHEN r.school_id <> r.committed_school_id THEN r.school_id END AS moved_to,
           r.committed::jsonb ->> 'class_id' AS former, r.candidate::jsonb ->> 'class_id' AS next,
           r.candidate::jsonb ->> 'grade' IS DISTINCT FROM r.committed::jsonb ->> 'grade' AS is_promoted,
           (SELECT true FROM enrollments l WHERE l.district_id = $1 AND l.student_id = r.record_id
                AND r.committed::jsonb ->> 'class_id' = ANY (l.sections)) IS NOT NULL AS is_listed
    FROM roster r
    WHERE r.plan_of = $1 AND r.kind || '' = 'student'
      AND r.candidate::jsonb ->> 'class_id' <> r.committed::jsonb ->> 'class_id'
), groups AS (
    SELECT school_id, grade, former, next, is_promoted, is_listed, moved_to, count(*) AS students,
           sum(count(*)) OVER (PARTITION BY former) AS of_former, sum(count(*)) OVER (PARTITION BY next) AS of_next,
           sum(count(*)) OVER (PARTITION BY former, next) AS of_both
    FROM moved GROUP BY 1, 2, 3, 4, 5, 6, 7
), fates AS (
    SELECT g.*,
           CASE WHEN t.term_end < $3::text THEN 'term_over'
                WHEN g.is_listed THEN 'not_kept'
                WHEN s.is_shared THEN 'left'
                WHEN n.was_class AND g.of_both * 10 >= g.of_former * 9 AND g.of_both > 2 THEN 'merged'
                WHEN n.was_class THEN 'unshared'
                WHEN lower(btrim(f.class ->> 'sis_id')) = lower(btrim(n.class ->> 'sis_id')) THEN 'new_id'
                WHEN lower(btrim(f.class ->> 'name')) = lower(btrim(n.class ->> 'name'))
                  OR (f.class -> 'teacher_ids' = n.class -> 'teacher_ids' AND f.class -> 'teacher_ids' <> '[]')
                  OR lower(btrim(f.class ->> 'subject')) = lower(btrim(n.class ->> 'subject'))
                    THEN CASE WHEN g.of_both * 10 >= g.of_former * 9 AND g.of_both * 10 >= g.of_next * 9
                                   AND g.of_both > 2 THEN 'made_anew' ELSE 'renewed' END
                ELSE 'unshared' END AS fate
    FROM groups g
    LEFT JOIN LATERAL (SELECT record IS NOT NULL AS is_shared, record ->> 'term_id' AS term_id FROM staged
        WHERE district_id = $1 AND kind = 'section' AND record_id = g.former OFFSET 0) AS s ON true
    LEFT JOIN LATERAL (SELECT record ->> 'end' AS term_end FROM staged
        WHERE district_id = $1 AND kind = 'term' AND record_id = s.term_id OFFSET 0) AS t ON true
    LEFT JOIN LATERAL (SELECT committed::jsonb AS class FROM roster
        WHERE district_id = $1 AND kind = 'class' AND record_id = g.former OFFSET 0) AS f ON true
    LEFT JOIN LATERAL (SELECT candidate::jsonb AS class, committed IS NOT NULL AS was_class FROM roster
        WHERE district_id = $1 AND kind = 'class' AND record_id = g.next OFFSET 0) AS n ON true
), classes AS (
    SELECT school_id, grade, fate, is_promoted, moved_to, next, sum(students) AS students
    FROM fates GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT school_id, grade, fate, is_promoted, moved_to, sum(students)::bigint AS students,
       (array_agg(next ORDER BY students DESC, next))[1:$2] AS sections
FROM classes GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5

-- name: is_connected
-- Whether the district is connected in Clever, so that it can be read again.
SELECT EXISTS (SELECT FROM connections WHERE district_id = $1 AND disconnected_at IS NULL)

-- name: has_shared_students
-- Whether Clever shares any student of the district, in scope or not.
SELECT (SELECT true FROM staged WHERE district_id = $1 AND kind = 'user' AND record ? 'student' LIMIT 1) IS NOT NULL
