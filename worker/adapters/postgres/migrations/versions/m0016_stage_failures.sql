-- Stages that fail, by the process that they fail in: what an inspection makes an incident of.
CREATE TABLE stage_failures (
    process text COLLATE "C" NOT NULL,
    stage   text COLLATE "C" NOT NULL,
    since   timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,             -- a process that is gone says nothing any more
    problem text NOT NULL,                    -- an error's class and place, never its text
    PRIMARY KEY (process, stage)
);
