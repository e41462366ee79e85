-- E-mails to districts' administration teams, sent and unsent; one for each occasion, whoever asks for it again.
-- Who takes a mail has it until next_attempt_at, and is known by attempts. handed_at is set before the last byte of
-- it is given to the mail server: a mail with it, whose taker's time is over, may have arrived or not.
CREATE TABLE mails (
    mail_id         uuid PRIMARY KEY,          -- made of district and occasion; the Message-ID is made of it
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
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    trying_since    timestamptz,               -- the first attempt that a mail server was asked in
    handed_at       timestamptz,
    sent_at         timestamptz,
    refused         jsonb NOT NULL DEFAULT '{}',   -- address: SMTP code
    bounced         jsonb NOT NULL DEFAULT '{}',   -- address: status code of RFC 3463
    bounced_at      timestamptz,
    dead_at         timestamptz,
    cancelled_at    timestamptz,
    settled_at      timestamptz,
    settled_by      text,
    problem         text,
    waits           boolean GENERATED ALWAYS AS
        (sent_at IS NULL AND dead_at IS NULL AND cancelled_at IS NULL) STORED,
    UNIQUE (district_id, occasion),
    CONSTRAINT one_end CHECK (num_nonnulls(sent_at, dead_at, cancelled_at) <= 1),
    CONSTRAINT sent_was_handed CHECK (sent_at IS NULL OR handed_at IS NOT NULL),
    CONSTRAINT dead_was_not CHECK (dead_at IS NULL OR handed_at IS NULL),
    CONSTRAINT bounced_means_when CHECK ((bounced = '{}') = (bounced_at IS NULL)),
    CONSTRAINT settled_by_somebody CHECK ((settled_at IS NULL) = (settled_by IS NULL))
);
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE waits AND handed_at IS NULL;
CREATE INDEX mails_waiting ON mails (district_id, position) WHERE waits;
CREATE INDEX mails_of_district ON mails (district_id, position);
CREATE INDEX mails_for_a_person ON mails (district_id, position)
    WHERE dead_at IS NOT NULL OR bounced_at IS NOT NULL OR refused <> '{}' OR (waits AND handed_at IS NOT NULL);

-- Districts whose roster is what their products work with: a mail that waits for that leaves while it is so.
CREATE VIEW districts_in_sync AS
SELECT d.district_id FROM districts d
WHERE d.status = 'rostered'
  AND NOT EXISTS (SELECT FROM holds h WHERE h.district_id = d.district_id)
  AND NOT EXISTS (SELECT FROM evaluation_failures f WHERE f.district_id = d.district_id AND f.parked_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM connections c WHERE c.district_id = d.district_id AND c.disconnected_at IS NOT NULL);
