-- name: read_district
-- What an evaluation knows of its district when it begins, which is locked: what was decided so far, the window, the
-- time, the filter and the policy in force, and the filter that it was last judged by, if that was another; and what may
-- stand against a commit.
SELECT d.status, d.batch_number, d.decision_number, d.commit_sequence, d.review_sequence, d.outbox_position,
       d.last_commit_id, d.standing_since, d.reported_digest, d.counts, d.candidate_digest, d.error_digest,
       d.committed_digest, d.committed_counts, d.committed_filter_version, d.committed_fields, d.filter_version,
       d.policy_fingerprint, d.evaluated_on, d.floor, d.baseline_at, d.is_partly_loaded, d.search_input_batch,
       d.complete_fields, d.held_fields,
       w.opened_at, w.last_event_at, w.events, w.requested, w.request_number, w.through, w.deferred_since,
       clock_timestamp() AS now,
       (SELECT l.time_zone FROM onboarding l WHERE l.district_id = $1) AS time_zone,
       ARRAY(SELECT e.student_id FROM erased_students e WHERE e.district_id = $1) AS erased_students,
       coalesce(f.version, 0) AS version, f.filter, f.confirmed,
       (SELECT e.filter FROM filters e
        WHERE e.district_id = $1 AND e.version = d.filter_version AND e.version <> f.version) AS earlier_filter,
       p.policy, p.until,
       (SELECT count(*) FROM quarantine q WHERE q.district_id = $1) AS quarantined,
       EXISTS (SELECT FROM baselines b WHERE b.district_id = $1 AND b.ready_at IS NOT NULL) AS has_ready_baseline,
       ARRAY(SELECT i.code FROM incidents i WHERE i.district_id = $1) AS incidents,
       a.id AS approval_id, a.plan_digest, a.commit_sequence AS approved_after,
       (SELECT coalesce(jsonb_agg(to_jsonb(o)), '[]')
        FROM (SELECT code, severity, kind, record_id, detail FROM findings
              WHERE district_id = $1 AND kind = ANY(ARRAY['district', 'school']) AND open) AS o) AS findings
FROM districts d
LEFT JOIN windows w ON w.district_id = $1
LEFT JOIN LATERAL (
    SELECT version, filter, CASE WHEN confirmation_ended_at IS NULL THEN confirmed END AS confirmed
    FROM filters WHERE district_id = $1 ORDER BY version DESC LIMIT 1) AS f ON true
LEFT JOIN LATERAL (
    SELECT policy, until FROM policies
    WHERE district_id = $1 AND (until IS NULL OR until > clock_timestamp())
    ORDER BY version DESC LIMIT 1) AS p ON true
LEFT JOIN approvals a ON a.district_id = $1 AND a.ended_at IS NULL
WHERE d.district_id = $1

-- name: read_policy
-- The district's own policy in force, if it has one.
-- The highest version that has not ended.
SELECT policy, until FROM policies
WHERE district_id = $1 AND (until IS NULL OR until > clock_timestamp())
ORDER BY version DESC LIMIT 1
