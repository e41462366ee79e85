-- What opens the console while it has no users: links, good once, and the sessions that they were exchanged for.
CREATE TABLE local_keys (
    digest  bytea PRIMARY KEY CHECK (length(digest) = 32),   -- SHA-256 of the token
    kind    text NOT NULL CHECK (kind IN ('link', 'session')),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at timestamptz CHECK (used_at IS NULL OR kind = 'link')
);
