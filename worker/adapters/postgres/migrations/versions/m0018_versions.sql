-- When a version of a record was changed, in microseconds of the epoch, by its own last_modified: of two versions
-- the one changed last stays. Null where nobody can tell; for a tombstone, where a baseline did not have the record.
ALTER TABLE inbox
    ADD COLUMN modified bigint,
    ADD COLUMN is_row boolean NOT NULL DEFAULT false;   -- made of a row of a list, which has no place in the feed
ALTER TABLE staged ADD COLUMN modified bigint;
ALTER TABLE baseline_records ADD COLUMN modified bigint;
ALTER TABLE baselines
    ADD COLUMN saved boolean NOT NULL DEFAULT false,       -- read from saved pages, which may be of any day
    ADD COLUMN pages_at jsonb,                             -- their newest last_modified, by kind, and of all under ''
    ADD COLUMN over_newer boolean NOT NULL DEFAULT false,  -- a person said that what was read stays, however old
    ADD COLUMN repeated bigint NOT NULL DEFAULT 0;         -- rows of a record that was read already

-- The second in which an event was made, in microseconds; null for an id that is none of an event.
CREATE FUNCTION rostering_made_at(event_id text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN event_id ~ '^[0-9a-f]{24}$' THEN ('x' || left(event_id, 8))::bit(32)::bigint * 1000000 END;

-- The greatest id of an event made in that second.
CREATE FUNCTION rostering_highest_id(at_micros bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lpad(to_hex(at_micros / 1000000), 8, '0') || repeat('f', 16);

-- The newest last_modified of saved pages of a kind, or of all where that kind has none.
CREATE FUNCTION rostering_pages_at(pages_at jsonb, kind text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(pages_at ->> kind, pages_at ->> '')::bigint;

-- Whether a row that a baseline has read stays, and not what is staged of the record. Ids above latest are no
-- order of anything. Live pages are as new as their floor, and yet may show a version that has changed since.
CREATE FUNCTION rostering_row_stays(
    saved boolean, over_newer boolean, floor text, latest text, pages_at bigint,
    row_at bigint, staged_event text, staged_at bigint, is_tombstone boolean
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(CASE
    WHEN staged_event IS NULL THEN true
    WHEN over_newer OR row_at IS NULL
        THEN staged_event COLLATE "C" <= floor COLLATE "C" OR staged_event COLLATE "C" > latest COLLATE "C"
    WHEN NOT saved THEN CASE
        WHEN staged_at IS NULL OR is_tombstone OR row_at = staged_at
            THEN staged_event COLLATE "C" <= floor COLLATE "C" OR staged_event COLLATE "C" > latest COLLATE "C"
        ELSE row_at > staged_at END
    WHEN is_tombstone AND staged_at IS NULL THEN pages_at >= rostering_made_at(staged_event)
    WHEN is_tombstone THEN row_at > staged_at
    ELSE row_at >= coalesce(staged_at, CASE WHEN staged_event COLLATE "C" <= latest COLLATE "C"
                                            THEN rostering_made_at(staged_event) END) END, true);

-- Whether a staged record that a baseline does not have is gone.
CREATE FUNCTION rostering_is_gone(
    saved boolean, over_newer boolean, floor text, latest text, pages_at bigint, staged_event text, staged_at bigint
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN staged_event COLLATE "C" > latest COLLATE "C" THEN true
    WHEN over_newer OR NOT saved OR pages_at IS NULL THEN staged_event COLLATE "C" <= floor COLLATE "C"
    ELSE coalesce(staged_at, 0) <= pages_at AND coalesce(rostering_made_at(staged_event), 0) <= pages_at END;
