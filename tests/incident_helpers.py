"""What tests of incidents ask the store for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

from builders import Json
from store_fixtures import StoreUnderTest

from worker.domain.alerts.codes import (
    EVENTS_QUARANTINED,
    EVENTS_UNDER_FLOOR,
    PLAN_CLASS_CHANGE,
    PLAN_MASS_REMOVAL,
    PREFLIGHT_FAILED,
)

AT_ONCE: Final = timedelta(0)
EVALUATED: Final = (
    *(EVENTS_QUARANTINED, EVENTS_UNDER_FLOOR),
    *(PLAN_CLASS_CHANGE, PLAN_MASS_REMOVAL, PREFLIGHT_FAILED),
)
"""Those that an evaluation decides, in its transaction."""


async def inspect(store: StoreUnderTest, dead_letters: int | None = 0) -> None:
    assert await store.inspections.inspect(AT_ONCE, dead_letters) is not None


async def alerts(store: StoreUnderTest) -> list[Json]:
    return [json.loads(row["body"]) for row in await store.rows("SELECT body FROM alerts ORDER BY position")]


async def told(store: StoreUnderTest) -> list[tuple[str, str]]:
    return [(alert["status"], alert["code"]) for alert in await alerts(store)]
