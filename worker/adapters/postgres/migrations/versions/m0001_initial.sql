-- Ids are compared byte by byte (COLLATE "C"): within a district the order of event ids is the feed.

-- One row a district: what was last decided, and the numbers kept up by every batch.
-- Its row lock is what lets one evaluation at a time happen in a district.
CREATE TABLE districts (
    district_id        text COLLATE "C" PRIMARY KEY,
    seen_at            timestamptz NOT NULL DEFAULT now(),
    status             text NOT NULL DEFAULT 'waiting'
                       CHECK (status IN ('waiting', 'review', 'rostered')),
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
    policy_fingerprint text,
    evaluated_on       date,
    CONSTRAINT in_review_means_standing CHECK ((status = 'review') = (standing_since IS NOT NULL)),
    CONSTRAINT in_review_means_reported CHECK ((status = 'review') = (reported_digest IS NOT NULL))
);

-- Evaluations of a district that raised. A row of its own, so that counting a failure waits for nobody.
CREATE TABLE evaluation_failures (
    district_id text COLLATE "C" PRIMARY KEY,
    failures    integer NOT NULL,
    not_before  timestamptz NOT NULL,
    parked_at   timestamptz,
    error       text NOT NULL
);

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
    CONSTRAINT through_is_for_settled CHECK (through IS NULL OR requested = 'settled')
);

-- Events stored and not yet evaluated. record is null for a deletion.
CREATE TABLE inbox (
    district_id text COLLATE "C" NOT NULL,
    event_id    text COLLATE "C" NOT NULL,
    kind        text NOT NULL,
    record_id   text COLLATE "C" NOT NULL,
    record      jsonb,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, event_id)
);

-- Ids of events that were evaluated or ignored: duplicates are known by them, and feed.settled counts them.
CREATE TABLE evaluated_events (
    district_id text COLLATE "C" NOT NULL,
    event_id    text COLLATE "C" NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (district_id, event_id)
);
CREATE INDEX evaluated_events_age ON evaluated_events USING brin (received_at);

-- Words of publishers that a feed was read to its end and how many events they sent.
CREATE TABLE feed_marks (
    district_id text COLLATE "C" NOT NULL,
    through     text COLLATE "C" NOT NULL,
    since       text COLLATE "C" NOT NULL,
    count       bigint NOT NULL CHECK (count >= 0),
    PRIMARY KEY (district_id, through)
);

-- Unreadable messages that name this district; their bodies are in the dead-letter queue.
CREATE TABLE quarantine (
    district_id text COLLATE "C" NOT NULL,
    body_digest bytea NOT NULL,
    reason      text NOT NULL,
    explanation text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, body_digest)
);

-- The staged roster: every record as Clever last told it. record is null for a tombstone.
CREATE TABLE staged (
    district_id text COLLATE "C" NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('district', 'school', 'term', 'course', 'user', 'section')),
    record_id   text COLLATE "C" NOT NULL,
    event_id    text COLLATE "C" NOT NULL,
    record      jsonb,
    PRIMARY KEY (district_id, kind, record_id)
);

-- Which live sections point to a student, teacher, school, course or term.
CREATE TABLE section_links (
    district_id text COLLATE "C" NOT NULL,
    role        text NOT NULL CHECK (role IN ('student', 'teacher', 'school', 'course', 'term')),
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
    PRIMARY KEY (district_id, kind, record_id),
    CONSTRAINT candidate_is_whole CHECK ((candidate IS NULL) = (candidate_member IS NULL)),
    CONSTRAINT committed_is_whole CHECK ((committed IS NULL) = (committed_member IS NULL)),
    CONSTRAINT row_has_a_reason CHECK (candidate IS NOT NULL OR committed IS NOT NULL)
);
CREATE INDEX roster_plan ON roster (plan_of, kind, record_id) WHERE plan_of IS NOT NULL;
CREATE INDEX roster_school ON roster (district_id, school_id)
    WHERE candidate IS NOT NULL AND kind IN ('student', 'class');
CREATE INDEX roster_committed_school ON roster (district_id, committed_school_id)
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
    PRIMARY KEY (district_id, kind, record_id, member),
    CONSTRAINT row_has_a_reason CHECK (open OR reported)
);
CREATE INDEX findings_in_order ON findings (open_of, severity, code, kind, record_id, member)
    WHERE open_of IS NOT NULL;
CREATE INDEX findings_reported ON findings (reported_of) WHERE reported_of IS NOT NULL;
CREATE INDEX findings_changed ON findings (changed_of) WHERE changed_of IS NOT NULL;

CREATE TABLE batches (
    district_id text COLLATE "C" NOT NULL,
    number      bigint NOT NULL,
    batch_id    text NOT NULL UNIQUE,
    trigger     text NOT NULL,
    events      bigint NOT NULL,
    opened_at   timestamptz NOT NULL,
    closed_at   timestamptz NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('commit', 'review', 'deferred', 'unchanged')),
    PRIMARY KEY (district_id, number)
);

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

-- Who publishes a district's outbox; runs out by itself when its holder dies.
CREATE TABLE relay_leases (
    district_id text COLLATE "C" PRIMARY KEY,
    holder      uuid NOT NULL,
    until       timestamptz NOT NULL
);

-- Every section filter a district ever had; the highest version is in force.
CREATE TABLE filters (
    district_id text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    filter      jsonb NOT NULL,
    actor       text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, version)
);

-- Every policy a district ever had: the settings of the preflight that differ for it.
CREATE TABLE policies (
    district_id text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    policy      jsonb NOT NULL,
    actor       text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT now(),
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
