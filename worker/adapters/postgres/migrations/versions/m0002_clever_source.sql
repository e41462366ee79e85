-- Events up to the floor are in the last baseline already, and change nothing any more.
ALTER TABLE districts
    ADD COLUMN floor text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN baseline_at timestamptz,
    ADD COLUMN purged_at timestamptz;

-- A word that an unreadable event keeps from ever being kept must not hold up the later ones for ever.
ALTER TABLE feed_marks ADD COLUMN received_at timestamptz NOT NULL DEFAULT now();

-- Districts that are, or were, connected through Clever, and how far their feeds were read.
CREATE TABLE connections (
    district_id     text COLLATE "C" PRIMARY KEY,
    token           bytea,                    -- sealed; null once disconnected
    connected_at    timestamptz NOT NULL DEFAULT now(),
    missing_since   timestamptz,              -- not in the list of connected districts
    disconnected_at timestamptz,
    due_at          timestamptz NOT NULL DEFAULT now(),
    failures        integer NOT NULL DEFAULT 0,
    problem         text,
    cursor          text COLLATE "C",         -- the last event read; '': none yet; null: unknown
    cursor_at       timestamptz,              -- when the feed was last read to its end since a baseline
    settled         text COLLATE "C" NOT NULL DEFAULT '',
    unsettled       bigint NOT NULL DEFAULT 0, -- events read after settled, up to the cursor
    overlap         text COLLATE "C" NOT NULL DEFAULT '', -- where reading begins: before the cursor
    resync          text,                     -- why a baseline is wanted
    baseline_after  timestamptz NOT NULL DEFAULT now(), -- no baseline before
    record          jsonb,                    -- the district as Clever last told it
    CONSTRAINT disconnected_has_no_token CHECK (disconnected_at IS NULL OR token IS NULL)
);
CREATE INDEX connections_due ON connections (due_at) WHERE disconnected_at IS NULL;

-- When the list of connected districts was last read; one row.
CREATE TABLE token_listing (
    only_one  boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    listed_at timestamptz NOT NULL
);

-- The baseline of a district that is being read, or was read and not yet adopted.
CREATE TABLE baselines (
    district_id text COLLATE "C" PRIMARY KEY,
    run         uuid NOT NULL,
    seed        text COLLATE "C" NOT NULL,    -- the feed's newest event when the reading began
    overlap     text COLLATE "C" NOT NULL,    -- and the one before it
    floor       text COLLATE "C" NOT NULL,    -- the newest event that any record can be of by then
    collections text[] NOT NULL,              -- what is read
    place       integer NOT NULL DEFAULT 0,   -- the collection that is next
    after       text COLLATE "C",             -- and the record after which its next page begins
    records     bigint NOT NULL DEFAULT 0,
    started_at  timestamptz NOT NULL DEFAULT now(),
    read_at     timestamptz,                  -- when every page was there, and believed
    ready_at    timestamptz                   -- when the feed was read up to now as well: adopt it
);

-- What a baseline has read. Not logged: a crash of the server empties it, and the reading begins anew.
CREATE UNLOGGED TABLE baseline_records (
    district_id text COLLATE "C" NOT NULL,
    kind        text NOT NULL,
    record_id   text COLLATE "C" NOT NULL,
    record      jsonb,                        -- null: not readable, for the reason given
    reason      text,
    explanation text,
    PRIMARY KEY (district_id, kind, record_id),
    CONSTRAINT read_or_not CHECK ((record IS NULL) = (reason IS NOT NULL))
);

-- What operations were told of and is not over.
CREATE TABLE incidents (
    district_id text COLLATE "C" NOT NULL,
    code        text NOT NULL,
    since       timestamptz NOT NULL,
    PRIMARY KEY (district_id, code)
);

-- Where a staged section points; what `worker.pipeline.evaluate.candidate.refresh` derives for the sections of a batch.
CREATE FUNCTION rostering_links(section jsonb) RETURNS TABLE (role text, target_id text)
LANGUAGE sql IMMUTABLE AS $$
    SELECT DISTINCT role, target_id FROM (
        SELECT 'student', jsonb_array_elements_text(coalesce(section -> 'students', '[]'))
        UNION ALL SELECT 'teacher', jsonb_array_elements_text(coalesce(section -> 'teachers', '[]'))
        UNION ALL SELECT 'school', section ->> 'school_id'
        UNION ALL SELECT 'course', section ->> 'course_id'
        UNION ALL SELECT 'term', section ->> 'term_id'
    ) AS l(role, target_id) WHERE target_id <> ''
$$;
