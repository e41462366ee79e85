-- What housekeeping deletes once it is older than $1, at most $2 rows in one statement. Rows that another transaction has
-- are left for the next time, so that nobody waits. (now() and not clock_timestamp(), which an index cannot be asked for.)

-- name: decisions
-- Decisions that are long out, but for the last of each kind and for what a rollback can go back to.
DELETE FROM decisions WHERE ctid = ANY(ARRAY(
    SELECT d.ctid FROM decisions d JOIN districts t ON t.district_id = d.district_id
    WHERE d.decided_at < now() - $1::interval AND d.published_at IS NOT NULL
      AND d.number < t.decision_number
      AND CASE d.outcome
          WHEN 'commit' THEN d.sequence < least(t.history_from, t.commit_sequence)
          ELSE d.sequence < t.review_sequence END
    LIMIT $2 FOR UPDATE OF d SKIP LOCKED))

-- name: batches
-- Batches that no decision is left of, but for the last.
DELETE FROM batches WHERE ctid = ANY(ARRAY(
    SELECT b.ctid FROM batches b JOIN districts t ON t.district_id = b.district_id
    WHERE b.closed_at < now() - $1::interval AND b.number < t.batch_number
      AND NOT EXISTS (SELECT FROM decisions d WHERE d.district_id = b.district_id AND d.batch_number = b.number)
    LIMIT $2 FOR UPDATE OF b SKIP LOCKED))

-- name: filters
-- Section filters that another one has replaced.
DELETE FROM filters WHERE ctid = ANY(ARRAY(
    SELECT f.ctid FROM filters f
    WHERE f.set_at < now() - $1::interval
      AND f.version < (SELECT max(version) FROM filters x WHERE x.district_id = f.district_id)
      AND f.version <> coalesce((SELECT filter_version FROM districts t WHERE t.district_id = f.district_id), -1)
    LIMIT $2 FOR UPDATE OF f SKIP LOCKED))

-- name: policies
-- Policies that none can fall back to: there is a later one without an end.
DELETE FROM policies WHERE ctid = ANY(ARRAY(
    SELECT p.ctid FROM policies p
    WHERE p.set_at < now() - $1::interval
      AND p.version < (SELECT max(version) FROM policies x WHERE x.district_id = p.district_id AND x.until IS NULL)
    LIMIT $2 FOR UPDATE OF p SKIP LOCKED))

-- name: approvals
-- Approvals that were used or became void long ago.
DELETE FROM approvals WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM approvals WHERE ended_at < now() - $1::interval LIMIT $2 FOR UPDATE SKIP LOCKED))

-- name: mails
-- E-mails of which nothing is to be done any more.
DELETE FROM mails WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM mails
    WHERE greatest(sent_at, dead_at, cancelled_at, settled_at, bounced_at) < now() - $1::interval
      AND state NOT IN ('waiting', 'sending', 'uncertain')
    LIMIT $2 FOR UPDATE SKIP LOCKED))

-- name: links
-- Connect links that lead nowhere any more.
DELETE FROM connect_links WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM connect_links
    WHERE least(expires_at, revoked_at) < now() - $1::interval LIMIT $2 FOR UPDATE SKIP LOCKED))

-- name: audit
-- What people did, the oldest first; none before the table's trigger lets it go, after 366 days in a leap year.
DELETE FROM audit WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM audit WHERE at < least(now() - $1::interval, now() - interval '1 year')
    ORDER BY at, id LIMIT $2 FOR UPDATE SKIP LOCKED))

-- name: guard_history
-- Which students old commits moved: no guard looks back so far. Goes from district to district by the index, in which
-- each district's oldest come first.
DELETE FROM guard_history WHERE ctid = ANY(ARRAY(
    WITH RECURSIVE moved AS (
        (SELECT district_id FROM guard_history ORDER BY district_id LIMIT 1)
        UNION ALL
        SELECT (SELECT g.district_id FROM guard_history g WHERE g.district_id > m.district_id
                ORDER BY g.district_id LIMIT 1)
        FROM moved m WHERE m.district_id IS NOT NULL
    )
    SELECT g.ctid FROM moved m CROSS JOIN LATERAL (
        SELECT ctid FROM guard_history g
        WHERE g.district_id = m.district_id AND g.committed_at < now() - $1::interval
        ORDER BY g.committed_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS g
    LIMIT $2))
