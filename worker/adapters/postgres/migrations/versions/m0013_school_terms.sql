-- Which terms the live sections of each school name, and how many of them do; the school is '' for sections
-- without one. In a gap between two terms the last one counts on at its schools: `in_grace`, as of the last
-- evaluation by a filter that looks at terms.
CREATE TABLE school_terms (
    district_id text COLLATE "C" NOT NULL,
    school_id   text COLLATE "C" NOT NULL,
    term_id     text COLLATE "C" NOT NULL,
    sections    bigint NOT NULL,
    in_grace    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (district_id, school_id, term_id)
);

INSERT INTO school_terms (district_id, school_id, term_id, sections)
SELECT district_id, coalesce(record ->> 'school_id', ''), record ->> 'term_id', count(*)
FROM staged WHERE kind = 'section' AND record ->> 'term_id' IS NOT NULL
GROUP BY 1, 2, 3;
