"""Mutants of statements (onboarding) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {
    "worker/adapters/postgres/onboarding/districts.sql::find: AND NOT EXISTS (SELECT FROM "
    "onboarding l WHERE l.district_id = v.district_id) => AND (true OR (NOT EXISTS (SELECT "
    "FROM onboarding l WHERE l.district_id = v.district_id)))": (
        "the insert passes by whoever is in onboarding; the condition spares it a try for each of them"
    ),
    "worker/adapters/postgres/alerts/stage_failures.sql::report: WHERE (process = $1 AND stage "
    "<> ALL($2::text[])) OR seen_at < clock_timestamp() - interval '1 day' => WHERE (process = "
    "$1 AND (true OR (stage <> ALL($2::text[])))) OR seen_at < clock_timestamp() - interval '1 "
    "day'": ("PostgreSQL deletes no row that the same statement has written"),
    "worker/adapters/postgres/alerts/inspections.sql::observed: SELECT 'held', l.district_id, 0, "
    "to_jsonb(l.troubles) FROM onboarding l WHERE l.held_since IS NOT NULL => SELECT 'held', "
    "l.district_id, 0, to_jsonb(l.troubles) FROM onboarding l WHERE (true OR (l.held_since IS "
    "NOT NULL))": ("a district that is not held back has no troubles"),
    "worker/adapters/postgres/alerts/incidents.sql::to_be_told: WHEN told IS NULL THEN told_at "
    "ELSE coalesce(updated_at, '-infinity') END <= $2 => WHEN told IS NULL THEN told_at ELSE "
    "coalesce(updated_at, '-infinity') END < $2": (
        "what is due at that very microsecond is told by the next inspection"
    ),
    "worker/adapters/postgres/alerts/incidents.sql::to_be_told: AND CASE WHEN clear_since IS NOT "
    "NULL THEN clear_since WHEN told IS NULL THEN told_at ELSE coalesce(updated_at, '-infinity') "
    "END <= $2 => AND (true OR (CASE WHEN clear_since IS NOT NULL THEN clear_since WHEN told IS "
    "NULL THEN told_at ELSE coalesce(updated_at, '-infinity') END <= $2))": (
        "the step of an incident looks at the same times again; the condition spares it the others"
    ),
    "worker/adapters/postgres/alerts/incidents.sql::to_be_told: AND (clear_since IS NOT NULL OR "
    "told IS NULL OR told <> picture) => AND (true OR ((clear_since IS NOT NULL OR told IS NULL "
    "OR told <> picture)))": (
        "the step of an incident looks at the same times again; the condition spares it the others"
    ),
    "worker/adapters/postgres/alerts/deliveries.sql::retry: AND (e.position, e.id) > "
    "(d.position, d.id) AND e.delivered_at IS NOT NULL) => AND (e.position, e.id) >= "
    "(d.position, d.id) AND e.delivered_at IS NOT NULL)": (
        ">= is of the row itself, which is dead, and so was not delivered"
    ),
    "worker/adapters/postgres/alerts/deliveries.sql::first_look: WHERE i.told IS NOT NULL AND "
    "a.created_at < n.since AND a.starts_at >= i.since - interval '1 ms' => WHERE i.told IS NOT "
    "NULL AND a.created_at < n.since AND a.starts_at > i.since - interval '1 ms'": (
        "an alert begins when its incident does, to the microsecond"
    ),
    "worker/adapters/postgres/alerts/deliveries.sql::first_look: WHERE i.told IS NOT NULL AND "
    "a.created_at < n.since AND a.starts_at >= i.since - interval '1 ms' => WHERE i.told IS NOT "
    "NULL AND a.created_at <= n.since AND a.starts_at >= i.since - interval '1 ms'": (
        "an alert of that very microsecond is taken over by the next statement"
    ),
    "worker/adapters/postgres/alerts/alerts.sql::published: WHERE a.district_id = $1 AND "
    "a.position = $2 AND a.published_at IS NULL => WHERE (true OR (a.district_id = $1)) AND "
    "a.position = $2 AND a.published_at IS NULL": ("a position is of one alert, which is of one district"),
    "worker/adapters/postgres/alerts/alerts.sql::lease: SELECT district_id, $1, "
    "clock_timestamp() + $3::interval FROM waiting ORDER BY district_id => SELECT district_id, "
    "$1, clock_timestamp() + $3::interval FROM waiting ORDER BY district_id DESC": (
        "an order of locks: the same for all who take leases"
    ),
    "worker/adapters/postgres/access/access.sql::admit: WHERE NOT EXISTS (SELECT FROM held WHERE "
    "free_at > clock_timestamp()) ORDER BY kind => WHERE NOT EXISTS (SELECT FROM held WHERE "
    "free_at > clock_timestamp()) ORDER BY kind DESC": (
        "attempts that wait for each other in a ring are made again; the order makes it rare"
    ),
}
