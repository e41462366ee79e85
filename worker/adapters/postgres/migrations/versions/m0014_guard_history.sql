-- Each student whom a commit added, removed, or put into another class or school: what he was before it.
-- Guards count removals and changes of class over hours. An approval, and a rollback, forget all of a district.
CREATE TABLE guard_history (
    district_id  text COLLATE "C" NOT NULL,
    sequence     bigint NOT NULL,
    student_id   text COLLATE "C" NOT NULL,
    committed_at timestamptz NOT NULL,
    was_there    boolean NOT NULL,
    school_id    text COLLATE "C",
    class_id     text COLLATE "C",
    PRIMARY KEY (district_id, sequence, student_id),
    CONSTRAINT who_was_not_there_had_no_class CHECK (was_there OR class_id IS NULL)
);
CREATE INDEX guard_history_age ON guard_history (district_id, committed_at);

-- What a person saw that a filter moves, and confirmed; it counts up to the first commit by that filter.
ALTER TABLE filters
    ADD COLUMN confirmed jsonb,
    ADD COLUMN confirmation_ended_at timestamptz;
