-- name: advice
-- What was last suggested for the district's section filter, and what it was found for.
SELECT made_at, filter_version, unplaced, suggestions, input_batch, in_none FROM suggestions
WHERE district_id = $1 AND input_batch IS NOT NULL

-- name: keep_advice
-- Keeps what is suggested for the district's section filter, in the place of what was before.
INSERT INTO suggestions (district_id, made_at, filter_version, unplaced, suggestions, input_batch, in_none)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (district_id) DO UPDATE SET
    made_at = EXCLUDED.made_at, filter_version = EXCLUDED.filter_version, unplaced = EXCLUDED.unplaced,
    suggestions = EXCLUDED.suggestions, input_batch = EXCLUDED.input_batch, in_none = EXCLUDED.in_none

-- name: wait_for_a_search
-- Lets this transaction wait up to five minutes for a search for suggestions.
-- A connection that is silent for longer is taken for one of a process that hangs. A search may take 90
-- seconds, and on a machine that is at its limits a large district takes a while before and after it.
SET LOCAL idle_in_transaction_session_timeout = '300s'
