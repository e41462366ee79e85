-- Every alert, in the order of its incident: its row is written while the incident is locked. The relay publishes
-- what has no published_at, each channel takes over what it does not have.
CREATE TABLE alerts (
    position     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    district_id  text COLLATE "C" NOT NULL,   -- '': nobody's in particular
    alert_id     text NOT NULL,
    dedup_key    text COLLATE "C" NOT NULL,   -- of the incident
    status       text NOT NULL CHECK (status IN ('firing', 'updated', 'resolved')),
    starts_at    timestamptz NOT NULL,        -- of the incident
    routing_key  text NOT NULL,
    sequence     bigint,                      -- of the decision that is its reason
    trace_parent text NOT NULL,
    body         text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX alerts_unpublished ON alerts (district_id, position) WHERE published_at IS NULL;
CREATE INDEX alerts_of_incident ON alerts (dedup_key, position);
CREATE INDEX alerts_by_id ON alerts (alert_id);
CREATE INDEX alerts_by_age ON alerts (created_at);

-- Since when alerts are delivered to a channel: one that is new is not told of what was over before.
CREATE TABLE alert_channels (
    channel text PRIMARY KEY,
    since   timestamptz NOT NULL
);
INSERT INTO alert_channels (channel, since) SELECT DISTINCT channel, '-infinity'::timestamptz FROM deliveries;

-- What waits to be published keeps its order.
INSERT INTO alerts (district_id, alert_id, dedup_key, status, starts_at, routing_key, sequence, trace_parent, body,
                    created_at)
SELECT o.district_id, o.message_key, b.body ->> 'dedup_key', b.body ->> 'status', (b.body ->> 'starts_at')::timestamptz,
       o.routing_key, o.sequence, o.trace_parent, o.envelope, o.created_at
FROM alert_outbox o CROSS JOIN LATERAL (SELECT o.envelope::jsonb AS body) AS b
ORDER BY o.position;
DELETE FROM alert_outbox;

-- Deliveries so far come before all that follow, in the order they had. One that its alert waits with is that alert's.
ALTER TABLE deliveries
    ADD COLUMN position     bigint,           -- of the alert; below 1: from before alerts had a table
    ADD COLUMN discarded_at timestamptz,
    ADD CONSTRAINT only_dead_is_discarded CHECK (discarded_at IS NULL OR dead_at IS NOT NULL);
UPDATE deliveries d SET position = coalesce((SELECT min(a.position) FROM alerts a WHERE a.alert_id = d.alert_id), o.position)
FROM (SELECT id, -row_number() OVER (ORDER BY starts_at DESC, rank DESC, id DESC) AS position FROM deliveries) AS o
WHERE o.id = d.id;

-- Workers of the version before go on for a while: what they tell becomes an alert, and what they take from the
-- queue has its alert's place.
CREATE FUNCTION alert_of_the_version_before() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE told jsonb := NEW.envelope::jsonb;
BEGIN
    INSERT INTO alerts (district_id, alert_id, dedup_key, status, starts_at, routing_key, sequence, trace_parent, body)
    VALUES (NEW.district_id, NEW.message_key, told ->> 'dedup_key', told ->> 'status', (told ->> 'starts_at')::timestamptz,
            NEW.routing_key, NEW.sequence, NEW.trace_parent, NEW.envelope);
    RETURN NULL;
END $$;
CREATE TRIGGER alert_of_the_version_before BEFORE INSERT ON alert_outbox
    FOR EACH ROW EXECUTE FUNCTION alert_of_the_version_before();
CREATE FUNCTION place_of_its_alert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.position := coalesce((SELECT min(position) FROM alerts WHERE alert_id = NEW.alert_id), 0);
    RETURN NEW;
END $$;
CREATE TRIGGER place_of_its_alert BEFORE INSERT ON deliveries
    FOR EACH ROW WHEN (NEW.position IS NULL) EXECUTE FUNCTION place_of_its_alert();

ALTER TABLE deliveries ALTER COLUMN position SET NOT NULL;
CREATE INDEX deliveries_by_position ON deliveries (channel, position);
DROP INDEX deliveries_first;
CREATE INDEX deliveries_first ON deliveries (waiting_for, position, id) WHERE waiting_for IS NOT NULL;
DROP INDEX deliveries_of_incident;
CREATE INDEX deliveries_of_incident ON deliveries (channel, dedup_key, position, id);
