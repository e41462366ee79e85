-- What operations were told of an incident, and what is so now. A row outlives its incident for a while, so
-- that one that comes and goes is known. told is the picture last told; null once the end was told.
ALTER TABLE incidents
    ADD COLUMN picture     text NOT NULL DEFAULT '',
    ADD COLUMN summary     text NOT NULL DEFAULT '',
    ADD COLUMN counts      jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN told        text DEFAULT '',
    ADD COLUMN told_at     timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_at  timestamptz,
    ADD COLUMN updates     integer NOT NULL DEFAULT 0 CHECK (updates >= 0),
    ADD COLUMN clear_since timestamptz,
    ADD COLUMN returns     integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT over_is_not_clear CHECK (told IS NOT NULL OR clear_since IS NULL);
CREATE INDEX incidents_by_code ON incidents (code, district_id);

-- Districts that stand in review were told of before there was a row for it.
INSERT INTO incidents (district_id, code, since, picture, told, summary)
SELECT d.district_id, 'preflight.failed', d.standing_since, p.picture, p.picture, 'Preflight failed.'
FROM districts d
CROSS JOIN LATERAL (SELECT coalesce(string_agg(DISTINCT f.code COLLATE "C", ',' ORDER BY f.code COLLATE "C"), '') AS picture
    FROM findings f WHERE f.open_of = d.district_id AND f.severity = 'error') AS p
WHERE d.standing_since IS NOT NULL
ON CONFLICT DO NOTHING;

-- When incidents were last looked for; one row, and its lock is who looks.
CREATE TABLE inspections (
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    inspected_at timestamptz NOT NULL
);
INSERT INTO inspections (inspected_at) VALUES ('epoch');

-- Alerts to publish, beside the outbox: an alert waits for no commit. Gone once they are out.
CREATE TABLE alert_outbox (
    district_id  text COLLATE "C" NOT NULL,   -- '': nobody's in particular
    position     bigint GENERATED ALWAYS AS IDENTITY,
    routing_key  text NOT NULL,
    schema       text NOT NULL,
    message_key  text NOT NULL,
    sequence     bigint,                      -- of the decision that is its reason
    trace_parent text NOT NULL,
    envelope     text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, position)
);
CREATE TABLE alert_leases (
    district_id text COLLATE "C" PRIMARY KEY,
    holder      uuid NOT NULL,
    until       timestamptz NOT NULL
);

-- Alerts to deliver, one row for each alert and channel. A row that is taken has its next attempt put off
-- for as long as a delivery may take, so that it is free again if its taker dies. waiting_for is the channel and
-- the incident of those that wait, and their order is that of the incident, whichever came from the queue first: asked for by it, the first of an incident costs one look.
CREATE TABLE deliveries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel         text NOT NULL,            -- its kind and a digest of its address, never the address
    alert_id        text NOT NULL,
    dedup_key       text COLLATE "C" NOT NULL,
    status          text NOT NULL,
    starts_at       timestamptz NOT NULL,     -- of the incident
    rank            smallint GENERATED ALWAYS AS
        (CASE status WHEN 'firing' THEN 0 WHEN 'updated' THEN 1 ELSE 2 END) STORED,
    body            text NOT NULL,
    trace_parent    text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    delivered_at    timestamptz,
    refreshed_at    timestamptz,              -- when it was last said again
    dead_at         timestamptz,
    problem         text,
    waiting_for     text COLLATE "C" GENERATED ALWAYS AS
        (CASE WHEN delivered_at IS NULL AND dead_at IS NULL THEN channel || ' ' || dedup_key END) STORED,
    UNIQUE (channel, alert_id),
    CONSTRAINT delivered_or_dead CHECK (delivered_at IS NULL OR dead_at IS NULL)
);
CREATE INDEX deliveries_waiting ON deliveries (channel, next_attempt_at)
    WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX deliveries_first ON deliveries (waiting_for, starts_at, rank, id) WHERE waiting_for IS NOT NULL;
CREATE INDEX deliveries_of_incident ON deliveries (channel, dedup_key, starts_at, rank, id);
CREATE INDEX deliveries_dead ON deliveries (channel, id) WHERE dead_at IS NOT NULL;

-- For the inspection: since when a district's turns fail, and messages by their age.
ALTER TABLE connections ADD COLUMN failing_since timestamptz;
CREATE INDEX outbox_age ON outbox (created_at);
CREATE INDEX evaluation_failures_parked ON evaluation_failures (district_id) WHERE parked_at IS NOT NULL;
