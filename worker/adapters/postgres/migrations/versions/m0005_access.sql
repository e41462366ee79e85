-- Those who may use the console. Nobody is ever deleted: the audit names them.
CREATE TABLE users (
    name                text COLLATE "C" PRIMARY KEY,
    role                text NOT NULL CHECK (role IN ('viewer', 'reviewer', 'admin')),
    password_hash       text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    created_at          timestamptz NOT NULL DEFAULT now(),
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    disabled_at         timestamptz
);

-- Who is logged in. The token itself is in the browser only: whoever reads this table can be nobody.
CREATE TABLE sessions (
    token_digest bytea PRIMARY KEY CHECK (length(token_digest) = 32),
    user_name    text COLLATE "C" NOT NULL REFERENCES users (name),
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

-- Browsers in which a user has logged in before, by the SHA-256 of what they keep. Strangers' failures do not
-- hold them up.
CREATE TABLE known_browsers (
    token_digest bytea NOT NULL CHECK (length(token_digest) = 32),
    user_name    text COLLATE "C" NOT NULL REFERENCES users (name),
    seen_at      timestamptz NOT NULL,
    PRIMARY KEY (token_digest, user_name)
);
CREATE INDEX known_browsers_of_user ON known_browsers (user_name, seen_at);
