-- Times that lie further ahead than they can, since the database's clock was put back, or another server with an
-- earlier clock took over. Each statement brings them to the latest that they can be, skips rows that another
-- process has, and returns how many there were. $1 is by how much clocks may differ; the other parameters are the
-- longest that a time of this kind lies ahead.

-- name: windows
-- Windows that were opened, got an event or were deferred in the future: to now.
WITH ahead AS (
    SELECT district_id FROM windows
    WHERE greatest(opened_at, last_event_at, deferred_since) > clock_timestamp() + $1::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE windows w SET
        opened_at = least(w.opened_at, clock_timestamp()), last_event_at = least(w.last_event_at, clock_timestamp()),
        deferred_since = CASE WHEN w.deferred_since IS NOT NULL THEN least(w.deferred_since, clock_timestamp()) END
    FROM ahead a WHERE w.district_id = a.district_id RETURNING 1
)
SELECT count(*) FROM done

-- name: feed_marks
-- Marks of how far publishers sent that came in the future: to now.
WITH ahead AS (
    SELECT district_id, through FROM feed_marks WHERE received_at > clock_timestamp() + $1::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE feed_marks m SET received_at = clock_timestamp()
    FROM ahead a WHERE m.district_id = a.district_id AND m.through = a.through RETURNING 1
)
SELECT count(*) FROM done

-- name: evaluation_failures
-- Districts whose next try after a failed evaluation is too far ahead: to now.
WITH ahead AS (
    SELECT district_id FROM evaluation_failures WHERE not_before > clock_timestamp() + $1::interval + $2::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE evaluation_failures f SET not_before = clock_timestamp()
    FROM ahead a WHERE f.district_id = a.district_id RETURNING 1
)
SELECT count(*) FROM done

-- name: relay_leases
-- Leases on outboxes that run for longer than a lease may: to a full lease from now.
-- A process that holds one and lives goes on; of a dead one it ends as soon as usual.
WITH ahead AS (
    SELECT district_id FROM relay_leases WHERE until > clock_timestamp() + $1::interval + $2::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE relay_leases l SET until = clock_timestamp() + $2::interval
    FROM ahead a WHERE l.district_id = a.district_id RETURNING 1
)
SELECT count(*) FROM done

-- name: alert_leases
-- Leases on alerts that run for longer than a lease may: to a full lease from now.
WITH ahead AS (
    SELECT district_id FROM alert_leases WHERE until > clock_timestamp() + $1::interval + $2::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE alert_leases l SET until = clock_timestamp() + $2::interval
    FROM ahead a WHERE l.district_id = a.district_id RETURNING 1
)
SELECT count(*) FROM done

-- name: outbox
-- Messages that were put into the outbox in the future: to now.
WITH ahead AS (
    SELECT district_id, position FROM outbox WHERE created_at > clock_timestamp() + $1::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE outbox o SET created_at = clock_timestamp()
    FROM ahead a WHERE o.district_id = a.district_id AND o.position = a.position RETURNING 1
)
SELECT count(*) FROM done

-- name: deliveries
-- Deliveries whose next attempt or refresh is too far ahead: due now.
-- What stands is said again at once.
WITH ahead AS (
    SELECT id FROM deliveries
    WHERE (delivered_at IS NULL AND dead_at IS NULL
           AND next_attempt_at > clock_timestamp() + $1::interval + $2::interval)
       OR refreshed_at > clock_timestamp() + $1::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE deliveries d SET
        next_attempt_at = least(d.next_attempt_at, clock_timestamp()),
        refreshed_at = CASE WHEN d.refreshed_at > clock_timestamp() + $1::interval THEN clock_timestamp() - interval '1 day'
                            ELSE d.refreshed_at END
    FROM ahead a WHERE d.id = a.id RETURNING 1
)
SELECT count(*) FROM done

-- name: alert_channels
-- Channels that were first seen in the future: to a little before now.
-- An alert after the clock was put back is not from before the channel was there. (Without $1, so that
-- nothing of it is left out.)
WITH done AS (
    UPDATE alert_channels SET since = clock_timestamp() - $2::interval
    WHERE since > clock_timestamp() AND $1::interval IS NOT NULL RETURNING 1
)
SELECT count(*) FROM done

-- name: mails
-- E-mails whose next attempt or first attempt lies too far ahead: due now, and not in the future.
-- No process works for longer on a mail that was handed over.
WITH ahead AS (
    SELECT mail_id FROM mails
    WHERE (state = 'sending' AND next_attempt_at > clock_timestamp() + $1::interval + $2::interval)
       OR trying_since > clock_timestamp() + $1::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE mails m SET
        next_attempt_at = CASE WHEN m.state = 'sending' THEN least(m.next_attempt_at, clock_timestamp())
                               ELSE m.next_attempt_at END,
        trying_since = CASE WHEN m.trying_since IS NOT NULL THEN least(m.trying_since, clock_timestamp()) END
    FROM ahead a WHERE m.mail_id = a.mail_id RETURNING 1
)
SELECT count(*) FROM done

-- name: zones_of_mails_put_off
-- Time zones of mails that wait for longer than any server makes them wait: for the end of quiet hours, or by a clock.
SELECT time_zone, clock_timestamp() AS now FROM mails
WHERE state = 'waiting' AND next_attempt_at > clock_timestamp() + $1::interval + $2::interval
GROUP BY time_zone

-- name: mails_put_off
-- Those of a time zone in which a mail can be sent at $2: due then, where they wait for longer than $3 after it.
WITH ahead AS (
    SELECT mail_id FROM mails
    WHERE state = 'waiting' AND time_zone = $1 AND next_attempt_at > $2::timestamptz + $3::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE mails m SET next_attempt_at = $2 FROM ahead a WHERE m.mail_id = a.mail_id RETURNING 1
)
SELECT count(*) FROM done

-- name: inspections
-- An inspection that was made in the future: the next one is due.
WITH done AS (
    UPDATE inspections SET inspected_at = 'epoch' WHERE inspected_at > clock_timestamp() + $1::interval RETURNING 1
)
SELECT count(*) FROM done

-- name: token_listing
-- A list of connected districts that was read in the future: the next reading is due.
WITH done AS (
    UPDATE token_listing SET listed_at = 'epoch' WHERE listed_at > clock_timestamp() + $1::interval RETURNING 1
)
SELECT count(*) FROM done

-- name: connections
-- Connected districts whose turn, cursor, last event, failure or next baseline lies too far ahead: to now.
-- $2: the longest to the next turn, $3: the same after turns that failed, $4: to the next baseline after a refused
-- one.
WITH ahead AS (
    SELECT district_id FROM connections
    WHERE due_at > clock_timestamp() + $1::interval + CASE failures WHEN 0 THEN $2::interval ELSE $3::interval END
       OR greatest(cursor_at, failing_since, active_at) > clock_timestamp() + $1::interval
       OR awaited_at > clock_timestamp() + $1::interval + $2::interval
       OR baseline_after > clock_timestamp() + $1::interval + $4::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE connections c SET
        due_at = CASE WHEN c.due_at > clock_timestamp() + $1::interval
                                      + CASE c.failures WHEN 0 THEN $2::interval ELSE $3::interval END
                      THEN clock_timestamp() ELSE c.due_at END,
        cursor_at = CASE WHEN c.cursor_at IS NOT NULL THEN least(c.cursor_at, clock_timestamp()) END,
        active_at = least(c.active_at, clock_timestamp()),
        awaited_at = CASE WHEN c.awaited_at > clock_timestamp() + $1::interval + $2::interval
                          THEN clock_timestamp() ELSE c.awaited_at END,
        failing_since = CASE WHEN c.failing_since IS NOT NULL THEN least(c.failing_since, clock_timestamp()) END,
        baseline_after = CASE WHEN c.baseline_after > clock_timestamp() + $1::interval + $4::interval
                              THEN clock_timestamp() ELSE c.baseline_after END
    FROM ahead a WHERE c.district_id = a.district_id RETURNING 1
)
SELECT count(*) FROM done

-- name: baselines
-- Baselines that began in the future: to now.
WITH ahead AS (
    SELECT district_id FROM baselines WHERE started_at > clock_timestamp() + $1::interval FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE baselines b SET started_at = clock_timestamp()
    FROM ahead a WHERE b.district_id = a.district_id RETURNING 1
)
SELECT count(*) FROM done

-- name: quarantine
-- Quarantined messages that came in the future: to now.
WITH ahead AS (
    SELECT district_id, body_digest FROM quarantine WHERE received_at > clock_timestamp() + $1::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE quarantine q SET received_at = clock_timestamp()
    FROM ahead a WHERE q.district_id = a.district_id AND q.body_digest = a.body_digest RETURNING 1
)
SELECT count(*) FROM done

-- name: incidents
-- Incidents that were reported, updated or clear in the future: to now.
-- When it began stays: its alerts are known by that.
WITH ahead AS (
    SELECT district_id, code FROM incidents
    WHERE greatest(told_at, updated_at, clear_since) > clock_timestamp() + $1::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE incidents i SET
        told_at = least(i.told_at, clock_timestamp()),
        updated_at = CASE WHEN i.updated_at IS NOT NULL THEN least(i.updated_at, clock_timestamp()) END,
        clear_since = CASE WHEN i.clear_since IS NOT NULL THEN least(i.clear_since, clock_timestamp()) END
    FROM ahead a WHERE i.district_id = a.district_id AND i.code = a.code RETURNING 1
)
SELECT count(*) FROM done

-- name: sessions
-- Sessions that began or were used in the future: to now.
WITH ahead AS (
    SELECT token_digest FROM sessions WHERE greatest(begun_at, seen_at) > clock_timestamp() + $1::interval
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE sessions s SET begun_at = least(s.begun_at, clock_timestamp()), seen_at = least(s.seen_at, clock_timestamp())
    FROM ahead a WHERE s.token_digest = a.token_digest RETURNING 1
)
SELECT count(*) FROM done

-- name: login_attempts
-- Counters of log-in attempts in the future or with too long a wait: to now, or to the longest wait.
-- $2: the longest wait of an address, $3: of a name.
WITH ahead AS (
    SELECT kind, bucket FROM login_attempts
    WHERE tried_at > clock_timestamp() + $1::interval
       OR free_at > clock_timestamp() + $1::interval + CASE kind WHEN 'address' THEN $2::interval ELSE $3::interval END
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE login_attempts l SET
        tried_at = least(l.tried_at, clock_timestamp()),
        free_at = least(l.free_at, clock_timestamp()
                                   + CASE l.kind WHEN 'address' THEN $2::interval ELSE $3::interval END)
    FROM ahead a WHERE l.kind = a.kind AND l.bucket = a.bucket RETURNING 1
)
SELECT count(*) FROM done
