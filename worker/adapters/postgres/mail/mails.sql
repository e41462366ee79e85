-- name: lock
-- Makes the e-mails of one district wait for each other while they are written.
-- The positions of a district's mails are then the order of their commits.
SELECT pg_advisory_xact_lock(hashtext('mails'), hashtext($1))

-- name: enqueue
-- Keeps a new e-mail to a district; returns nothing where its occasion has one already.
-- An occasion that has its mail gets no second one.
INSERT INTO mails (mail_id, district_id, kind, occasion, recipients, subject, text, html, time_zone, wait_for_sync)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (district_id, occasion) DO NOTHING
RETURNING mail_id

-- name: take
-- Takes e-mails that are due, and of each district only the first that waits.
-- One that waits for its district to be in sync is skipped meanwhile. A mail of a process that dies is due again
-- after $2; one that it had handed over by then is uncertain from here on.
WITH unanswered AS (
    UPDATE mails SET state = 'uncertain' WHERE mail_id = ANY(ARRAY(
        SELECT mail_id FROM mails WHERE state = 'sending' AND next_attempt_at <= clock_timestamp()
        FOR UPDATE SKIP LOCKED))
), due AS (
    SELECT m.mail_id FROM mails m
    WHERE m.state = 'waiting' AND m.next_attempt_at <= clock_timestamp()
      AND (NOT m.wait_for_sync OR (SELECT status FROM district_status s WHERE s.district_id = m.district_id) = 'rostered')
      AND NOT EXISTS (
          SELECT FROM mails e WHERE e.district_id = m.district_id AND e.position < m.position
             AND e.state IN ('waiting', 'sending', 'uncertain')
             AND (NOT e.wait_for_sync OR e.state <> 'waiting'
                  OR (SELECT status FROM district_status s WHERE s.district_id = e.district_id) = 'rostered'))
    ORDER BY m.next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE mails m SET attempts = attempts + 1, next_attempt_at = clock_timestamp() + $2::interval
FROM due WHERE m.mail_id = due.mail_id
RETURNING m.mail_id, m.district_id, m.kind, m.recipients, m.subject, m.text, m.html, m.time_zone, m.created_at,
          m.attempts, clock_timestamp() AS now,
          coalesce(clock_timestamp() - m.trying_since, interval '0') AS tried_for

-- name: handed
-- Notes that an e-mail is about to be handed over to the mail server.
-- Returns nothing where the taker's time is over, a person has ordered otherwise, or the district is out of sync.
UPDATE mails m SET
    state = 'sending', handed_at = clock_timestamp(), next_attempt_at = clock_timestamp() + $3::interval, refused = $4
WHERE mail_id = $1 AND attempts = $2 AND state = 'waiting' AND next_attempt_at > clock_timestamp()
  AND (NOT m.wait_for_sync OR (SELECT status FROM district_status s WHERE s.district_id = m.district_id) = 'rostered')
RETURNING true

-- name: sent
-- Marks an e-mail as sent, or as bounced where not all recipients have it; removes the connect link from its text.
-- A link that has left is the district's: what opens its page is kept no longer.
UPDATE mails SET
    state = CASE WHEN refused = '{}' AND bounced = '{}' THEN 'sent' ELSE 'bounced' END,
    sent_at = clock_timestamp(), problem = NULL,
    text = regexp_replace(text, '(/connect/)[A-Za-z0-9_-]{32,}', '\1…', 'g'),
    html = regexp_replace(html, '(/connect/)[A-Za-z0-9_-]{32,}', '\1…', 'g')
WHERE mail_id = $1 AND attempts = $2 AND state IN ('sending', 'uncertain')
RETURNING true

-- name: put_off
-- Notes that an e-mail was surely not sent, and when it is tried again or that it is given up.
-- It is due again after $4, or given up where a server was asked for it for longer than $5.
UPDATE mails SET
    handed_at = NULL, refused = '{}', problem = $3, next_attempt_at = now() + $4::interval,
    trying_since = coalesce(trying_since, now()),
    state = CASE WHEN now() - coalesce(trying_since, now()) >= $5::interval THEN 'dead' ELSE 'waiting' END,
    dead_at = CASE WHEN now() - coalesce(trying_since, now()) >= $5::interval THEN now() END
WHERE mail_id = $1 AND attempts = $2 AND state IN ('waiting', 'sending', 'uncertain')
RETURNING state = 'dead'

-- name: postpone
-- Moves the next attempt at an e-mail that no mail server was asked for.
UPDATE mails SET next_attempt_at = $3 WHERE mail_id = $1 AND attempts = $2 AND state = 'waiting'

-- name: refuse
-- Marks an e-mail as dead, since the mail server refused it for good.
UPDATE mails SET state = 'dead', handed_at = NULL, dead_at = clock_timestamp(), problem = $3, refused = $4
WHERE mail_id = $1 AND attempts = $2 AND state IN ('waiting', 'sending', 'uncertain')

-- name: uncertain
-- Marks an e-mail as uncertain: it was handed over, and no answer came.
UPDATE mails SET state = 'uncertain', problem = $3
WHERE mail_id = $1 AND attempts = $2 AND state IN ('sending', 'uncertain')

-- name: bounce
-- Adds what a report that came back says of an e-mail.
-- A report that is read again changes nothing, nor does one on a mail that never left.
UPDATE mails SET
    state = CASE state WHEN 'sent' THEN 'bounced' ELSE state END,
    bounced = bounced || $2::jsonb, bounced_at = clock_timestamp()
WHERE mail_id = $1 AND state IN ('sending', 'uncertain', 'sent', 'bounced') AND NOT bounced @> $2::jsonb
RETURNING kind

-- name: list
-- The newest e-mails, to all districts or to one.
SELECT * FROM mails WHERE ($1::text IS NULL OR district_id = $1) ORDER BY position DESC LIMIT $2

-- name: show
-- One e-mail.
SELECT * FROM mails WHERE mail_id = $1

-- name: for_update
-- One e-mail, locked for a person's order.
SELECT * FROM mails WHERE mail_id = $1 FOR UPDATE

-- name: arrived
-- Marks an e-mail as sent on a person's word.
UPDATE mails SET
    state = 'sent', sent_at = coalesce(sent_at, clock_timestamp()), settled_at = clock_timestamp(), settled_by = $2,
    problem = NULL
WHERE mail_id = $1

-- name: again
-- Has an e-mail sent again from the beginning, by a person's order.
-- A process that still works on it cannot change it any more.
UPDATE mails SET
    state = 'waiting', handed_at = NULL, dead_at = NULL, attempts = attempts + 1,
    next_attempt_at = clock_timestamp(), trying_since = NULL, problem = NULL, refused = '{}', bounced = '{}',
    bounced_at = NULL, settled_at = clock_timestamp(), settled_by = $2
WHERE mail_id = $1

-- name: cancel
-- Cancels an e-mail, by a person's order.
UPDATE mails SET
    state = 'cancelled', cancelled_at = clock_timestamp(), dead_at = NULL, settled_at = clock_timestamp(),
    settled_by = $2
WHERE mail_id = $1

-- name: for_a_person
-- Districts with mails that need a person: how many, and since when.
SELECT district_id, count(*) AS mails, min(coalesce(dead_at, bounced_at, sent_at, handed_at)) AS since
FROM mails WHERE state IN ('uncertain', 'bounced', 'dead')
GROUP BY district_id ORDER BY district_id
