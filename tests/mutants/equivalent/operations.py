"""Mutants of statements (operations) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

GROUPS: Final = "DISTINCT ON takes the first row of each id; in which order the ids come is not seen"
ONLY_ONE: Final = "there is exactly one id on either side, so that the least and the greatest are the same"
NEWCOMER: Final = "a newcomer has no committed record, and so no value to agree in"
PAGE: Final = (
    "one row more than the page tells that there is more; those behind it are left out by the caller"
)
FOR_THE_INDEX: Final = (
    "who is not committed has no committed school; the condition stands there for the index"
)
IN_VAIN: Final = (
    "more districts, or more old commits of one, are asked for what there is to "
    "forget, and have nothing of it"
)
NO_SUCH_ZONE: Final = (
    "a time zone of which no mail is put off is looked at in vain: `mails_put_off` finds none in it"
)
NEVER_NULL: Final = "$1 is never null: it is named so that the statement takes it as the others do"

EQUIVALENT: Final[dict[str, str]] = {
    "worker/adapters/postgres/evaluation/reissued_students.sql::students_with_two_ids: SELECT "
    "DISTINCT ON (new_id) rank, old_id, new_id FROM by_old ORDER BY new_id, rank => "
    "SELECT DISTINCT ON (new_id) rank, old_id, new_id FROM by_old ORDER BY new_id "
    "DESC, rank": GROUPS,
    "worker/adapters/postgres/evaluation/reissued_students.sql::reissued: SELECT "
    "DISTINCT ON (new_id) rank, old_id, new_id FROM by_old ORDER BY new_id, rank => "
    "SELECT DISTINCT ON (new_id) rank, old_id, new_id FROM by_old ORDER BY new_id "
    "DESC, rank": GROUPS,
    "worker/adapters/postgres/evaluation/reissued_students.sql::students_with_two_ids: SELECT "
    "DISTINCT ON (old_id) rank, old_id, new_id FROM agreed ORDER BY old_id, rank => "
    "SELECT DISTINCT ON (old_id) rank, old_id, new_id FROM agreed ORDER BY old_id "
    "DESC, rank": GROUPS,
    "worker/adapters/postgres/evaluation/reissued_students.sql::reissued: SELECT "
    "DISTINCT ON (old_id) rank, old_id, new_id FROM agreed ORDER BY old_id, rank => "
    "SELECT DISTINCT ON (old_id) rank, old_id, new_id FROM agreed ORDER BY old_id "
    "DESC, rank": GROUPS,
    "worker/adapters/postgres/evaluation/reissued_students.sql::students_with_two_ids: SELECT rank, "
    "min(id) FILTER (WHERE is_gone) AS old_id, min(id) FILTER (WHERE NOT is_gone) AS "
    "new_id => SELECT rank, min(id) FILTER (WHERE is_gone) AS old_id, max(id) FILTER "
    "(WHERE NOT is_gone) AS new_id": ONLY_ONE,
    "worker/adapters/postgres/evaluation/reissued_students.sql::reissued: SELECT "
    "rank, min(id) FILTER (WHERE is_gone) AS old_id, min(id) FILTER (WHERE NOT "
    "is_gone) AS new_id => SELECT rank, min(id) FILTER (WHERE is_gone) AS old_id, "
    "max(id) FILTER (WHERE NOT is_gone) AS new_id": ONLY_ONE,
    "worker/adapters/postgres/evaluation/reissued_students.sql::students_with_two_ids: SELECT rank, "
    "min(id) FILTER (WHERE is_gone) AS old_id, min(id) FILTER (WHERE NOT is_gone) AS "
    "new_id => SELECT rank, max(id) FILTER (WHERE is_gone) AS old_id, min(id) FILTER "
    "(WHERE NOT is_gone) AS new_id": ONLY_ONE,
    "worker/adapters/postgres/evaluation/reissued_students.sql::reissued: SELECT "
    "rank, min(id) FILTER (WHERE is_gone) AS old_id, min(id) FILTER (WHERE NOT "
    "is_gone) AS new_id => SELECT rank, max(id) FILTER (WHERE is_gone) AS old_id, "
    "min(id) FILTER (WHERE NOT is_gone) AS new_id": ONLY_ONE,
    "worker/adapters/postgres/evaluation/reissued_students.sql::students_with_two_ids: WHERE "
    "district_id = $1 AND kind = 'student' AND committed IS NOT NULL AND candidate IS"
    " NOT NULL => WHERE district_id = $1 AND kind = 'student' AND (true OR (committed"
    " IS NOT NULL)) AND candidate IS NOT NULL": NEWCOMER,
    "worker/adapters/postgres/operations/plans.sql::changes: ORDER BY kind, record_id"
    " LIMIT $6 => ORDER BY kind, record_id LIMIT ($6::bigint + 1000)": PAGE,
    "worker/adapters/postgres/operations/plans.sql::removals: AND r.committed IS NOT "
    "NULL AND r.kind = 'student') AS committed, => AND (true OR (r.committed IS NOT "
    "NULL)) AND r.kind = 'student') AS committed,": FOR_THE_INDEX,
    "worker/adapters/postgres/evaluation/commit_history.sql::aged: WHERE "
    "h.district_id = d.district_id AND h.sequence <= d.history_from LIMIT 1) => WHERE"
    " h.district_id = d.district_id AND (true OR (h.sequence <= d.history_from)) "
    "LIMIT 1)": IN_VAIN,
    "worker/adapters/postgres/evaluation/commit_history.sql::aged: WHERE "
    "h.district_id = d.district_id AND h.sequence <= d.history_from LIMIT 1) => WHERE"
    " (true OR (h.district_id = d.district_id)) AND h.sequence <= d.history_from "
    "LIMIT 1)": IN_VAIN,
    "worker/adapters/postgres/evaluation/commit_history.sql::aged: WHERE "
    "h.district_id = d.district_id AND h.sequence <= d.history_from LIMIT 1) => WHERE"
    " h.district_id = d.district_id OR h.sequence <= d.history_from LIMIT 1)": IN_VAIN,
    "worker/adapters/postgres/evaluation/commit_history.sql::aged: ORDER BY sequence "
    "DESC LIMIT 1) AS old ON true => ORDER BY sequence DESC LIMIT (1::bigint + 1000))"
    " AS old ON true": IN_VAIN,
    "worker/adapters/postgres/operations/rollback.sql::put_back: ORDER BY kind, "
    "record_id, sequence => ORDER BY kind DESC, record_id, sequence": GROUPS,
    "worker/adapters/postgres/operations/rollback.sql::keep_replaced: ORDER BY kind, "
    "record_id, sequence => ORDER BY kind DESC, record_id, sequence": GROUPS,
    "worker/adapters/postgres/operations/rollback.sql::differences: ORDER BY kind, "
    "record_id, sequence => ORDER BY kind DESC, record_id, sequence": GROUPS,
    "worker/adapters/postgres/operations/rollback.sql::put_back: ORDER BY kind, "
    "record_id, sequence => ORDER BY kind, record_id DESC, sequence": GROUPS,
    "worker/adapters/postgres/operations/rollback.sql::keep_replaced: ORDER BY kind, "
    "record_id, sequence => ORDER BY kind, record_id DESC, sequence": GROUPS,
    "worker/adapters/postgres/operations/rollback.sql::differences: ORDER BY kind, "
    "record_id, sequence => ORDER BY kind, record_id DESC, sequence": GROUPS,
    "worker/adapters/postgres/operations/clock.sql::zones_of_mails_put_off: WHERE state "
    "= 'waiting' AND next_attempt_at > clock_timestamp() + $1::interval + $2::interval "
    "=> WHERE state = 'waiting' AND next_attempt_at > clock_timestamp() + $1::interval "
    "- $2::interval": NO_SUCH_ZONE,
    "worker/adapters/postgres/operations/clock.sql::zones_of_mails_put_off: WHERE state "
    "= 'waiting' AND next_attempt_at > clock_timestamp() + $1::interval + $2::interval "
    "=> WHERE state = 'waiting' AND next_attempt_at > clock_timestamp() - $1::interval "
    "+ $2::interval": NO_SUCH_ZONE,
    "worker/adapters/postgres/operations/clock.sql::zones_of_mails_put_off: WHERE state "
    "= 'waiting' AND next_attempt_at > clock_timestamp() + $1::interval + $2::interval "
    "=> WHERE state = 'waiting' AND (true OR (next_attempt_at > clock_timestamp() + "
    "$1::interval + $2::interval))": NO_SUCH_ZONE,
    "worker/adapters/postgres/operations/clock.sql::zones_of_mails_put_off: WHERE state "
    "= 'waiting' AND next_attempt_at > clock_timestamp() + $1::interval + $2::interval "
    "=> WHERE (true OR (state = 'waiting')) AND next_attempt_at > clock_timestamp() + "
    "$1::interval + $2::interval": NO_SUCH_ZONE,
    "worker/adapters/postgres/operations/clock.sql::zones_of_mails_put_off: WHERE state "
    "= 'waiting' AND next_attempt_at > clock_timestamp() + $1::interval + $2::interval "
    "=> WHERE state = 'waiting' OR next_attempt_at > clock_timestamp() + $1::interval + "
    "$2::interval": NO_SUCH_ZONE,
    "worker/adapters/postgres/operations/clock.sql::alert_channels: WHERE since > "
    "clock_timestamp() AND $1::interval IS NOT NULL RETURNING 1 => WHERE since > "
    "clock_timestamp() AND (true OR ($1::interval IS NOT NULL)) RETURNING 1": NEVER_NULL,
}
