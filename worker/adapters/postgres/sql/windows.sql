-- name: request
-- Asks for windows to be closed by a trigger; a window is made where there is none.
INSERT INTO windows AS w (district_id, opened_at, last_event_at, events, requested, request_number)
SELECT district_id, clock_timestamp(), clock_timestamp(), 0, $2, 1
FROM unnest($1::text[]) AS d(district_id) ORDER BY district_id
ON CONFLICT (district_id) DO UPDATE SET
    requested = EXCLUDED.requested, through = NULL, request_number = w.request_number + 1
