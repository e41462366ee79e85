-- A district's terms, and the schools whose live sections name them.

-- name: used
-- The terms that live sections name, by school, with how many do and whether the term is in its grace.
SELECT t.school_id, t.term_id, t.sections, t.in_grace, s.record
FROM school_terms t
LEFT JOIN LATERAL (SELECT record FROM staged
    WHERE district_id = $1 AND kind = 'term' AND record_id = t.term_id OFFSET 0) AS s ON true
WHERE t.district_id = $1
ORDER BY t.school_id, t.term_id

-- name: unused
-- The staged terms that no live section names.
SELECT s.record_id, s.record FROM staged s
WHERE s.district_id = $1 AND s.kind = 'term' AND s.record IS NOT NULL
  AND NOT EXISTS (SELECT FROM school_terms t WHERE t.district_id = $1 AND t.term_id = s.record_id)
ORDER BY s.record_id
