-- Fills an empty database with $1 districts: 30 of them busy, the same in every database, and the others quiet.

INSERT INTO districts (district_id, seen_at, status, batch_number, decision_number, commit_sequence, review_sequence,
                       counts, committed_counts, last_commit_id, policy_fingerprint, evaluated_on, baseline_at, filter_version,
                       standing_since, reported_digest)
SELECT '5' || lpad(to_hex(n), 23, '0'), now() - interval '90 days', CASE WHEN n <= 10 THEN 'review' ELSE 'rostered' END, 200, 190, 180, 10,
       jsonb_build_object('roster:student', 3700 + n % 97, 'roster:class', 180, 'blocked', CASE WHEN n <= 10 THEN n ELSE 0 END),
       jsonb_build_object('student', 3700 + n % 97, 'school', 7, 'class', 180), 'commit', 'policy', current_date,
       now() - interval '6 hours', 3, CASE WHEN n <= 10 THEN now() - interval '1 hour' END,
       CASE WHEN n <= 10 THEN '\x00'::bytea END
FROM generate_series(1, $1::int) AS n;

INSERT INTO connections (district_id, token, due_at, cursor, cursor_at, record, connected_at, failing_since, failures, problem)
SELECT '5' || lpad(to_hex(n), 23, '0'), decode(repeat('ab', 80), 'hex'),
       now() + CASE WHEN n <= 10 THEN interval '-1 second' ELSE n % 50 * interval '1 second' + interval '10 minutes' END,
       '6' || lpad(to_hex(n), 23, '0'), now() - interval '30 seconds',
       jsonb_build_object('id', '5' || lpad(to_hex(n), 23, '0'), 'name', 'District ' || n, 'state', CASE WHEN n = 11 THEN 'error' ELSE 'success' END,
           'last_sync', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'launch_date', '2026-08-25', 'sis_type', 'sftp', 'login_methods', jsonb_build_array('Clever Badges'),
           'nces_id', (5000000 + n)::text, 'mdr_number', n::text),
       now() - interval '90 days', CASE WHEN n = 12 THEN now() - interval '1 hour' END, CASE WHEN n = 12 THEN 7 ELSE 0 END,
       CASE WHEN n = 12 THEN 'Clever: 503' END
FROM generate_series(1, $1::int) AS n;

ALTER TABLE onboarding DISABLE TRIGGER onboarding_starts;

INSERT INTO onboarding (district_id, state, since, contacts, time_zone, opens_on, sections, students, unsectioned, judged_batch,
                        held_since, troubles, commits_before)
SELECT '5' || lpad(to_hex(n), 23, '0'),
       CASE WHEN n BETWEEN 21 AND 120 THEN (ARRAY['connected', 'sharing_requested', 'waiting_on_district', 'rostered', 'launch_scheduled'])[1 + n % 5]
            ELSE 'live' END,
       now() - n % 300 * interval '1 hour', CASE WHEN n BETWEEN 30 AND 40 THEN '{}' ELSE ARRAY['office@example.org'] END,
       (ARRAY['America/Chicago', 'America/New_York', 'America/Denver', 'America/Los_Angeles'])[1 + n % 4],
       CASE WHEN n BETWEEN 21 AND 120 AND n % 5 = 3 THEN NULL WHEN n BETWEEN 21 AND 120 THEN current_date + 30 ELSE current_date - 30 END,
       180, 3700, 400, 200,
       CASE WHEN n BETWEEN 21 AND 120 AND n % 25 = 4 THEN now() - interval '1 day' END,
       CASE WHEN n BETWEEN 21 AND 120 AND n % 25 = 4 THEN ARRAY['on_hold'] ELSE '{}' END, 180
FROM generate_series(1, $1::int) AS n;

ALTER TABLE onboarding ENABLE TRIGGER onboarding_starts;

UPDATE districts d SET status = 'waiting' FROM onboarding l
WHERE l.district_id = d.district_id AND l.state IN ('connected', 'sharing_requested');

INSERT INTO batches (district_id, number, batch_id, trigger, events, opened_at, closed_at, outcome)
SELECT '5' || lpad(to_hex(n), 23, '0'), b, n || '/' || b, 'settled', 120, now() - b * interval '1 day', now() - b * interval '1 day', 'commit'
FROM generate_series(1, $1::int) AS n CROSS JOIN generate_series(1, 5) AS b;

INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, decided_at, summary, published_at)
SELECT '5' || lpad(to_hex(n), 23, '0'), 185 + b, n || '/' || b, 'commit', 175 + b, 195 + b, now() - b * interval '1 day', '{"counts": {}}',
       now() - b * interval '1 day'
FROM generate_series(1, $1::int) AS n CROSS JOIN generate_series(1, 5) AS b;

INSERT INTO filters (district_id, version, filter, actor, set_at)
SELECT '5' || lpad(to_hex(n), 23, '0'), v, '{}', 'ada', now() - interval '80 days'
FROM generate_series(1, $1::int) AS n CROSS JOIN generate_series(1, 3) AS v;

INSERT INTO windows (district_id, opened_at, last_event_at, events)
SELECT '5' || lpad(to_hex(n), 23, '0'), now() - interval '2 minutes', now() + CASE WHEN n <= 20 THEN interval '-1 minute' ELSE interval '1 day' END, 100
FROM generate_series(1, least($1::int, 30)) AS n;

INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key, sequence, part, parts, trace_parent, envelope)
SELECT '5' || lpad(to_hex(n), 23, '0'), m, 190, 'commit', 'rostering.commit/v1', 'k', 180, m, 3, 't', '{}'
FROM generate_series(1, least($1::int, 20)) AS n CROSS JOIN generate_series(1, 3) AS m;

INSERT INTO incidents (district_id, code, since, picture, summary, told, told_at)
SELECT '5' || lpad(to_hex(n), 23, '0'), 'preflight.failed', now() - interval '1 hour', '', 'failed', '', now() - interval '1 hour'
FROM generate_series(1, least($1::int, 10)) AS n;

INSERT INTO evaluation_failures (district_id, failures, not_before, parked_at, error)
SELECT '5' || lpad(to_hex(n), 23, '0'), 5, now(), now() - interval '1 hour', 'an error' FROM generate_series(13, least($1::int, 14)) AS n;

INSERT INTO holds (district_id, actor, reason)
SELECT '5' || lpad(to_hex(n), 23, '0'), 'ada', 'a reason' FROM generate_series(24, least($1::int, 120), 25) AS n;

INSERT INTO mails (mail_id, district_id, kind, occasion, recipients, subject, text, html, time_zone, state, sent_at, handed_at, bounced, bounced_at)
SELECT gen_random_uuid(), '5' || lpad(to_hex(n), 23, '0'), 'invitation', 'invite/1', ARRAY['office@example.org'], 's', 't', 'h', 'America/Chicago',
       CASE WHEN n IN (51, 52) THEN 'bounced' ELSE 'sent' END, now() - interval '80 days', now() - interval '80 days',
       CASE WHEN n IN (51, 52) THEN '{"office@example.org": "5.1.1"}'::jsonb ELSE '{}' END,
       CASE WHEN n IN (51, 52) THEN now() - interval '79 days' END
FROM generate_series(1, $1::int) AS n;

INSERT INTO audit (at, actor, action, district_id)
SELECT now() - interval '80 days', 'ada', 'filter.set', '5' || lpad(to_hex(n), 23, '0') FROM generate_series(1, $1::int) AS n;

-- What triggers wrote of all this was looked at and summed up long ago.
TRUNCATE onboarding_marks;

CREATE TEMPORARY TABLE summed AS SELECT what, value, sum(change) AS change FROM counts GROUP BY what, value;

TRUNCATE counts;

INSERT INTO counts SELECT * FROM summed;
