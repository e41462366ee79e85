-- name: wait_for_locks
-- Lets this transaction wait so many milliseconds for a lock, and read tables whole.
SELECT set_config('lock_timeout', $1, true), set_config('enable_seqscan', 'on', true)

-- name: students_called
-- The students that a text may mean: by id, by the beginning of one ($3, null where it is too short), or by sis_id.
WITH known AS (
    SELECT record_id FROM staged WHERE district_id = $1 AND kind = 'user' AND (record IS NULL OR record ? 'student')
        AND (record_id = $2 OR starts_with(record_id, $3) OR record #>> '{student,texts,sis_id}' = $2)
    UNION SELECT record_id FROM roster WHERE district_id = $1 AND kind = 'student'
        AND (record_id = $2 OR starts_with(record_id, $3) OR committed::jsonb ->> 'sis_id' = $2)
    UNION SELECT record_id FROM commit_history WHERE district_id = $1 AND kind = 'student'
        AND (record_id = $2 OR starts_with(record_id, $3) OR record::jsonb ->> 'sis_id' = $2)
    UNION SELECT record_id FROM inbox WHERE district_id = $1 AND kind = 'user' AND (record IS NULL OR record ? 'student')
        AND (record_id = $2 OR starts_with(record_id, $3) OR record #>> '{student,texts,sis_id}' = $2)
    UNION SELECT student_id FROM erased_students
        WHERE district_id = $1 AND (student_id = $2 OR starts_with(student_id, $3))
)
SELECT record_id FROM known ORDER BY record_id <> $2, record_id LIMIT 20

-- name: erased
-- When a student was erased, and by whom.
SELECT erased_at, actor FROM erased_students WHERE district_id = $1 AND student_id = $2

-- name: export
-- All that is kept of a student, one value a part.
SELECT
    (SELECT jsonb_build_object('event_id', event_id, 'record', record) FROM staged
     WHERE district_id = $1 AND kind = 'user' AND record_id = $2) AS staged,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', l.section_id, 'is_kept', k.section_id IS NOT NULL)
                               ORDER BY l.section_id), '[]')
     FROM (SELECT unnest(sections) AS section_id FROM enrollments WHERE district_id = $1 AND student_id = $2) AS l
     LEFT JOIN kept_sections k ON k.district_id = $1 AND k.section_id = l.section_id) AS sections,
    (SELECT candidate::jsonb FROM roster WHERE district_id = $1 AND kind = 'student' AND record_id = $2) AS candidate,
    (SELECT committed::jsonb FROM roster WHERE district_id = $1 AND kind = 'student' AND record_id = $2) AS committed,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('code', code, 'severity', severity, 'detail', detail,
                                                  'since', since, 'open', open) ORDER BY code, since), '[]')
     FROM findings WHERE district_id = $1 AND kind = 'student' AND record_id = $2) AS findings,
    (SELECT coalesce(jsonb_agg(field ORDER BY field), '[]') FROM identities
     WHERE district_id = $1 AND student_id = $2) AS identities,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('sequence', h.sequence, 'decided_at', d.decided_at,
                                                  'commit_id', d.decision_id) ORDER BY h.sequence), '[]')
     FROM commit_history h
     LEFT JOIN decisions d ON d.district_id = h.district_id AND d.outcome = 'commit' AND d.sequence = h.sequence
     WHERE h.district_id = $1 AND h.kind = 'student' AND h.record_id = $2) AS commits,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('sequence', sequence, 'replaced', record::jsonb)
                               ORDER BY sequence), '[]')
     FROM commit_history WHERE district_id = $1 AND kind = 'student' AND record_id = $2) AS commit_history,
    (SELECT coalesce(jsonb_agg(to_jsonb(g) - 'district_id' - 'student_id' ORDER BY sequence), '[]')
     FROM guard_history g WHERE district_id = $1 AND student_id = $2) AS guard_history,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('event_id', event_id, 'record', record) ORDER BY event_id), '[]')
     FROM inbox WHERE district_id = $1 AND kind = 'user' AND record_id = $2) AS waiting_events,
    (SELECT record FROM baseline_records WHERE district_id = $1 AND kind = 'user' AND record_id = $2) AS baseline_record,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('sequence', sequence, 'part', part) ORDER BY position), '[]')
     FROM outbox WHERE district_id = $1 AND strpos(changes, to_json($2::text)::text) > 0) AS messages_to_publish,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('at', at, 'actor', actor, 'action', action) ORDER BY id), '[]')
     FROM audit WHERE district_id = $1 AND detail ->> 'record' = $2) AS audit

-- name: staged
-- What is staged of a student's record.
SELECT event_id, record, modified FROM staged WHERE district_id = $1 AND kind = 'user' AND record_id = $2

-- name: lock_baseline
-- Keeps pages out of the district's baseline until the student is erased.
-- The pages that come after leave the student out.
SELECT true FROM baselines WHERE district_id = $1 FOR UPDATE

-- name: remember
-- Notes that a student is erased, so that nothing of the student comes back.
INSERT INTO erased_students (district_id, student_id, actor) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: forget_inbox
-- Takes an erased student's data out of the events in the inbox.
-- An event is kept as one that deletes the student: publishers count what was stored.
UPDATE inbox SET record = rostering_without_student(record)
WHERE district_id = $1 AND kind = 'user' AND record_id = $2 AND record ? 'student'

-- name: forget_teacher_of_baseline
-- Takes the student's data out of a baseline's record of a teacher and student.
UPDATE baseline_records SET record = rostering_without_student(record)
WHERE district_id = $1 AND kind = 'user' AND record_id = $2 AND record ? 'teacher'

-- name: forget_baseline
-- Deletes the student's record from a baseline, and from its count of records.
WITH gone AS (
    DELETE FROM baseline_records WHERE district_id = $1 AND kind = 'user' AND record_id = $2 AND record ? 'student'
    RETURNING 1
)
UPDATE baselines SET records = records - (SELECT count(*) FROM gone) WHERE district_id = $1

-- name: forget_history
-- Blanks an erased student's record in the history of commits.
UPDATE commit_history SET record = NULL WHERE district_id = $1 AND kind = 'student' AND record_id = $2

-- name: forget_moves
-- Deletes where commits moved an erased student, which guards count.
DELETE FROM guard_history WHERE district_id = $1 AND student_id = $2

-- name: is_committed
-- Whether the student is still committed, so that a commit has to remove the student.
SELECT count(*) > 0 FROM roster
WHERE district_id = $1 AND kind = 'student' AND record_id = $2 AND committed_member IS NOT NULL
