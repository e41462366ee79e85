-- The schema: one statement a table, in the order in which data meets them.
-- Ids are compared byte by byte (COLLATE "C"): within a district the order of event ids is the feed.

-- One row a district: what was last decided, and the numbers kept up by every batch.
-- Its row lock is what lets one evaluation at a time happen in a district.
CREATE TABLE districts (
    district_id        text COLLATE "C" PRIMARY KEY,
    seen_at            timestamptz NOT NULL DEFAULT now(),
    status             text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'review', 'rostered')),
    batch_number       bigint NOT NULL DEFAULT 0,
    decision_number    bigint NOT NULL DEFAULT 0,
    commit_sequence    bigint NOT NULL DEFAULT 0,
    review_sequence    bigint NOT NULL DEFAULT 0,
    outbox_position    bigint NOT NULL DEFAULT 0,
    last_commit_id     text,
    standing_since     timestamptz,
    reported_digest    bytea,
    counts             jsonb NOT NULL DEFAULT '{}',
    candidate_digest   bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    error_digest       bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    committed_digest   bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    committed_counts   jsonb NOT NULL DEFAULT '{}',
    filter_version     bigint NOT NULL DEFAULT 0,
    -- The version of the filter that the last commit was decided by.
    committed_filter_version bigint NOT NULL DEFAULT 0,
    -- The student fields that the policy demanded then, besides those that are always kept.
    committed_fields   text[] NOT NULL DEFAULT '{}',
    policy_fingerprint text,
    -- Whether parts of a first load are staged that no evaluation has judged.
    is_partly_loaded   boolean NOT NULL DEFAULT false,
    evaluated_on       date,
    -- Events up to the floor are in the last baseline already, and change nothing any more.
    floor              text COLLATE "C" NOT NULL DEFAULT '',
    baseline_at        timestamptz,
    purged_at          timestamptz,
    -- When time alone gives reason to evaluate the district again (a term begins or ends, a policy ends).
    reevaluate_at      timestamptz,
    -- The first commit that a rollback can restore.
    history_from       bigint NOT NULL DEFAULT 0,
    -- The last batch that changed anything that a search of section filters reads.
    search_input_batch bigint NOT NULL DEFAULT 0,
    -- Events up to this one are of before a purge, and are refused.
    purged_through     text COLLATE "C",
    -- Which fields of students are staged besides those that are always kept: complete_fields are those that
    -- every student has as Clever gives them, held_fields those that some may have.
    complete_fields    text[] DEFAULT '{}',
    held_fields        text[] DEFAULT '{}',
    -- Those that are demanded and that not every student has: they need a new baseline.
    lacking_fields     text[] NOT NULL DEFAULT '{}',
    -- What lists are ordered by. Few evaluations change it, and an update that changes nothing indexed writes to no index.
    students           bigint GENERATED ALWAYS AS ((counts ->> 'roster:student')::bigint) STORED,
    blocked            bigint GENERATED ALWAYS AS ((counts ->> 'blocked')::bigint) STORED,
    CONSTRAINT in_review_means_reported CHECK ((status = 'review') = (reported_digest IS NOT NULL)),
    CONSTRAINT in_review_means_standing CHECK ((status = 'review') = (standing_since IS NOT NULL))
);
CREATE INDEX districts_to_reevaluate ON districts (reevaluate_at) WHERE reevaluate_at IS NOT NULL;
CREATE INDEX districts_by_status ON districts (status, blocked DESC NULLS LAST, district_id) WHERE purged_at IS NULL;
CREATE INDEX districts_by_students ON districts (students DESC NULLS LAST, district_id);
CREATE INDEX districts_in_review ON districts (standing_since) WHERE standing_since IS NOT NULL;
CREATE INDEX districts_without_data ON districts (district_id) WHERE purged_at IS NOT NULL;
CREATE INDEX districts_purged ON districts (district_id) WHERE purged_through IS NOT NULL;

-- Evaluations of a district that raised. A row of its own, so that counting a failure waits for no lock.
CREATE TABLE evaluation_failures (
    district_id text COLLATE "C" PRIMARY KEY,
    failures    integer NOT NULL,
    not_before  timestamptz NOT NULL,
    parked_at   timestamptz,
    error       text NOT NULL
);
CREATE INDEX evaluation_failures_parked
    ON evaluation_failures (district_id)
    WHERE parked_at IS NOT NULL;

-- In which of some sizes a number of events is: it rises by a step where a limit is likely.
CREATE FUNCTION rostering_size_step(events bigint) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN width_bucket(events, '{1000,2000,5000,10000,20000,50000,100000,200000,500000,1000000}'::bigint[])::smallint;

-- The one open window of a district. Short row locks only: ingest passes here.
CREATE TABLE windows (
    district_id    text COLLATE "C" PRIMARY KEY,
    opened_at      timestamptz NOT NULL,
    last_event_at  timestamptz NOT NULL,
    events         bigint NOT NULL CHECK (events >= 0),
    requested      text CHECK (requested IN ('settled', 'flush', 'filter', 'resync', 'approval')),
    request_number bigint NOT NULL DEFAULT 0,
    through        text COLLATE "C",
    deferred_since timestamptz,
    -- What indexes hold of a window without a request. Few events change it, and an update that changes nothing indexed
    -- writes to no index. Each index answers one condition only: there is no other to choose, whatever statistics say.
    quiet_since    timestamptz GENERATED ALWAYS AS (
        CASE WHEN requested IS NULL THEN date_bin('2 seconds', last_event_at, 'epoch') END) STORED,
    events_since   timestamptz GENERATED ALWAYS AS (
        CASE WHEN requested IS NULL AND events > 0 THEN opened_at END) STORED,
    -- -1: there is a request
    size_step      smallint NOT NULL GENERATED ALWAYS AS (
        CASE WHEN requested IS NULL THEN rostering_size_step(events) ELSE -1 END) STORED,
    CONSTRAINT through_is_for_settled CHECK (through IS NULL OR requested = 'settled')
);
-- What each trigger closes next.
CREATE INDEX windows_requested ON windows (opened_at) WHERE requested IS NOT NULL;
CREATE INDEX windows_quiet ON windows (quiet_since, opened_at) WHERE quiet_since IS NOT NULL;
CREATE INDEX windows_age ON windows (events_since) WHERE events_since IS NOT NULL;
CREATE INDEX windows_size ON windows (size_step) WHERE size_step > 0;
CREATE INDEX windows_deferred ON windows (deferred_since) WHERE requested IS NULL AND deferred_since IS NOT NULL;

-- Windows that may be closed now: of districts that are neither parked nor put off.
CREATE VIEW ready_windows AS
SELECT w.district_id, w.opened_at, w.last_event_at, w.events, w.requested, w.deferred_since, w.quiet_since,
       w.events_since, w.size_step
FROM windows w
WHERE (SELECT f.parked_at IS NULL AND f.not_before <= clock_timestamp() FROM evaluation_failures f
       WHERE f.district_id = w.district_id) IS NOT FALSE;

-- Events stored and not yet evaluated. record is null for a deletion.
CREATE TABLE inbox (
    district_id  text COLLATE "C" NOT NULL,
    event_id     text COLLATE "C" NOT NULL,
    kind         text NOT NULL,
    record_id    text COLLATE "C" NOT NULL,
    record       jsonb,
    received_at  timestamptz NOT NULL DEFAULT now(),
    -- The trace context that an event came with (W3C traceparent), for the batch that takes it to link to.
    trace_parent text,
    -- When this version of the record was changed, in microseconds of the epoch, by its own last_modified: of two
    -- versions the one changed last stays. Null where that is unknown.
    modified     bigint,
    -- Made of a row of a list, which has no place in the feed.
    is_row       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (district_id, event_id),
    CONSTRAINT trace_parent_is_whole CHECK (length(trace_parent) = 55)
);

-- Ids of events that were evaluated or ignored: duplicates are known by them, and feed.settled counts them.
CREATE TABLE evaluated_events (
    district_id text COLLATE "C" NOT NULL,
    event_id    text COLLATE "C" NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (district_id, event_id)
);
CREATE INDEX evaluated_events_age ON evaluated_events (received_at);

-- What publishers said: that a feed was read to its end, and how many events they sent.
CREATE TABLE feed_marks (
    district_id text COLLATE "C" NOT NULL,
    through     text COLLATE "C" NOT NULL,
    since       text COLLATE "C" NOT NULL,
    count       bigint NOT NULL CHECK (count >= 0),
    -- A mark that an unreadable event keeps from being kept must not hold up the later ones for ever.
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, through)
);

-- Unreadable messages that name this district; their bodies are with the dead letters.
CREATE TABLE quarantine (
    district_id text COLLATE "C" NOT NULL,
    body_digest bytea NOT NULL,
    reason      text NOT NULL,
    explanation text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, body_digest)
);

-- The dead letters of the broker inside the process: unreadable messages, whole, until a person replays or discards
-- them. Those of RabbitMQ are on its queue. A routing key is bytes, since anything may stand in it.
CREATE TABLE dead_letters (
    position     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district_id  text COLLATE "C",
    routing_key  bytea NOT NULL,
    reason       text NOT NULL,
    body         bytea NOT NULL,
    died_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    trace_parent text
);

-- The staged roster: every record as Clever last sent it. record is null for a tombstone.
CREATE TABLE staged (
    district_id text COLLATE "C" NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('district', 'school', 'term', 'course', 'user', 'section')),
    record_id   text COLLATE "C" NOT NULL,
    event_id    text COLLATE "C" NOT NULL,
    record      jsonb,
    -- As in inbox. Of a tombstone: when a baseline did not have the record.
    modified    bigint,
    -- Of a section that changed, but for its students, after a commit: the sequence of that commit, and the record
    -- before, without students; null if it was not there. After a later commit they say nothing any more.
    changed_after bigint,
    before        jsonb,
    PRIMARY KEY (district_id, kind, record_id)
);
CREATE INDEX staged_changed ON staged (district_id, changed_after) WHERE changed_after IS NOT NULL;

-- Which live sections list a student, in their order. One row a student: an enrollment costs a few bytes of it.
CREATE TABLE enrollments (
    district_id text COLLATE "C" NOT NULL,
    student_id  text COLLATE "C" NOT NULL,
    sections    text[] COLLATE "C" NOT NULL CHECK (sections <> '{}'),
    PRIMARY KEY (district_id, student_id)
);

-- Which live sections point to a teacher, school, course or term.
CREATE TABLE section_links (
    district_id text COLLATE "C" NOT NULL,
    role        text NOT NULL CHECK (role IN ('teacher', 'school', 'course', 'term')),
    target_id   text COLLATE "C" NOT NULL,
    section_id  text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, role, target_id, section_id)
);

-- Sections that the filter keeps: rank is the first rule that does; students counts those in scope.
CREATE TABLE kept_sections (
    district_id text COLLATE "C" NOT NULL,
    section_id  text COLLATE "C" NOT NULL,
    rank        integer NOT NULL,
    students    bigint NOT NULL DEFAULT 0 CHECK (students >= 0),
    PRIMARY KEY (district_id, section_id)
);

-- Values of unique fields of the students in scope, as digests.
CREATE TABLE identities (
    district_id  text COLLATE "C" NOT NULL,
    field        text NOT NULL,
    value_digest bytea NOT NULL,
    student_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (district_id, field, value_digest, student_id)
);
CREATE INDEX identities_of_student ON identities (student_id);

-- The candidate and the committed roster, side by side; a plan is where they differ.
-- Records are canonical JSON texts, published to the letter; *_member is their SHA-256. plan_of is the
-- district where the two differ: asked for by it, a plan costs what is in it, and never the whole district.
CREATE TABLE roster (
    district_id         text COLLATE "C" NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('school', 'teacher', 'class', 'student')),
    record_id           text COLLATE "C" NOT NULL,
    school_id           text COLLATE "C",
    sections            text[],
    candidate           text,
    candidate_member    bytea,
    committed           text,
    committed_member    bytea,
    committed_school_id text COLLATE "C",
    plan_of             text COLLATE "C" GENERATED ALWAYS AS
        (CASE WHEN candidate_member IS DISTINCT FROM committed_member THEN district_id END) STORED,
    -- Of a student of the candidate roster.
    grade               text COLLATE "C",
    PRIMARY KEY (district_id, kind, record_id),
    CONSTRAINT candidate_is_whole CHECK ((candidate IS NULL) = (candidate_member IS NULL)),
    CONSTRAINT committed_is_whole CHECK ((committed IS NULL) = (committed_member IS NULL)),
    CONSTRAINT row_has_a_reason CHECK (candidate IS NOT NULL OR committed IS NOT NULL)
);
CREATE INDEX roster_plan ON roster (plan_of, kind, record_id) WHERE plan_of IS NOT NULL;
CREATE INDEX roster_school
    ON roster (district_id, school_id)
    WHERE candidate IS NOT NULL AND kind IN ('student', 'class');
CREATE INDEX roster_committed_school
    ON roster (district_id, committed_school_id)
    WHERE committed IS NOT NULL AND kind = 'student';

-- Findings that are open now, or stood in the district's last review. member is the finding's identity.
-- *_of is the district of those that are open, reported, or only one of the two (see roster.plan_of).
CREATE TABLE findings (
    district_id text COLLATE "C" NOT NULL,
    kind        text NOT NULL,
    record_id   text COLLATE "C" NOT NULL,
    member      bytea NOT NULL,
    code        text NOT NULL,
    severity    text NOT NULL CHECK (severity IN ('error', 'warning')),
    detail      jsonb NOT NULL,
    open        boolean NOT NULL,
    reported    boolean NOT NULL,
    open_of     text COLLATE "C" GENERATED ALWAYS AS (CASE WHEN open THEN district_id END) STORED,
    reported_of text COLLATE "C" GENERATED ALWAYS AS (CASE WHEN reported THEN district_id END) STORED,
    changed_of  text COLLATE "C" GENERATED ALWAYS AS
        (CASE WHEN open <> reported AND severity = 'error' THEN district_id END) STORED,
    -- Since when a finding stands.
    since       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, kind, record_id, member),
    CONSTRAINT row_has_a_reason CHECK (open OR reported)
);
CREATE INDEX findings_in_order
    ON findings (open_of, severity, code, kind, record_id, member)
    WHERE open_of IS NOT NULL;
CREATE INDEX findings_reported ON findings (reported_of) WHERE reported_of IS NOT NULL;
CREATE INDEX findings_changed ON findings (changed_of) WHERE changed_of IS NOT NULL;

-- Every batch: the closed window of events that an evaluation took.
CREATE TABLE batches (
    district_id text COLLATE "C" NOT NULL,
    number      bigint NOT NULL,
    batch_id    text NOT NULL UNIQUE,
    trigger     text NOT NULL,
    events      bigint NOT NULL,
    opened_at   timestamptz NOT NULL,
    closed_at   timestamptz NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('commit', 'review', 'deferred', 'unchanged', 'held')),
    PRIMARY KEY (district_id, number)
);
CREATE INDEX batches_by_age ON batches (closed_at);

-- Commits and reviews, numbered per district without gaps. summary is the message without its changes.
CREATE TABLE decisions (
    district_id  text COLLATE "C" NOT NULL,
    number       bigint NOT NULL,
    decision_id  text NOT NULL UNIQUE,
    outcome      text NOT NULL CHECK (outcome IN ('commit', 'review')),
    sequence     bigint NOT NULL,
    batch_number bigint NOT NULL,
    decided_at   timestamptz NOT NULL,
    summary      jsonb NOT NULL,
    published_at timestamptz,
    PRIMARY KEY (district_id, number),
    UNIQUE (district_id, outcome, sequence)
);
CREATE INDEX decisions_by_age ON decisions (decided_at);

-- Messages to publish, in the order of position within a district; gone once they are out.
-- The body is envelope with part, parts and, in commits, changes added.
CREATE TABLE outbox (
    district_id     text COLLATE "C" NOT NULL,
    position        bigint NOT NULL,
    decision_number bigint NOT NULL,
    routing_key     text NOT NULL,
    schema          text NOT NULL,
    message_key     text NOT NULL,
    sequence        bigint NOT NULL,
    part            integer NOT NULL,
    parts           integer NOT NULL,
    trace_parent    text NOT NULL,
    envelope        text NOT NULL,
    changes         text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, position)
);
-- All messages of a decision are of one time: from district to district in the order of age, none of them is read.
CREATE INDEX outbox_age ON outbox (created_at, district_id);

-- Who publishes a district's outbox; runs out by itself when its holder dies.
CREATE TABLE relay_leases (
    district_id text COLLATE "C" PRIMARY KEY,
    holder      uuid NOT NULL,
    until       timestamptz NOT NULL
);

-- Every section filter a district ever had; the highest version is in force.
CREATE TABLE filters (
    district_id           text COLLATE "C" NOT NULL,
    version               bigint NOT NULL,
    filter                jsonb NOT NULL,
    actor                 text NOT NULL,
    set_at                timestamptz NOT NULL DEFAULT now(),
    -- Why a person set it.
    reason                text,
    -- What a person saw that the filter moves, and confirmed; it counts up to the first commit by that filter.
    confirmed             jsonb,
    confirmation_ended_at timestamptz,
    PRIMARY KEY (district_id, version)
);
CREATE INDEX filters_by_age ON filters (set_at);

-- Every policy a district ever had: the settings of the preflight that differ for it.
CREATE TABLE policies (
    district_id text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    policy      jsonb NOT NULL,
    actor       text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT now(),
    reason      text,
    -- When it ends by itself; the one before it is in force again then.
    until       timestamptz,
    PRIMARY KEY (district_id, version)
);

-- What people did.
CREATE TABLE audit (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    actor       text NOT NULL,
    action      text NOT NULL,
    district_id text COLLATE "C",
    detail      jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_of_district ON audit (district_id, id);
CREATE INDEX audit_by_age ON audit (at, id);

-- Districts that are, or were, connected through Clever, and how far their feeds were read.
CREATE TABLE connections (
    district_id     text COLLATE "C" PRIMARY KEY,
    -- sealed; null once disconnected
    token           bytea,
    connected_at    timestamptz NOT NULL DEFAULT now(),
    -- not in the list of connected districts
    missing_since   timestamptz,
    disconnected_at timestamptz,
    due_at          timestamptz NOT NULL DEFAULT now(),
    failures        integer NOT NULL DEFAULT 0,
    problem         text,
    -- the last event read; '': none yet; null: unknown
    cursor          text COLLATE "C",
    -- when the feed was last read to its end since a baseline
    cursor_at       timestamptz,
    settled         text COLLATE "C" NOT NULL DEFAULT '',
    -- events read after settled, up to the cursor
    unsettled       bigint NOT NULL DEFAULT 0,
    -- where reading begins: before the cursor
    overlap         text COLLATE "C" NOT NULL DEFAULT '',
    -- why a baseline is wanted
    resync          text,
    -- no baseline before
    baseline_after  timestamptz NOT NULL DEFAULT now(),
    -- the district as Clever last sent it
    record          jsonb,
    -- Since when turns of this district fail.
    failing_since   timestamptz,
    -- when its feed last brought something new, or a person asked for it: the longer ago, the longer to the next turn
    active_at       timestamptz NOT NULL DEFAULT now(),
    -- by when its feed should be read to its end, once it was; later than due_at only where a turn is asked for
    awaited_at      timestamptz,
    -- of the token, by a key that is not stored: whether it changed
    token_digest    bytea,
    CONSTRAINT disconnected_has_no_token CHECK (disconnected_at IS NULL OR (token IS NULL AND token_digest IS NULL))
);
CREATE INDEX connections_due ON connections (due_at) WHERE disconnected_at IS NULL;
CREATE INDEX connections_ended ON connections (district_id) WHERE disconnected_at IS NOT NULL;
-- What an inspection may have a word about: syncs, turns that fail, and feeds that are not read.
CREATE INDEX connections_odd_sync ON connections (district_id) WHERE disconnected_at IS NULL
    AND (record ->> 'state' IN ('paused', 'pending', 'error') OR record ->> 'pause_start' IS NOT NULL);
CREATE INDEX connections_last_sync ON connections (((record ->> 'last_sync') COLLATE "C"))
    WHERE disconnected_at IS NULL AND (record ->> 'last_sync') COLLATE "C" IS NOT NULL;
CREATE INDEX connections_failing ON connections (failing_since) WHERE disconnected_at IS NULL AND failing_since IS NOT NULL;
CREATE INDEX connections_awaited ON connections (awaited_at)
    WHERE disconnected_at IS NULL AND failing_since IS NULL AND awaited_at IS NOT NULL;

-- When the list of connected districts was last read; one row.
CREATE TABLE token_listing (
    only_one  boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    listed_at timestamptz NOT NULL
);

-- The baseline of a district that is being read, or was read and not yet adopted.
CREATE TABLE baselines (
    district_id    text COLLATE "C" PRIMARY KEY,
    run            uuid NOT NULL,
    -- the feed's newest event when the reading began
    seed           text COLLATE "C" NOT NULL,
    -- and the one before it
    overlap        text COLLATE "C" NOT NULL,
    -- the newest event that any record can be of by then
    floor          text COLLATE "C" NOT NULL,
    -- what is read
    collections    text[] NOT NULL,
    -- the collection that is next
    place          integer NOT NULL DEFAULT 0,
    -- and the record after which its next page begins
    after          text COLLATE "C",
    records        bigint NOT NULL DEFAULT 0,
    started_at     timestamptz NOT NULL DEFAULT now(),
    -- when every page was there, and believed
    read_at        timestamptz,
    -- when the feed was read up to now as well: adopt it
    ready_at       timestamptz,
    -- Read from saved pages, which may be of any day.
    saved          boolean NOT NULL DEFAULT false,
    -- Their newest last_modified, by kind, and of all under ''.
    pages_at       jsonb,
    -- A person said that what was read stays, however old it is.
    over_newer     boolean NOT NULL DEFAULT false,
    -- Rows of a record that was read already.
    repeated       bigint NOT NULL DEFAULT 0,
    -- The fields with which its students are read. Null: all.
    student_fields text[]
);

-- What a baseline has read. Not logged: a crash of the server empties it, and the reading starts over.
CREATE UNLOGGED TABLE baseline_records (
    district_id text COLLATE "C" NOT NULL,
    kind        text NOT NULL,
    record_id   text COLLATE "C" NOT NULL,
    -- null: not readable, for the reason given
    record      jsonb,
    reason      text,
    explanation text,
    -- As in inbox.
    modified    bigint,
    PRIMARY KEY (district_id, kind, record_id),
    CONSTRAINT read_or_not CHECK ((record IS NULL) = (reason IS NOT NULL))
);

-- What is wrong now, and what operations were alerted to.
CREATE TABLE incidents (
    district_id text COLLATE "C" NOT NULL,
    code        text NOT NULL,
    -- What is so now. A row outlives its incident for a while, so that one that comes and goes is known.
    since       timestamptz NOT NULL,
    -- What is so now, short enough to be compared.
    picture     text NOT NULL DEFAULT '',
    summary     text NOT NULL DEFAULT '',
    counts      jsonb NOT NULL DEFAULT '{}',
    -- The picture last reported; null once the end was reported.
    told        text DEFAULT '',
    told_at     timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz,
    updates     integer NOT NULL DEFAULT 0 CHECK (updates >= 0),
    clear_since timestamptz,
    returns     integer NOT NULL DEFAULT 0,
    PRIMARY KEY (district_id, code),
    CONSTRAINT over_is_not_clear CHECK (told IS NOT NULL OR clear_since IS NULL)
);
CREATE INDEX incidents_by_code ON incidents (code, district_id);
CREATE INDEX incidents_told ON incidents (district_id) WHERE told IS NOT NULL;
-- Of which there may be something to report, or to forget, because time went by.
CREATE INDEX incidents_to_be_told ON incidents (district_id, code)
    WHERE clear_since IS NOT NULL OR told IS NULL OR told <> picture;

-- Districts whose commits a person has stopped.
CREATE TABLE holds (
    district_id text COLLATE "C" PRIMARY KEY,
    held_at     timestamptz NOT NULL DEFAULT now(),
    actor       text NOT NULL,
    reason      text NOT NULL
);

-- Approvals of one plan each, good once; a district has at most one that is open. A plan leads from one commit
-- (commit_sequence) to the roster with this digest.
CREATE TABLE approvals (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district_id     text COLLATE "C" NOT NULL,
    plan_digest     bytea NOT NULL,
    commit_sequence bigint NOT NULL,
    actor           text NOT NULL,
    reason          text NOT NULL,
    approved_at     timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    ended_as        text CHECK (ended_as IN ('used', 'void')),
    ended_why       text,
    CONSTRAINT ended_somehow CHECK ((ended_at IS NULL) = (ended_as IS NULL))
);
CREATE UNIQUE INDEX approvals_open ON approvals (district_id) WHERE ended_at IS NULL;
CREATE INDEX approvals_of_district ON approvals (district_id, id);

-- What each commit replaced: the records as they were before it (null: not there). A roster of the past is
-- the committed one with these put back, the newest first.
CREATE TABLE commit_history (
    district_id text COLLATE "C" NOT NULL,
    sequence    bigint NOT NULL,
    kind        text NOT NULL,
    record_id   text COLLATE "C" NOT NULL,
    record      text,
    member      bytea,
    school_id   text COLLATE "C",
    PRIMARY KEY (district_id, sequence, kind, record_id),
    CONSTRAINT record_has_a_member CHECK (record IS NULL OR member IS NOT NULL)
);

CREATE INDEX commit_history_teachers ON commit_history (district_id) WHERE kind = 'teacher';

-- Section filters found for a district, with what they were found for.
CREATE TABLE suggestions (
    district_id    text COLLATE "C" PRIMARY KEY,
    made_at        timestamptz NOT NULL,
    filter_version bigint NOT NULL,
    unplaced       bigint NOT NULL,
    suggestions    jsonb NOT NULL,
    -- districts.search_input_batch when they were found.
    input_batch    bigint,
    -- How many of the unplaced students were in no section; the others were in several.
    in_none        bigint
);

-- What the last search for section filters that a person made found: the filters, the best first.
CREATE TABLE searches (
    district_id text COLLATE "C" PRIMARY KEY,
    made_at     timestamptz NOT NULL,
    suggestions jsonb NOT NULL
);

-- When incidents were last looked for; one row, and its lock is who looks.
CREATE TABLE inspections (
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    inspected_at timestamptz NOT NULL
);
INSERT INTO inspections (inspected_at) VALUES ('epoch');

-- Who publishes the alerts of a district; runs out by itself when its holder dies.
CREATE TABLE alert_leases (
    district_id text COLLATE "C" PRIMARY KEY,
    holder      uuid NOT NULL,
    until       timestamptz NOT NULL
);

-- Alerts to deliver, one row for each alert and channel. A row that is taken has its next attempt put off for as
-- long as a delivery may take, so that it is free again if its taker dies. waiting_for is the channel and the
-- incident of those that wait: asked for by it, the first of an incident costs one look.
CREATE TABLE deliveries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- its kind and a digest of its address, never the address
    channel         text NOT NULL,
    alert_id        text NOT NULL,
    dedup_key       text COLLATE "C" NOT NULL,
    status          text NOT NULL,
    -- of the incident
    starts_at       timestamptz NOT NULL,
    rank            smallint GENERATED ALWAYS AS
        (CASE status WHEN 'firing' THEN 0 WHEN 'updated' THEN 1 ELSE 2 END) STORED,
    body            text NOT NULL,
    trace_parent    text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    delivered_at    timestamptz,
    -- when it was last said again
    refreshed_at    timestamptz,
    dead_at         timestamptz,
    problem         text,
    waiting_for     text COLLATE "C" GENERATED ALWAYS AS
        (CASE WHEN delivered_at IS NULL AND dead_at IS NULL THEN channel || ' ' || dedup_key END) STORED,
    -- Of its alert: an incident's alerts leave in this order.
    position        bigint NOT NULL,
    discarded_at    timestamptz,
    CONSTRAINT delivered_or_dead CHECK (delivered_at IS NULL OR dead_at IS NULL),
    CONSTRAINT only_dead_is_discarded CHECK (discarded_at IS NULL OR dead_at IS NOT NULL),
    UNIQUE (channel, alert_id)
);
CREATE INDEX deliveries_waiting
    ON deliveries (channel, next_attempt_at)
    WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX deliveries_dead ON deliveries (channel, id) WHERE dead_at IS NOT NULL;
CREATE INDEX deliveries_by_position ON deliveries (channel, position);
CREATE INDEX deliveries_first
    ON deliveries (waiting_for, position, id)
    WHERE waiting_for IS NOT NULL;
CREATE INDEX deliveries_of_incident ON deliveries (channel, dedup_key, position, id);
CREATE INDEX deliveries_by_end ON deliveries ((coalesce(delivered_at, discarded_at)))
    WHERE delivered_at IS NOT NULL OR discarded_at IS NOT NULL;

-- Those who may use the console. Nobody is ever deleted: the audit names them.
CREATE TABLE users (
    name                text COLLATE "C" PRIMARY KEY,
    role                text NOT NULL CHECK (role IN ('viewer', 'reviewer', 'admin')),
    password_hash       text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    created_at          timestamptz NOT NULL DEFAULT now(),
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    disabled_at         timestamptz
);

-- Who is logged in. The token itself is in the browser only: reading this table logs no one in.
CREATE TABLE sessions (
    token_digest bytea PRIMARY KEY CHECK (length(token_digest) = 32),
    user_name    text COLLATE "C" NOT NULL REFERENCES users(name),
    begun_at     timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_name, begun_at);

-- Failed tries to log in, by name and by address. A bucket is a number made of either, so that nothing that
-- was typed is kept, and so that there are never more rows than buckets.
CREATE TABLE login_attempts (
    kind     text NOT NULL CHECK (kind IN ('name', 'address')),
    bucket   integer NOT NULL CHECK (bucket BETWEEN 0 AND 65535),
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    tried_at timestamptz NOT NULL,
    free_at  timestamptz NOT NULL,
    PRIMARY KEY (kind, bucket)
);

-- E-mails to districts' administration teams, sent and unsent; one for each occasion, whoever asks for it again.
-- Who takes a mail has it until next_attempt_at, and is known by attempts. It is sending before the last byte of it is
-- given to the mail server: one that still is when its taker's time is over may have arrived or not, and is uncertain.
CREATE TABLE mails (
    -- made of district and occasion; the Message-ID is made of it
    mail_id         uuid PRIMARY KEY,
    position        bigint GENERATED ALWAYS AS IDENTITY,
    district_id     text COLLATE "C" NOT NULL,
    kind            text NOT NULL,
    occasion        text NOT NULL,
    recipients      text[] NOT NULL CHECK (cardinality(recipients) > 0),
    subject         text NOT NULL,
    text            text NOT NULL,
    html            text NOT NULL,
    time_zone       text NOT NULL,
    wait_for_sync   boolean NOT NULL DEFAULT false,
    state           text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'sending', 'uncertain', 'sent', 'bounced', 'dead', 'cancelled')),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- the first attempt that a mail server was asked in
    trying_since    timestamptz,
    handed_at       timestamptz,
    sent_at         timestamptz,
    -- address: SMTP code
    refused         jsonb NOT NULL DEFAULT '{}',
    -- address: status code of RFC 3463
    bounced         jsonb NOT NULL DEFAULT '{}',
    bounced_at      timestamptz,
    dead_at         timestamptz,
    cancelled_at    timestamptz,
    settled_at      timestamptz,
    settled_by      text,
    problem         text,
    CONSTRAINT bounced_means_when CHECK ((bounced = '{}') = (bounced_at IS NULL)),
    CONSTRAINT handed_means_when CHECK ((handed_at IS NULL) = (state IN ('waiting', 'dead', 'cancelled'))),
    CONSTRAINT sent_means_when CHECK ((sent_at IS NULL) = (state NOT IN ('sent', 'bounced'))),
    CONSTRAINT dead_means_when CHECK ((dead_at IS NULL) = (state <> 'dead')),
    CONSTRAINT cancelled_means_when CHECK ((cancelled_at IS NULL) = (state <> 'cancelled')),
    CONSTRAINT settled_by_somebody CHECK ((settled_at IS NULL) = (settled_by IS NULL)),
    UNIQUE (district_id, occasion)
);
CREATE INDEX mails_due ON mails (state, next_attempt_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX mails_unsent ON mails (district_id, position) WHERE state IN ('waiting', 'sending', 'uncertain');
CREATE INDEX mails_of_district ON mails (district_id, position);
CREATE INDEX mails_for_a_person ON mails (district_id) WHERE state IN ('uncertain', 'bounced', 'dead');
CREATE INDEX mails_by_end ON mails ((greatest(sent_at, dead_at, cancelled_at, settled_at, bounced_at)))
    WHERE state NOT IN ('waiting', 'sending', 'uncertain');

-- The states of onboarding, in their order. A test holds this table and the next to worker.domain.onboarding.states.
CREATE TABLE onboarding_states (
    state text PRIMARY KEY,
    place smallint NOT NULL UNIQUE
);

-- Every allowed move between states; '' is a district that is not in onboarding yet.
CREATE TABLE onboarding_moves (
    from_state text NOT NULL,
    move       text NOT NULL,
    to_state   text NOT NULL REFERENCES onboarding_states(state),
    PRIMARY KEY (from_state, move, to_state)
);

INSERT INTO onboarding_states (state, place) VALUES
    ('chosen', 1), ('invited', 2), ('connected', 3), ('sharing_requested', 4), ('all_sections_shared', 5),
    ('filtering', 6), ('waiting_on_district', 7), ('rostered', 8), ('launch_scheduled', 9), ('ready', 10),
    ('live', 11), ('disconnected', 12);

INSERT INTO onboarding_moves (from_state, move, to_state) VALUES
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
INSERT INTO onboarding_moves (from_state, move, to_state)
SELECT state, 'disconnect', 'disconnected' FROM onboarding_states WHERE state NOT IN ('chosen', 'invited', 'disconnected')
UNION ALL
SELECT 'disconnected', 'return', state FROM onboarding_states WHERE state NOT IN ('chosen', 'invited', 'disconnected');

-- Where each district stands, and what people said of it.
CREATE TABLE onboarding (
    district_id    text COLLATE "C" PRIMARY KEY,
    state          text NOT NULL REFERENCES onboarding_states(state),
    -- when it came to this state
    since          timestamptz NOT NULL DEFAULT now(),
    -- where it was before it was disconnected
    returns_to     text REFERENCES onboarding_states(state),
    -- until Clever tells it
    name           text,
    -- addresses of the administration team
    contacts       text[] NOT NULL DEFAULT '{}',
    -- null: that of the settings
    time_zone      text,
    -- the first day of the assessment window
    opens_on       date,
    -- null: reckoned from opens_on
    launch_on      date,
    -- how often opens_on or launch_on were said
    windows_set    integer NOT NULL DEFAULT 0,
    -- commits there were when rules were asked for
    commits_before bigint NOT NULL DEFAULT 0,
    -- how much is shared, as of the last evaluation,
    sections       bigint,
    students       bigint,
    -- students in no section
    unsectioned    bigint,
    -- and after which batch
    judged_batch   bigint,
    -- since when a launch is delayed,
    held_since     timestamptz,
    -- and by what
    troubles       text[] NOT NULL DEFAULT '{}',
    CONSTRAINT days_are_in_reach CHECK (
        opens_on BETWEEN '1990-01-01' AND '2199-12-31' AND launch_on BETWEEN '1990-01-01' AND '2199-12-31'
    ),
    CONSTRAINT held_by_something CHECK ((held_since IS NULL) = (troubles = '{}')),
    CONSTRAINT launch_needs_a_window CHECK (launch_on IS NULL OR opens_on IS NOT NULL),
    CONSTRAINT returns_from_disconnected CHECK (returns_to IS NULL OR state = 'disconnected')
);
-- The board's columns, and what waits for longest.
CREATE INDEX onboarding_by_state ON onboarding (state, since, district_id);
CREATE INDEX onboarding_without_contact ON onboarding (since, district_id) WHERE contacts = '{}' AND state <> 'live';
-- What a look finds because time went by: launches, openings, and launches that are delayed.
CREATE INDEX onboarding_held ON onboarding (district_id) WHERE held_since IS NOT NULL;
CREATE INDEX onboarding_launches ON onboarding (launch_on)
    WHERE (state = 'launch_scheduled' OR returns_to = 'launch_scheduled') AND launch_on IS NOT NULL;
CREATE INDEX onboarding_launches_by_opening ON onboarding (opens_on)
    WHERE (state = 'launch_scheduled' OR returns_to = 'launch_scheduled') AND launch_on IS NULL;
CREATE INDEX onboarding_openings ON onboarding (opens_on) WHERE state = 'ready';
CREATE INDEX onboarding_zones ON onboarding (time_zone) WHERE time_zone IS NOT NULL;

-- Districts of which something changed that a move may follow from. Triggers write them, in the transaction of the
-- change: a look reads these districts, and not all. Rows are only added and deleted, so that no change waits for a look.
CREATE TABLE onboarding_marks (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district_id text COLLATE "C" NOT NULL
);

-- Districts that people took out of onboarding: they are not found again by themselves.
CREATE TABLE onboarding_drops (
    district_id text COLLATE "C" PRIMARY KEY
);

-- Every move that was made. Its key is in the table of moves: what is not allowed cannot be written.
CREATE TABLE onboarding_history (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district_id text COLLATE "C" NOT NULL REFERENCES onboarding(district_id) ON DELETE CASCADE,
    from_state  text NOT NULL,
    move        text NOT NULL,
    to_state    text NOT NULL,
    at          timestamptz NOT NULL,
    -- null: it was seen
    actor       text,
    detail      jsonb NOT NULL DEFAULT '{}',
    FOREIGN KEY (from_state, move, to_state) REFERENCES onboarding_moves(from_state, move, to_state)
);
CREATE INDEX onboarding_history_of_district ON onboarding_history (district_id, id);

-- Links that a district connects by. A link opens a page without any person's data; it ends, and may be revoked.
CREATE TABLE connect_links (
    -- SHA-256 of the token: whoever reads the database, or a backup, opens no district's page.
    digest      bytea PRIMARY KEY CHECK (length(digest) = 32),
    district_id text COLLATE "C" NOT NULL REFERENCES onboarding(district_id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    -- when its page was first asked for
    opened_at   timestamptz,
    CHECK (expires_at > created_at)
);
CREATE INDEX connect_links_of_district ON connect_links (district_id, created_at);
CREATE INDEX connect_links_by_end ON connect_links ((least(expires_at, revoked_at)));

-- Every alert, in the order of its incident: its row is written while the incident is locked. The relay publishes
-- what has no published_at, each channel takes over what it does not have.
CREATE TABLE alerts (
    position     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- '': of no district
    district_id  text COLLATE "C" NOT NULL,
    alert_id     text NOT NULL,
    -- of the incident
    dedup_key    text COLLATE "C" NOT NULL,
    status       text NOT NULL CHECK (status IN ('firing', 'updated', 'resolved')),
    -- of the incident
    starts_at    timestamptz NOT NULL,
    routing_key  text NOT NULL,
    -- of the decision that is its reason
    sequence     bigint,
    trace_parent text NOT NULL,
    body         text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX alerts_unpublished ON alerts (district_id, position) WHERE published_at IS NULL;
CREATE INDEX alerts_unpublished_age ON alerts ((position + 0)) WHERE published_at IS NULL;
CREATE INDEX alerts_of_incident ON alerts (dedup_key, position);
CREATE INDEX alerts_by_id ON alerts (alert_id);
CREATE INDEX alerts_by_age ON alerts (created_at);

-- Since when alerts are delivered to a channel: a new one gets no alert of an incident that was over before.
CREATE TABLE alert_channels (
    channel text PRIMARY KEY,
    since   timestamptz NOT NULL
);

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

-- Each student whom a commit added, removed, or put into another class or school: what he was before it.
-- Guards count removals and changes of class over hours. An approval, and a rollback, forget all of a district.
CREATE TABLE guard_history (
    district_id    text COLLATE "C" NOT NULL,
    sequence       bigint NOT NULL,
    student_id     text COLLATE "C" NOT NULL,
    committed_at   timestamptz NOT NULL,
    was_there      boolean NOT NULL,
    school_id      text COLLATE "C",
    class_id       text COLLATE "C",
    is_there       boolean NOT NULL,
    next_school_id text COLLATE "C",
    next_class_id  text COLLATE "C",
    PRIMARY KEY (district_id, sequence, student_id),
    CONSTRAINT who_is_not_there_has_no_class CHECK (is_there OR next_class_id IS NULL),
    CONSTRAINT who_was_not_there_had_no_class CHECK (was_there OR class_id IS NULL)
);
CREATE INDEX guard_history_age ON guard_history (district_id, committed_at);

-- Stages that fail, by the process that they fail in: what an inspection makes an incident of.
CREATE TABLE stage_failures (
    process text COLLATE "C" NOT NULL,
    stage   text COLLATE "C" NOT NULL,
    since   timestamptz NOT NULL,
    -- a process that is gone says nothing any more
    seen_at timestamptz NOT NULL,
    -- an error's class and place, never its text
    problem text NOT NULL,
    PRIMARY KEY (process, stage)
);

-- What opens the console while it has no users: links, good once, and the sessions that they were exchanged for.
CREATE TABLE local_keys (
    -- SHA-256 of the token
    digest  bytea PRIMARY KEY CHECK (length(digest) = 32),
    kind    text NOT NULL CHECK (kind IN ('link', 'session')),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at timestamptz,
    CHECK (used_at IS NULL OR kind = 'link')
);

-- What buckets of failed log-ins are made with: without it, whoever reads our code could find a name or an address that
-- shares a bucket. Made at the first log-in.
CREATE TABLE login_key (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    key      bytea NOT NULL CHECK (length(key) = 32)
);

-- Students who were erased by a person's order: nothing of them is kept again.
CREATE TABLE erased_students (
    district_id text COLLATE "C" NOT NULL,
    student_id  text COLLATE "C" NOT NULL,
    erased_at   timestamptz NOT NULL DEFAULT now(),
    actor       text NOT NULL,
    PRIMARY KEY (district_id, student_id)
);

-- Where a staged section points, besides its students; what `worker.candidate.refresh` derives for the sections of a batch.
CREATE FUNCTION rostering_links(section jsonb) RETURNS TABLE (role text, target_id text)
LANGUAGE sql IMMUTABLE AS $$
    SELECT DISTINCT role, target_id FROM (
        SELECT 'teacher', jsonb_array_elements_text(coalesce(section -> 'teachers', '[]'))
        UNION ALL SELECT 'school', section ->> 'school_id'
        UNION ALL SELECT 'course', section ->> 'course_id'
        UNION ALL SELECT 'term', section ->> 'term_id'
    ) AS l(role, target_id) WHERE target_id <> ''
$$;

-- A state changes by an allowed move only, and back from `disconnected` only to where the district was.
CREATE FUNCTION onboarding_move_is_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM onboarding_moves WHERE from_state = CASE TG_OP WHEN 'INSERT' THEN '' ELSE OLD.state END
                       AND to_state = NEW.state) THEN
        RAISE EXCEPTION 'onboarding: no move leads from % to %',
            CASE TG_OP WHEN 'INSERT' THEN 'nowhere' ELSE OLD.state END, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'disconnected' AND NEW.state <> coalesce(OLD.returns_to, 'connected') THEN
        RAISE EXCEPTION 'onboarding: a district returns to %, not to %', OLD.returns_to, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER onboarding_starts BEFORE INSERT ON onboarding
    FOR EACH ROW EXECUTE FUNCTION onboarding_move_is_allowed();
CREATE TRIGGER onboarding_moves_on BEFORE UPDATE OF state ON onboarding
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION onboarding_move_is_allowed();

CREATE FUNCTION onboarding_mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO onboarding_marks (district_id)
    VALUES (CASE TG_OP WHEN 'DELETE' THEN OLD.district_id ELSE NEW.district_id END);
    RETURN NULL;
END $$;
CREATE TRIGGER district_is_new AFTER INSERT ON districts FOR EACH ROW EXECUTE FUNCTION onboarding_mark();
CREATE TRIGGER district_changed AFTER UPDATE ON districts FOR EACH ROW
    WHEN (OLD.status <> NEW.status OR OLD.commit_sequence <> NEW.commit_sequence OR OLD.purged_at IS DISTINCT FROM NEW.purged_at
          OR (OLD.filter_version > 0) <> (NEW.filter_version > 0)
          OR (NEW.status <> 'rostered' AND OLD.batch_number <> NEW.batch_number))
    EXECUTE FUNCTION onboarding_mark();
CREATE TRIGGER connection_began_or_is_gone AFTER INSERT OR DELETE ON connections
    FOR EACH ROW EXECUTE FUNCTION onboarding_mark();
CREATE TRIGGER connection_ended_or_came_back AFTER UPDATE OF disconnected_at ON connections FOR EACH ROW
    WHEN ((OLD.disconnected_at IS NULL) <> (NEW.disconnected_at IS NULL)) EXECUTE FUNCTION onboarding_mark();
CREATE TRIGGER onboarding_began AFTER INSERT ON onboarding FOR EACH ROW EXECUTE FUNCTION onboarding_mark();
CREATE TRIGGER onboarding_changed AFTER UPDATE ON onboarding FOR EACH ROW
    WHEN ((OLD.state, OLD.returns_to, OLD.opens_on, OLD.launch_on, OLD.time_zone, OLD.commits_before)
          IS DISTINCT FROM (NEW.state, NEW.returns_to, NEW.opens_on, NEW.launch_on, NEW.time_zone, NEW.commits_before))
    EXECUTE FUNCTION onboarding_mark();

-- How many districts have a status ('status'), are in a state of onboarding ('state'), or are there without a contact
-- ('no contact'): the sum of the changes. Each is added in the transaction of what it counts, and none is updated, so
-- that nobody waits for it; an inspection sums many of them up.
CREATE TABLE counts (
    what   text NOT NULL,
    value  text NOT NULL,
    change bigint NOT NULL
);

CREATE FUNCTION count_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO counts VALUES ('status', OLD.status, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO counts VALUES ('status', NEW.status, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER districts_are_counted AFTER INSERT OR DELETE ON districts
    FOR EACH ROW EXECUTE FUNCTION count_status();
CREATE TRIGGER statuses_are_counted AFTER UPDATE OF status ON districts FOR EACH ROW
    WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION count_status();

CREATE FUNCTION count_onboarding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO counts SELECT 'state', OLD.state, -1
            UNION ALL SELECT 'no contact', OLD.state, -1 WHERE OLD.contacts = '{}';
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO counts SELECT 'state', NEW.state, 1
            UNION ALL SELECT 'no contact', NEW.state, 1 WHERE NEW.contacts = '{}';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER onboarding_is_counted AFTER INSERT OR DELETE ON onboarding
    FOR EACH ROW EXECUTE FUNCTION count_onboarding();
CREATE TRIGGER states_are_counted AFTER UPDATE ON onboarding FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR (OLD.contacts = '{}') <> (NEW.contacts = '{}'))
    EXECUTE FUNCTION count_onboarding();

-- What was written into the audit stays: no row can be changed, but for texts that a purge takes out of its detail, and
-- none can be deleted before it is a year old. The tables' owner could take the trigger off; a worker with a
-- role of its own cannot (docs/deployment.md).
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.detail <@ OLD.detail
            AND (NEW.id, NEW.at, NEW.actor, NEW.action, NEW.district_id)
                IS NOT DISTINCT FROM (OLD.id, OLD.at, OLD.actor, OLD.action, OLD.district_id)
        THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - interval '1 year' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit can only be added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_stays();

-- Whether a person has stopped the district's commits; if not, nobody does before this transaction ends. (Each statement
-- of a function sees what was committed before it began, so that the look sees a hold that the lock waited for.)
CREATE FUNCTION rostering_is_on_hold(district text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('rostering.hold.' || district, 0));
    RETURN EXISTS (SELECT FROM holds WHERE district_id = district);
END $$;

-- Closes the district's window: it stays for what came meanwhile, or was put off, and without a request that was answered
-- (up to the number dealt_with); one with nothing left in it is deleted. It is locked before what remains is counted: an
-- ingest that has stored events, and not yet committed, waits here or makes us wait, so that none of its events is
-- overlooked.
CREATE FUNCTION rostering_close_window(district text, put_off_since timestamptz, dealt_with bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM windows WHERE district_id = district FOR UPDATE;
    WITH rest AS MATERIALIZED (
        SELECT r.*, r.events > 0 OR put_off_since IS NOT NULL
                    OR (w.requested IS NOT NULL AND w.request_number > dealt_with) AS stays
        FROM windows w, (SELECT count(*) AS events, min(received_at) AS first, max(received_at) AS last
                         FROM inbox WHERE district_id = district) AS r
        WHERE w.district_id = district
    ), gone AS (
        DELETE FROM windows w USING rest r WHERE w.district_id = district AND NOT r.stays
    )
    UPDATE windows w SET
        events = r.events,
        opened_at = coalesce(r.first, w.opened_at),
        last_event_at = coalesce(r.last, w.last_event_at),
        requested = CASE WHEN w.request_number > dealt_with THEN w.requested END,
        through = CASE WHEN w.request_number > dealt_with THEN w.through END,
        deferred_since = put_off_since
    FROM rest r
    WHERE w.district_id = district AND r.stays;
END $$;

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

-- A user's record without the student.
CREATE FUNCTION rostering_without_student(record jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN record ? 'teacher' THEN record - 'student' END
$$;

-- What Clever or its feed says of each district, and the status that people see of it: the first that applies.
-- `unread_since`: since when its feed should have been read, though no turn fails; each district has an interval of its
-- own. While a baseline is read, the district has its
-- turns, or one long one.
CREATE VIEW district_status AS
SELECT d.district_id, coalesce(c.record ->> 'name', s.record ->> 'name') AS name, coalesce(c.record, s.record) AS record,
       CASE WHEN d.purged_at IS NOT NULL THEN 'purged'
            WHEN c.disconnected_at IS NOT NULL THEN 'disconnected'
            WHEN f.parked_at IS NOT NULL THEN 'parked'
            WHEN h.district_id IS NOT NULL THEN 'on_hold' ELSE d.status END AS status,
       CASE WHEN c.district_id IS NULL THEN d.purged_at ELSE c.disconnected_at END IS NULL AS is_connected,
       CASE WHEN c.disconnected_at IS NULL AND c.failing_since IS NULL AND b.district_id IS NULL
            THEN least(c.due_at, c.awaited_at) END AS unread_since
FROM districts d
LEFT JOIN connections c ON c.district_id = d.district_id
LEFT JOIN staged s ON s.district_id = d.district_id AND s.kind = 'district' AND s.record_id = d.district_id
LEFT JOIN evaluation_failures f ON f.district_id = d.district_id
LEFT JOIN holds h ON h.district_id = d.district_id
LEFT JOIN baselines b ON b.district_id = d.district_id AND b.read_at IS NULL
    AND b.started_at > now() - interval '6 hours';
