-- The trace context that an event came with (W3C traceparent), for the batch that takes it to link to.
ALTER TABLE inbox ADD COLUMN trace_parent text CONSTRAINT trace_parent_is_whole CHECK (length(trace_parent) = 55);
