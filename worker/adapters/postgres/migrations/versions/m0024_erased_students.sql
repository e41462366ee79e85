-- Students who were erased by a person's order: nothing of them is kept again.
CREATE TABLE erased_students (
    district_id text COLLATE "C" NOT NULL,
    student_id  text COLLATE "C" NOT NULL,
    erased_at   timestamptz NOT NULL DEFAULT now(),
    actor       text NOT NULL,
    PRIMARY KEY (district_id, student_id)
);

-- A student's record that was erased is null beside its member, by which a rollback is still proved.
ALTER TABLE commit_history DROP CONSTRAINT record_is_whole;
ALTER TABLE commit_history ADD CONSTRAINT record_has_a_member CHECK (record IS NULL OR member IS NOT NULL);

-- A user's record without the student.
CREATE FUNCTION rostering_without_student(record jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN record ? 'teacher' THEN record - 'student' END
$$;
