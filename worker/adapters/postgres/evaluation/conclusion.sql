-- name: conclude
-- Writes all that an evaluation ends with, and closes its window.
-- $2 to $12 are messages. With $13 the candidate roster becomes the committed one, as the commit $15: with $16 it is kept
-- whom that moves, with $17 what it replaces, and without that, one can go back no further than to this commit; with $18
-- the guards count from here. $19 to $24 are the batch, $25 to $27 the decision, $28 to $54 the district's state, and $55
-- and $56 what becomes of the window, with $57. $58 is rung if there are messages. (All parts see the district as it was
-- before any of them.)
WITH put AS (
    INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key, sequence, part,
                        parts, trace_parent, envelope, changes)
    SELECT $1, m.* FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                               $8::integer[], $9::integer[], $10::text[], $11::text[], $12::text[]) AS m
), forgotten AS (
    DELETE FROM guard_history WHERE $18 AND district_id = $1
), moved AS (
    INSERT INTO guard_history (district_id, sequence, student_id, committed_at, was_there, school_id, class_id,
                               is_there, next_school_id, next_class_id)
    SELECT $1, $15::bigint, record_id, $14::timestamptz, committed_member IS NOT NULL, committed_school_id, class_id,
           candidate IS NOT NULL, school_id, next_class_id
    FROM (SELECT record_id, committed_member, committed_school_id, candidate, school_id,
                 committed::jsonb ->> 'class_id' AS class_id, candidate::jsonb ->> 'class_id' AS next_class_id
          FROM roster WHERE $16 AND plan_of = $1 AND kind = 'student' OFFSET 0) AS plan  -- each record is read once
    WHERE (candidate IS NULL OR committed_member IS NULL OR school_id IS DISTINCT FROM committed_school_id
           OR next_class_id <> class_id)
      AND NOT EXISTS (SELECT FROM erased_students e WHERE e.district_id = $1 AND e.student_id = record_id)
), replaced AS (  -- of an erased student the member alone
    INSERT INTO commit_history (district_id, sequence, kind, record_id, record, member, school_id)
    SELECT district_id, $15, kind, record_id,
           CASE WHEN kind <> 'student' OR NOT EXISTS (SELECT FROM erased_students e
                    WHERE e.district_id = $1 AND e.student_id = r.record_id) THEN committed END,
           committed_member, committed_school_id
    FROM roster r WHERE $17 AND plan_of = $1
), removed AS (
    DELETE FROM roster WHERE $13 AND plan_of = $1 AND candidate IS NULL
), adopted AS (
    UPDATE roster SET committed = candidate, committed_member = candidate_member, committed_school_id = school_id
    WHERE $13 AND plan_of = $1 AND candidate IS NOT NULL
), batch AS (
    INSERT INTO batches (district_id, number, batch_id, trigger, events, opened_at, closed_at, outcome)
    VALUES ($1, $29, $19, $20, $21, $22, $23, $24)
), decision AS (
    INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, decided_at, summary)
    SELECT $1, $30, $25::text, $24, $26::bigint, $29, $23, $27::jsonb WHERE $25 IS NOT NULL
), forgiven AS (
    DELETE FROM evaluation_failures WHERE district_id = $1
), saved AS (
    UPDATE districts SET
        status = $28, batch_number = $29, decision_number = $30, commit_sequence = $31, review_sequence = $32,
        outbox_position = $33, last_commit_id = $34, standing_since = $35, reported_digest = $36, counts = $37,
        candidate_digest = $38, error_digest = $39, committed_digest = $40, committed_counts = $41,
        filter_version = $42, policy_fingerprint = $43, evaluated_on = $44, floor = $45, baseline_at = $46,
        reevaluate_at = $47, search_input_batch = $48, complete_fields = $49, held_fields = $50,
        lacking_fields = $51, committed_filter_version = $52, committed_fields = $53, is_partly_loaded = $54,
        history_from = CASE WHEN $13 AND NOT $17 THEN $15 ELSE history_from END, purged_at = NULL
    WHERE district_id = $1
)
SELECT CASE WHEN $57 THEN rostering_close_window($1, $55, $56) END,
       CASE WHEN cardinality($2) > 0 THEN pg_notify($58, '') END

-- name: save_district
-- Saves the district's state alone, as `conclude` does, where no batch was evaluated.
UPDATE districts SET
    status = $2, batch_number = $3, decision_number = $4, commit_sequence = $5, review_sequence = $6,
    outbox_position = $7, last_commit_id = $8, standing_since = $9, reported_digest = $10, counts = $11,
    candidate_digest = $12, error_digest = $13, committed_digest = $14, committed_counts = $15,
    filter_version = $16, policy_fingerprint = $17, evaluated_on = $18, floor = $19, baseline_at = $20,
    reevaluate_at = $21, search_input_batch = $22, complete_fields = $23, held_fields = $24,
    lacking_fields = $25, committed_filter_version = $26, committed_fields = $27, is_partly_loaded = $28,
    purged_at = NULL
WHERE district_id = $1
