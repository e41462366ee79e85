-- name: lock
-- Locks a district that is to be purged, and returns the time.
SELECT clock_timestamp() AS now FROM districts WHERE district_id = $1 FOR UPDATE

-- name: unpublished
-- How many of the district's messages are not yet published.
SELECT count(*) FROM outbox WHERE district_id = $1

-- name: blank
-- Blanks what the district's row says of students, and marks it as purged; its numbers go on where they were.
UPDATE districts SET
    status = 'waiting', last_commit_id = NULL, standing_since = NULL, reported_digest = NULL, counts = '{}',
    candidate_digest = decode(repeat('00', 32), 'hex'), error_digest = decode(repeat('00', 32), 'hex'),
    committed_digest = decode(repeat('00', 32), 'hex'), committed_counts = '{}', committed_filter_version = 0, committed_fields = '{}', filter_version = 0,
    policy_fingerprint = NULL, is_partly_loaded = false, evaluated_on = NULL, floor = '', baseline_at = NULL,
    reevaluate_at = NULL, complete_fields = '{}', held_fields = '{}', lacking_fields = '{}', history_from = commit_sequence, purged_at = clock_timestamp(),
    purged_through = lpad(to_hex(floor(extract(epoch FROM clock_timestamp()))::bigint), 8, '0') || repeat('f', 16)
WHERE district_id = $1

-- name: redact_audit
-- Leaves only numbers in what the audit says of the district: any text may hold a name.
UPDATE audit a SET detail = coalesce(
    (SELECT jsonb_object_agg(key, value) FROM jsonb_each(a.detail) WHERE jsonb_typeof(value) IN ('number', 'boolean')),
    '{}')
WHERE district_id = $1

-- name: delete_inbox
-- Deletes events of the district that are not yet evaluated.
DELETE FROM inbox WHERE district_id = $1

-- name: delete_evaluated_events
-- Deletes the ids of the district's evaluated events.
DELETE FROM evaluated_events WHERE district_id = $1

-- name: delete_feed_marks
-- Deletes the notes of how far publishers say they sent the district's feed.
DELETE FROM feed_marks WHERE district_id = $1

-- name: delete_quarantine
-- Deletes what could not be read of the district.
DELETE FROM quarantine WHERE district_id = $1

-- name: delete_dead_letters
-- Deletes the district's dead letters that are kept here and came since they were discarded.
DELETE FROM dead_letters WHERE district_id = $1

-- name: delete_evaluation_failures
-- Deletes the district's failed evaluations.
DELETE FROM evaluation_failures WHERE district_id = $1

-- name: delete_baseline_records
-- Deletes what a baseline has read of the district.
DELETE FROM baseline_records WHERE district_id = $1

-- name: delete_baselines
-- Deletes the district's baseline.
DELETE FROM baselines WHERE district_id = $1

-- name: delete_connections
-- Deletes the district's connection to Clever, with its token and cursor.
DELETE FROM connections WHERE district_id = $1

-- name: delete_staged
-- Deletes the district's staged roster.
DELETE FROM staged WHERE district_id = $1

-- name: delete_enrollments
-- Deletes the notes of which sections list the district's students.
DELETE FROM enrollments WHERE district_id = $1

-- name: delete_section_links
-- Deletes the notes of where else the district's sections point.
DELETE FROM section_links WHERE district_id = $1

-- name: delete_kept_sections
-- Deletes the notes of which sections the district's filter keeps.
DELETE FROM kept_sections WHERE district_id = $1

-- name: delete_identities
-- Deletes the unique values of the district's students.
DELETE FROM identities WHERE district_id = $1

-- name: delete_findings
-- Deletes the district's findings.
DELETE FROM findings WHERE district_id = $1

-- name: delete_roster
-- Deletes the district's candidate and committed roster.
DELETE FROM roster WHERE district_id = $1

-- name: delete_school_terms
-- Deletes the notes of how many sections of the district's schools name a term.
DELETE FROM school_terms WHERE district_id = $1

-- name: delete_decisions
-- Deletes the district's decisions.
DELETE FROM decisions WHERE district_id = $1

-- name: delete_batches
-- Deletes the district's batches.
DELETE FROM batches WHERE district_id = $1

-- name: delete_filters
-- Deletes the district's section filters.
DELETE FROM filters WHERE district_id = $1

-- name: delete_policies
-- Deletes the district's policies.
DELETE FROM policies WHERE district_id = $1

-- name: delete_holds
-- Deletes the district's hold.
DELETE FROM holds WHERE district_id = $1

-- name: delete_approvals
-- Deletes the approvals of the district's plans.
DELETE FROM approvals WHERE district_id = $1

-- name: delete_commit_history
-- Deletes what each commit of the district replaced.
DELETE FROM commit_history WHERE district_id = $1

-- name: delete_guard_history
-- Deletes the notes of which students each commit of the district moved.
DELETE FROM guard_history WHERE district_id = $1

-- name: delete_suggestions
-- Deletes what was suggested for the district's section filter.
DELETE FROM suggestions WHERE district_id = $1

-- name: delete_searches
-- Deletes what a search for section filters found for the district.
DELETE FROM searches WHERE district_id = $1

-- name: delete_erased_students
-- Deletes the notes of which students of the district are erased.
DELETE FROM erased_students WHERE district_id = $1

-- name: delete_onboarding
-- Deletes the district's onboarding, with its history and its connect links.
DELETE FROM onboarding WHERE district_id = $1

-- name: delete_onboarding_drops
-- Deletes the note that a person removed the district from onboarding.
DELETE FROM onboarding_drops WHERE district_id = $1

-- name: delete_mails
-- Deletes the e-mails to the district.
DELETE FROM mails WHERE district_id = $1

-- name: delete_windows
-- Deletes the district's open window.
DELETE FROM windows WHERE district_id = $1
