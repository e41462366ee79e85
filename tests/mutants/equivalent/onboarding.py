"""Mutants of statements (onboarding) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {
    "worker/adapters/postgres/onboarding/districts.sql::zones: SELECT clock_timestamp() AS now, "
    "array_agg(DISTINCT time_zone) FILTER (WHERE time_zone IS NOT NULL) AS zones => SELECT "
    "clock_timestamp() AS now, array_agg( time_zone) FILTER (WHERE time_zone IS NOT NULL) AS zones": (
        "whoever asks makes a set of them"
    ),
    "worker/adapters/postgres/onboarding/districts.sql::find: WHERE NOT EXISTS (SELECT FROM "
    "onboarding l WHERE l.district_id = f.district_id) => WHERE (true OR (NOT EXISTS (SELECT FROM "
    "onboarding l WHERE l.district_id = f.district_id)))": (
        "the insert passes by whoever is in onboarding; the condition spares it a try for each of them"
    ),
}
