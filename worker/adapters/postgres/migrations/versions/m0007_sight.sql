-- Students in scope by school and grade ('' where there is none), and how many of them have an error: kept up
-- by what each evaluation changes.
CREATE TABLE coverage (
    district_id text COLLATE "C" NOT NULL,
    school_id   text COLLATE "C" NOT NULL,
    grade       text COLLATE "C" NOT NULL,
    students    bigint NOT NULL CHECK (students >= 0),
    blocked     bigint NOT NULL CHECK (blocked >= 0),
    PRIMARY KEY (district_id, school_id, grade)
);

-- Where a student of the candidate roster was counted, so that he can be taken out there.
ALTER TABLE roster
    ADD COLUMN grade text COLLATE "C",
    ADD COLUMN blocked boolean NOT NULL DEFAULT false;

UPDATE roster r SET
    grade = candidate::jsonb ->> 'grade',
    blocked = EXISTS (SELECT FROM findings f WHERE f.district_id = r.district_id AND f.kind = 'student'
                          AND f.record_id = r.record_id AND f.open AND f.severity = 'error')
WHERE kind = 'student' AND candidate IS NOT NULL;

INSERT INTO coverage
SELECT district_id, coalesce(school_id, ''), coalesce(grade, ''), count(*), count(*) FILTER (WHERE blocked)
FROM roster WHERE kind = 'student' AND candidate IS NOT NULL
GROUP BY 1, 2, 3;
