-- name: request
-- Asks for windows to be closed by a trigger; a window is made where there is none.
INSERT INTO windows AS w (district_id, opened_at, last_event_at, events, requested, request_number)
SELECT district_id, clock_timestamp(), clock_timestamp(), 0, $2, 1
FROM unnest($1::text[]) AS d(district_id) GROUP BY district_id ORDER BY district_id
ON CONFLICT (district_id) DO UPDATE SET
    requested = EXCLUDED.requested, through = NULL, request_number = w.request_number + 1

-- name: take_due_by_time
-- Takes districts that are due by time alone, once each, and says which are not disconnected.
UPDATE districts d SET reevaluate_at = NULL
FROM (SELECT district_id FROM districts WHERE reevaluate_at <= now()
      ORDER BY reevaluate_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED) AS due
WHERE d.district_id = due.district_id
RETURNING d.district_id,
          (SELECT c.disconnected_at FROM connections c WHERE c.district_id = d.district_id) IS NULL AS is_read
