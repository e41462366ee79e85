-- name: advice
SELECT made_at, filter_version, unplaced, suggestions FROM suggestions WHERE district_id = $1

-- name: keep_advice
INSERT INTO suggestions (district_id, made_at, filter_version, unplaced, suggestions)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (district_id) DO UPDATE SET
    made_at = EXCLUDED.made_at, filter_version = EXCLUDED.filter_version, unplaced = EXCLUDED.unplaced,
    suggestions = EXCLUDED.suggestions
