-- Until when events of a purged district are refused: the greatest event id of the moment of its purge.
ALTER TABLE districts ADD purged_through text COLLATE "C";
CREATE INDEX districts_purged ON districts (district_id) WHERE purged_through IS NOT NULL;
