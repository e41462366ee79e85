-- What buckets of failed log-ins are made with: without it, whoever reads our code could find a name or an address that
-- shares somebody's bucket. Made at the first log-in.
CREATE TABLE login_key (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    key      bytea NOT NULL CHECK (length(key) = 32)
);
