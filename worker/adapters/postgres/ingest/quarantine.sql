-- name: free
-- Takes a dead letter out of quarantine, once it is discarded; returns nothing where it is not there.
DELETE FROM quarantine WHERE district_id = $1 AND body_digest = $2
RETURNING true

-- name: lacking
-- Which of these messages that the broker put aside a district lacks, and is not quarantined for yet.
-- Left out is one that is stored all the same, or is in the last baseline, or was replayed or discarded since it was
-- put aside.
SELECT m.district_id, m.digest, m.reason
FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::timestamptz[])
         AS m(district_id, digest, reason, event_id, died_at)
LEFT JOIN districts d ON d.district_id = m.district_id
WHERE NOT EXISTS (SELECT FROM quarantine q WHERE q.district_id = m.district_id AND q.body_digest = m.digest)
  AND NOT EXISTS (SELECT FROM inbox i WHERE i.district_id = m.district_id AND i.event_id = m.event_id)
  AND NOT EXISTS (SELECT FROM evaluated_events e
                  WHERE e.district_id = m.district_id AND e.event_id = m.event_id)
  AND (m.event_id IS NULL OR m.event_id > coalesce(d.floor, ''))
  AND (m.event_id IS NOT NULL OR d.baseline_at IS NULL OR m.died_at > d.baseline_at)
  AND NOT EXISTS (SELECT FROM audit a
                  WHERE (a.district_id = m.district_id OR a.district_id IS NULL)
                    AND a.action IN ('dead_letter.replay', 'dead_letter.discard')
                    AND a.detail ->> 'letter' = encode(m.digest, 'hex')
                    AND a.at >= coalesce(m.died_at, '-infinity'))
ORDER BY m.district_id, m.digest

-- name: unattributed
-- Keeps a message whose district cannot be read, under no district, for an alert.
INSERT INTO quarantine (district_id, body_digest, reason, explanation) VALUES ('', $1, $2, $3)
ON CONFLICT DO NOTHING
