-- The states of a district's lifecycle, in their order, and every allowed move between them. A test holds these
-- tables and worker.domain.onboarding.states to each other. '' is a district that is not on its way yet.
CREATE TABLE lifecycle_states (
    state text PRIMARY KEY,
    place smallint NOT NULL UNIQUE
);
INSERT INTO lifecycle_states (state, place) VALUES
    ('chosen', 1), ('invited', 2), ('connected', 3), ('sharing_requested', 4), ('all_sections_shared', 5),
    ('filtering', 6), ('waiting_on_district', 7), ('rostered', 8), ('launch_scheduled', 9), ('ready', 10),
    ('live', 11), ('disconnected', 12);

CREATE TABLE lifecycle_moves (
    from_state text NOT NULL,
    move       text NOT NULL,
    to_state   text NOT NULL REFERENCES lifecycle_states,
    PRIMARY KEY (from_state, move, to_state)
);
INSERT INTO lifecycle_moves (from_state, move, to_state) VALUES
    ('', 'choose', 'chosen'),
    ('', 'find', 'connected'),
    ('chosen', 'invite', 'invited'),
    ('invited', 'invite', 'invited'),
    ('chosen', 'connect', 'connected'),
    ('invited', 'connect', 'connected'),
    ('connected', 'request_sharing', 'sharing_requested'),
    ('sharing_requested', 'request_sharing', 'sharing_requested'),
    ('connected', 'share', 'all_sections_shared'),
    ('sharing_requested', 'share', 'all_sections_shared'),
    ('all_sections_shared', 'filter', 'filtering'),
    ('all_sections_shared', 'request_rules', 'waiting_on_district'),
    ('filtering', 'request_rules', 'waiting_on_district'),
    ('waiting_on_district', 'request_rules', 'waiting_on_district'),
    ('rostered', 'request_rules', 'waiting_on_district'),
    ('launch_scheduled', 'request_rules', 'waiting_on_district'),
    ('ready', 'request_rules', 'waiting_on_district'),
    ('live', 'request_rules', 'waiting_on_district'),
    ('waiting_on_district', 'resume_filtering', 'filtering'),
    ('connected', 'commit', 'rostered'),
    ('sharing_requested', 'commit', 'rostered'),
    ('all_sections_shared', 'commit', 'rostered'),
    ('filtering', 'commit', 'rostered'),
    ('waiting_on_district', 'commit', 'rostered'),
    ('rostered', 'schedule', 'launch_scheduled'),
    ('ready', 'schedule', 'launch_scheduled'),
    ('live', 'schedule', 'launch_scheduled'),
    ('launch_scheduled', 'unschedule', 'rostered'),
    ('ready', 'unschedule', 'rostered'),
    ('launch_scheduled', 'launch', 'ready'),
    ('ready', 'open', 'live');
INSERT INTO lifecycle_moves (from_state, move, to_state)
SELECT state, 'disconnect', 'disconnected' FROM lifecycle_states WHERE state NOT IN ('chosen', 'invited', 'disconnected')
UNION ALL
SELECT 'disconnected', 'return', state FROM lifecycle_states WHERE state NOT IN ('chosen', 'invited', 'disconnected');

-- Where each district stands, and what people said of it.
CREATE TABLE lifecycles (
    district_id    text COLLATE "C" PRIMARY KEY,
    state          text NOT NULL REFERENCES lifecycle_states,
    since          timestamptz NOT NULL DEFAULT now(),      -- when it came to this state
    returns_to     text REFERENCES lifecycle_states,        -- where it was before it was disconnected
    name           text,                                    -- until Clever tells it
    contacts       text[] NOT NULL DEFAULT '{}',            -- addresses of the administration team
    time_zone      text,                                    -- null: that of the settings
    opens_on       date,                                    -- the first day of the assessment window
    launch_on      date,                                    -- null: reckoned from opens_on
    windows_set    integer NOT NULL DEFAULT 0,              -- how often opens_on or launch_on were said
    commits_before bigint NOT NULL DEFAULT 0,               -- commits there were when rules were asked for
    sections       bigint,                                  -- how much is shared, as last judged,
    students       bigint,
    unsectioned    bigint,                                  -- students in no section
    judged_batch   bigint,                                  -- and after which batch
    held_since     timestamptz,                             -- since when a launch is held back,
    troubles       text[] NOT NULL DEFAULT '{}',            -- and by what
    CONSTRAINT returns_from_disconnected CHECK (returns_to IS NULL OR state = 'disconnected'),
    CONSTRAINT launch_needs_a_window CHECK (launch_on IS NULL OR opens_on IS NOT NULL),
    CONSTRAINT held_by_something CHECK ((held_since IS NULL) = (troubles = '{}'))
);
CREATE INDEX lifecycles_by_state ON lifecycles (state, district_id);

-- Districts that people took off their way: they are not found there by themselves any more.
CREATE TABLE lifecycle_drops (
    district_id text COLLATE "C" PRIMARY KEY,
    dropped_at  timestamptz NOT NULL DEFAULT now()
);

-- Every move that was made. Its key is in the table of moves: what is not allowed cannot be written down.
CREATE TABLE lifecycle_history (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district_id text COLLATE "C" NOT NULL REFERENCES lifecycles ON DELETE CASCADE,
    from_state  text NOT NULL,
    move        text NOT NULL,
    to_state    text NOT NULL,
    at          timestamptz NOT NULL,
    actor       text,                                       -- null: it was seen
    detail      jsonb NOT NULL DEFAULT '{}',
    FOREIGN KEY (from_state, move, to_state) REFERENCES lifecycle_moves
);
CREATE INDEX lifecycle_history_of_district ON lifecycle_history (district_id, id);

-- A state changes by an allowed move only, and back from `disconnected` only to where the district was.
CREATE FUNCTION lifecycle_move_is_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM lifecycle_moves WHERE from_state = CASE TG_OP WHEN 'INSERT' THEN '' ELSE OLD.state END
                       AND to_state = NEW.state) THEN
        RAISE EXCEPTION 'lifecycle: no move leads from % to %',
            CASE TG_OP WHEN 'INSERT' THEN 'nowhere' ELSE OLD.state END, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'disconnected' AND NEW.state <> coalesce(OLD.returns_to, 'connected') THEN
        RAISE EXCEPTION 'lifecycle: a district returns to %, not to %', OLD.returns_to, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lifecycle_starts BEFORE INSERT ON lifecycles
    FOR EACH ROW EXECUTE FUNCTION lifecycle_move_is_allowed();
CREATE TRIGGER lifecycle_moves_on BEFORE UPDATE OF state ON lifecycles
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION lifecycle_move_is_allowed();

-- Links that a district connects by. A link opens a page without anybody's data; it ends, and may be revoked.
CREATE TABLE connect_links (
    token       text COLLATE "C" PRIMARY KEY CHECK (length(token) >= 32),
    district_id text COLLATE "C" NOT NULL REFERENCES lifecycles ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    revoked_by  text,
    opened_at   timestamptz,                                -- when its page was first asked for
    CHECK (expires_at > created_at)
);
CREATE INDEX connect_links_of_district ON connect_links (district_id, created_at);
