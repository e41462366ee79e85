-- Suggestions hold for what they were computed from.
-- search_input_batch: the last batch that changed anything that a search of section filters reads.
ALTER TABLE districts ADD COLUMN search_input_batch bigint NOT NULL DEFAULT 0;

-- input_batch: that number when they were found; null in those that were found before it was counted.
-- in_none: how many of the unplaced students were in no section; the others were in several.
ALTER TABLE suggestions ADD COLUMN input_batch bigint, ADD COLUMN in_none bigint;
