-- Which fields of students are staged besides those that are always kept: `complete_fields` those that every
-- student has as Clever gives it, `held_fields` those that some may have. Null: staged by a version that kept all.
ALTER TABLE districts ADD COLUMN complete_fields text[], ADD COLUMN held_fields text[];
-- Those that are demanded and that not every student has: they need a new baseline.
ALTER TABLE districts ADD COLUMN lacking_fields text[] NOT NULL DEFAULT '{}';
ALTER TABLE districts ALTER COLUMN complete_fields SET DEFAULT '{}', ALTER COLUMN held_fields SET DEFAULT '{}';

-- The fields with which a baseline's students are read. Null: all.
ALTER TABLE baselines ADD COLUMN student_fields text[];

-- A staged user with these texts and these fields of `ext` alone.
CREATE FUNCTION rostering_with_kept_fields(record jsonb, texts text[], ext text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN record ? 'student' THEN jsonb_set(record, '{student}',
        ((record -> 'student') - 'ext')
        || jsonb_build_object('texts', coalesce(
            (SELECT jsonb_object_agg(key, value) FROM jsonb_each(record #> '{student,texts}')
             WHERE key = ANY(texts)), '{}'))
        || coalesce(
            (SELECT jsonb_build_object('ext', jsonb_object_agg(key, value))
             FROM jsonb_each(record #> '{student,ext}') WHERE key = ANY(ext) HAVING count(*) > 0), '{}'))
        ELSE record END
$$;
