-- What a student was after the commit as well, so that guards count without a look at the roster.
DELETE FROM guard_history;
ALTER TABLE guard_history
    ADD COLUMN is_there boolean NOT NULL,
    ADD COLUMN next_school_id text COLLATE "C",
    ADD COLUMN next_class_id text COLLATE "C",
    ADD CONSTRAINT who_is_not_there_has_no_class CHECK (is_there OR next_class_id IS NULL);
