-- name: open
INSERT INTO incidents (district_id, code, since) VALUES ($1, $2, clock_timestamp())
ON CONFLICT DO NOTHING
RETURNING since

-- name: close
DELETE FROM incidents WHERE district_id = $1 AND code = $2 RETURNING since

-- name: next_position
-- Takes the next place in the district's outbox; waits for an evaluation that is writing there.
UPDATE districts SET outbox_position = outbox_position + 1 WHERE district_id = $1
RETURNING outbox_position, decision_number

-- name: enqueue
INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key, sequence, part,
                    parts, trace_parent, envelope, changes)
VALUES ($1, $2, $3, $4, $5, $6, $3, 1, 1, $7, $8, NULL)
