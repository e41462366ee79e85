-- The shadow's rows besides those that it was cast with. `:d` is its id.
-- As `record_id` of the tests makes them.
CREATE FUNCTION pg_temp.id(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT lpad(to_hex(n + 1 - CASE WHEN n >= 1000 THEN 1 WHEN n >= 900 THEN 900 WHEN n >= 850 THEN 850
                                    WHEN n >= 800 THEN 800 WHEN n >= 700 THEN 700 ELSE 1 END), 24, '0')
$$;

UPDATE districts SET seen_at = now(), reevaluate_at = NULL, floor = pg_temp.id(30000), batch_number = 9,
    decision_number = 9, commit_sequence = 6, review_sequence = 3;
INSERT INTO evaluation_failures VALUES (:d, 1, '2190-01-01', NULL, 'an error');
INSERT INTO windows (district_id, opened_at, last_event_at, events, request_number)
    VALUES (:d, '2190-01-01', '2190-01-01', 1, 7);
INSERT INTO inbox (district_id, event_id, kind, record_id, record)
    SELECT :d, pg_temp.id(n), 'user', pg_temp.id(n), '{"of": "the shadow"}'
    FROM generate_series(1, 60) AS n ON CONFLICT DO NOTHING;
INSERT INTO evaluated_events (district_id, event_id, received_at)
    SELECT :d, pg_temp.id(n), now() FROM generate_series(61, 80) AS n ON CONFLICT DO NOTHING;
INSERT INTO feed_marks (district_id, through, since, count)
    SELECT :d, pg_temp.id(n), '', 1 FROM generate_series(1, 40) AS n ON CONFLICT DO NOTHING;
INSERT INTO connections (district_id, disconnected_at, due_at, cursor, cursor_at, settled, overlap,
                         baseline_after, resync, record)
    VALUES (:d, now(), '2190-01-01', pg_temp.id(7), now(), '', '', '2190-01-01', 'of the shadow',
            '{"name": "Shadow Unified"}');
INSERT INTO baselines (district_id, run, seed, overlap, floor, collections, place)
    VALUES (:d, '00000000-0000-0000-0000-000000000001', '', '', '', '{users,sections}', 1);
INSERT INTO baseline_records (district_id, kind, record_id, record)
    SELECT :d, 'user', pg_temp.id(n), '{"of": "the shadow"}' FROM generate_series(1, 40) AS n;
INSERT INTO baseline_records (district_id, kind, record_id, record)
    SELECT :d, 'section', pg_temp.id(n), '{}' FROM generate_series(700, 705) AS n;
INSERT INTO baseline_records (district_id, kind, record_id, reason, explanation)
    SELECT :d, kind, pg_temp.id(n), 'unreadable', 'shadow'
    FROM unnest(ARRAY['school', 'term', 'course', 'district', 'user']) AS kind, generate_series(1000, 1002) AS n;
INSERT INTO filters (district_id, version, filter, actor, reason)
    SELECT :d, 7 + n, '{"rules": [{"all": [{"field": "name", "op": "contains", "value": "shadow"}]}]}',
           'shadow', 'shadow' FROM generate_series(1, 2) AS n;
INSERT INTO policies (district_id, version, policy, actor)
    SELECT :d, 7 + n, '{"required_fields": ["email"], "removal_limit_floor": 0}', 'shadow'
    FROM generate_series(1, 2) AS n;
INSERT INTO holds (district_id, actor, reason) VALUES (:d, 'shadow', 'shadow');
INSERT INTO approvals (id, district_id, plan_digest, commit_sequence, actor, reason)
    OVERRIDING SYSTEM VALUE VALUES (1000000000, :d, decode(repeat('00', 32), 'hex'), 1, 'shadow', 'shadow');
INSERT INTO searches (district_id, made_at, suggestions) VALUES (:d, now(), '[]');
INSERT INTO suggestions (district_id, made_at, filter_version, unplaced, suggestions, input_batch,
                         in_none)
    VALUES (:d, now(), 7, 3, '[]', 1, 3);
INSERT INTO onboarding (district_id, state, returns_to, name, contacts, time_zone, sections, students,
                        unsectioned)
    VALUES (:d, 'disconnected', 'live', 'Shadow Unified', '{shadow@shadow.example}', 'America/Chicago',
            2, 32, 0);
INSERT INTO onboarding_drops (district_id) VALUES (:d);
INSERT INTO onboarding_history (id, district_id, from_state, move, to_state, at)
    OVERRIDING SYSTEM VALUE
    SELECT id, :d, '', 'choose', 'chosen', now() FROM unnest(ARRAY[-1, 1000000000]) AS id;
INSERT INTO connect_links (district_id, digest, created_by, expires_at)
    VALUES (:d, decode(repeat('5d', 32), 'hex'), 'shadow', '2190-01-01');
INSERT INTO mails (mail_id, position, district_id, kind, occasion, recipients, subject, text, html,
                   time_zone, state, handed_at, sent_at)
    OVERRIDING SYSTEM VALUE
    SELECT md5(occasion)::uuid, -row_number() OVER (), :d, 'invitation', occasion,
           '{shadow@shadow.example}', 'x', 'x', 'x', 'America/Chicago', 'sent', now(), now()
    FROM unnest(ARRAY['invitation', 'invitation/1', 'rostered', 'rostered/1', '1', 'a']) AS o(occasion);
INSERT INTO quarantine (district_id, body_digest, reason, explanation)
    SELECT :d, sha256(n::text::bytea), 'unreadable', 'shadow' FROM generate_series(1, 3) AS n;
-- Whoever reads the dead letters of all districts begins behind these.
INSERT INTO dead_letters (position, district_id, routing_key, reason, body) OVERRIDING SYSTEM VALUE
    SELECT -n, :d, 'd.users', 'unreadable', 'shadow' FROM generate_series(1, 3) AS n;
INSERT INTO guard_history
    SELECT :d, s, pg_temp.id(n), now(), true, pg_temp.id(900), pg_temp.id(700),
           false, NULL, NULL FROM generate_series(1, 40) AS n, generate_series(2, 4) AS s
    ON CONFLICT DO NOTHING;
INSERT INTO commit_history (district_id, sequence, kind, record_id, record, member, school_id)
    SELECT :d, s, 'student', pg_temp.id(n), '{"of": "the shadow"}', sha256('x'), 'x'
    FROM generate_series(1, 40) AS n, generate_series(2, 6) AS s ON CONFLICT DO NOTHING;
INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported)
    SELECT :d, 'student', pg_temp.id(n), sha256(n::text::bytea), 'student.no_section',
           CASE WHEN n % 2 = 0 THEN 'error' ELSE 'warning' END, '{}', n % 3 <> 0, n % 3 <> 1
    FROM generate_series(1, 40) AS n ON CONFLICT DO NOTHING;
INSERT INTO school_terms (district_id, school_id, term_id, sections)
    SELECT :d, pg_temp.id(900), pg_temp.id(850), 5 ON CONFLICT DO NOTHING;
INSERT INTO audit (id, actor, action, district_id)
    OVERRIDING SYSTEM VALUE
    SELECT id, 'shadow', 'shadow', :d FROM unnest(ARRAY[-1, -2]) AS id;
INSERT INTO erased_students (district_id, student_id, actor)
    SELECT :d, pg_temp.id(n), 'shadow' FROM generate_series(1, 40, 3) AS n;
INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key, sequence,
                    part, parts, trace_parent, envelope, changes, created_at)
    SELECT :d, n, n, 'commit.shadow', 'rostering.commit/v1', 'shadow', n, 1, 1, '', '{}', '[]',
           '2190-01-01'
    FROM generate_series(1, 6) AS n;
INSERT INTO alerts (district_id, position, alert_id, dedup_key, status, starts_at, routing_key, sequence,
                    trace_parent, body, created_at, published_at)
    OVERRIDING SYSTEM VALUE
    SELECT :d, -n - 1000, 'shadow', 'preflight.failed/' || :d, 'firing', '2020-01-01', 'alert.page', 1,
           '', '{}', '2020-01-01', '2190-01-01'
    FROM generate_series(1, 3) AS n;
INSERT INTO relay_leases VALUES (:d, '5d5d5d5d-0000-0000-0000-000000000000', '2190-01-01');
INSERT INTO alert_leases VALUES (:d, '5d5d5d5d-0000-0000-0000-000000000000', '2190-01-01');
INSERT INTO incidents (district_id, code, since, picture, summary, told)
    VALUES (:d, 'preflight.failed', now(), 'x', 'shadow', 'x');
-- It is not the same: whatever reads it for another sees so.
UPDATE staged SET record = record || '{"of": "the shadow"}', event_id = '0' || event_id
    WHERE record IS NOT NULL AND kind <> 'district';
UPDATE roster SET committed_school_id = 'shadow', committed = committed || ' ',
                  committed_member = sha256('x')
    WHERE committed IS NOT NULL;
UPDATE roster SET grade = 'shadow' WHERE kind = 'student';
INSERT INTO roster (district_id, kind, record_id, committed, committed_member, committed_school_id)
    SELECT :d, 'student', pg_temp.id(n), '{"of": "the shadow"}', sha256('y'), 'x'
    FROM generate_series(41, 44) AS n;
INSERT INTO roster (district_id, kind, record_id, committed, committed_member, committed_school_id)
    SELECT :d, kind, pg_temp.id(n), '{"of": "the shadow"}', sha256('y'), 'x'
    FROM unnest(ARRAY['class', 'school', 'teacher']) AS kind, generate_series(45, 46) AS n;
INSERT INTO roster (district_id, kind, record_id, school_id, candidate, candidate_member)
    SELECT :d, kind, pg_temp.id(n), 'x', '{"of": "the shadow"}', sha256('z')
    FROM unnest(ARRAY['class', 'school', 'student', 'teacher']) AS kind, generate_series(47, 49) AS n;
INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported)
    SELECT :d, 'student', pg_temp.id(n), sha256((n || code)::bytea), code, 'error',
           '{"sections": ["x", "y"], "removed": 9, "limit": 1}', true, n % 2 = 0
    FROM generate_series(1, 4) AS n,
         unnest(ARRAY['student.multiple_sections', 'student.field_missing', 'student.duplicate_identity',
                      'school.mass_removal', 'district.mass_removal']) AS code;
UPDATE findings SET open = false, severity = 'error' WHERE reported AND record_id > pg_temp.id(32);
INSERT INTO batches (district_id, number, batch_id, trigger, events, opened_at, closed_at, outcome)
    SELECT :d, n, 'shadow ' || n, 'quiet', 1, now(), '2190-01-01', CASE WHEN n <= 6 THEN 'commit' ELSE 'review' END
    FROM generate_series(2, 9) AS n;
INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, decided_at, summary)
    SELECT :d, n, 'shadow ' || n, CASE WHEN n <= 6 THEN 'commit' ELSE 'review' END,
           CASE WHEN n <= 6 THEN n ELSE n - 6 END, n, '2190-01-01', '{"of": "the shadow"}'
    FROM generate_series(2, 9) AS n;
INSERT INTO enrollments (district_id, student_id, sections)
    SELECT :d, pg_temp.id(n), ARRAY[pg_temp.id(702)] FROM generate_series(1, 44) AS n
    ON CONFLICT (district_id, student_id) DO UPDATE SET sections = enrollments.sections || EXCLUDED.sections;
INSERT INTO section_links (district_id, role, target_id, section_id)
    SELECT :d, role, pg_temp.id(n), pg_temp.id(s)
    FROM (VALUES ('teacher', 500), ('school', 900), ('school', 901), ('course', 800), ('term', 850)) AS r(role, n),
         generate_series(700, 705) AS s
    ON CONFLICT DO NOTHING;
INSERT INTO kept_sections (district_id, section_id, rank, students)
    SELECT :d, pg_temp.id(n), 7, 40 FROM generate_series(700, 705) AS n ON CONFLICT DO NOTHING;
INSERT INTO identities (district_id, field, value_digest, student_id)
    SELECT :d, i.field, i.value_digest, pg_temp.id(60) FROM identities AS i WHERE i.district_id = :d;
INSERT INTO commit_history (district_id, sequence, kind, record_id, record, member, school_id)
    SELECT :d, s, kind, pg_temp.id(n), '{"of": "the shadow"}', sha256('x'), 'x'
    FROM (VALUES ('class', 700), ('class', 701), ('teacher', 500), ('school', 900), ('school', 901)) AS k(kind, n),
         generate_series(2, 6) AS s
    ON CONFLICT DO NOTHING;
INSERT INTO staged (district_id, kind, record_id, event_id, record)
    SELECT :d, s.kind, pg_temp.id(n), pg_temp.id(n), CASE WHEN n % 4 > 0 THEN s.record END
    FROM staged AS s, generate_series(33, 60) AS n
    WHERE s.district_id = :d AND s.kind = 'user' AND s.record_id = pg_temp.id(1);
INSERT INTO staged (district_id, kind, record_id, event_id, record)
    SELECT :d, s.kind, pg_temp.id(n), pg_temp.id(n), s.record
    FROM staged AS s, generate_series(702, 705) AS n
    WHERE s.district_id = :d AND s.kind = 'section' AND s.record_id = pg_temp.id(700);
INSERT INTO staged (district_id, kind, record_id, event_id, record)
    VALUES (:d, 'course', pg_temp.id(800), pg_temp.id(1), '{"name": "Shadows"}'),
           (:d, 'term', pg_temp.id(850), pg_temp.id(1), '{"name": "Shadow", "start": "2001-01-01", "end": "2001-02-01"}'),
           (:d, 'school', pg_temp.id(902), pg_temp.id(1), '{"name": "Shadow School"}'),
           (:d, 'district', :d, pg_temp.id(1), '{"name": "Shadow Unified"}');
