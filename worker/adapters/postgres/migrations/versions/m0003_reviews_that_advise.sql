-- Since when a finding stands.
ALTER TABLE findings ADD COLUMN since timestamptz NOT NULL DEFAULT now();

-- Why somebody chose what a district is judged by, and when a policy ends by itself.
ALTER TABLE filters ADD COLUMN reason text;
ALTER TABLE policies
    ADD COLUMN reason text,
    ADD COLUMN until timestamptz;

-- A batch that would have been committed but for a person's hold.
ALTER TABLE batches DROP CONSTRAINT batches_outcome_check;
ALTER TABLE batches ADD CONSTRAINT batches_outcome_check
    CHECK (outcome IN ('commit', 'review', 'deferred', 'unchanged', 'held'));

-- reevaluate_at: when time alone gives reason to judge anew (a term begins or ends, a policy ends).
-- history_from: the first commit that a rollback can go back to.
ALTER TABLE districts
    ADD COLUMN reevaluate_at timestamptz,
    ADD COLUMN history_from bigint NOT NULL DEFAULT 0;
UPDATE districts SET history_from = commit_sequence;
UPDATE districts d SET reevaluate_at = now()
WHERE policy_fingerprint IS NOT NULL AND (SELECT filter ->> 'current_term_only' FROM filters f
    WHERE f.district_id = d.district_id ORDER BY version DESC LIMIT 1) = 'true';
CREATE INDEX districts_to_reevaluate ON districts (reevaluate_at) WHERE reevaluate_at IS NOT NULL;

-- Districts whose commits a person has stopped.
CREATE TABLE holds (
    district_id text COLLATE "C" PRIMARY KEY,
    held_at     timestamptz NOT NULL DEFAULT now(),
    actor       text NOT NULL,
    reason      text NOT NULL
);

-- Single-use yeses to one plan; a district has at most one that is open. A plan is the way from one commit
-- (commit_sequence) to the roster with this digest.
CREATE TABLE approvals (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district_id text COLLATE "C" NOT NULL,
    plan_digest bytea NOT NULL,
    commit_sequence bigint NOT NULL,
    actor       text NOT NULL,
    reason      text NOT NULL,
    approved_at timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    ended_as    text CHECK (ended_as IN ('used', 'void')),
    ended_why   text,
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
    CONSTRAINT record_is_whole CHECK ((record IS NULL) = (member IS NULL))
);

-- Section filters found for a district, with what they were found for.
CREATE TABLE suggestions (
    district_id    text COLLATE "C" PRIMARY KEY,
    made_at        timestamptz NOT NULL,
    filter_version bigint NOT NULL,
    unplaced       bigint NOT NULL,
    suggestions    jsonb NOT NULL
);
