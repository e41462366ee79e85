"""Which messages that the broker put aside a district lacks: one of each kind, beside others much like it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import pytest

from tests.support.builders.district_rows import EVALUATED, INBOX
from tests.support.fixtures.store import StoreUnderTest
from worker.messaging.dead_letters import LostMessage

DIED: Final = datetime(2026, 3, 1, tzinfo=UTC)
MOMENT: Final = timedelta(microseconds=1)
AT, OVER, UNDER = f"{5:024}", f"{6:024}", f"{4:024}"
DISTRICT = "INSERT INTO districts (district_id, floor, baseline_at) VALUES ('d', $1, $2)"
KEPT = (
    "INSERT INTO quarantine (district_id, body_digest, reason, explanation) VALUES ($1, sha256($2), 'r', 'x')"
)
NOTED = "INSERT INTO audit (actor, action, district_id, detail, at) VALUES ('ada', $1, $2, $3, $4)"


@dataclass(frozen=True)
class Lost:
    """What is known of a message, what stands in the store, and whether its district lacks it."""

    statement: str
    values: tuple[Any, ...]
    is_lacking: bool
    event_id: str | None = AT
    died_at: datetime | None = DIED


def noted(
    action: str = "replay", *, by: str | None = "d", of: bytes = b"lost", at: datetime = DIED
) -> tuple[Any, ...]:
    return f"dead_letter.{action}", by, {"letter": sha256(of).hexdigest()}, at


CASES: Final = {
    "of nothing is anything known": Lost("SELECT 1", (), True),
    "it is quarantined": Lost(KEPT, ("d", b"lost"), False),
    "another is quarantined": Lost(KEPT, ("d", b"other"), True),
    "another district's is quarantined": Lost(KEPT, ("e", b"lost"), True),
    "it is stored": Lost(INBOX, ("d", AT), False),
    "another is stored": Lost(INBOX, ("d", OVER), True),
    "another district's is stored": Lost(INBOX, ("e", AT), True),
    "it was evaluated": Lost(EVALUATED, ("d", AT), False),
    "another was evaluated": Lost(EVALUATED, ("d", OVER), True),
    "another district's was evaluated": Lost(EVALUATED, ("e", AT), True),
    "it lies over the floor": Lost(DISTRICT, (UNDER, None), True),
    "it lies at the floor": Lost(DISTRICT, (AT, None), False),
    "it lies under the floor": Lost(DISTRICT, (OVER, None), False),
    "it lies over the floor and died before the baseline": Lost(DISTRICT, (UNDER, DIED + MOMENT), True),
    "there was no baseline, and no id": Lost(DISTRICT, (OVER, None), True, None),
    "it died before the baseline": Lost(DISTRICT, ("", DIED + MOMENT), False, None),
    "it died at the moment of the baseline": Lost(DISTRICT, ("", DIED), False, None),
    "it died after the baseline": Lost(DISTRICT, ("", DIED - MOMENT), True, None),
    "nobody knows when it died, and there was a baseline": Lost(DISTRICT, ("", DIED), False, None, None),
    "nobody knows anything of it": Lost("SELECT 1", (), True, None, None),
    "it was replayed since": Lost(NOTED, noted(at=DIED + MOMENT), False),
    "it was replayed at that moment": Lost(NOTED, noted(), False),
    "it was replayed before it died": Lost(NOTED, noted(at=DIED - MOMENT), True),
    "it was replayed, nobody knows when it died": Lost(NOTED, noted(), False, died_at=None),
    "it was discarded since": Lost(NOTED, noted("discard"), False),
    "it was looked at since": Lost(NOTED, noted("show"), True),
    "it was replayed while nobody knew its district": Lost(NOTED, noted(by=None), False),
    "that of another district was replayed": Lost(NOTED, noted(by="e"), True),
    "another was replayed": Lost(NOTED, noted(of=b"other"), True),
}


@pytest.mark.parametrize("what", CASES)
async def test_a_district_lacks_what_it_has_not_and_must_have(store: StoreUnderTest, what: str) -> None:
    case = CASES[what]
    await store.rows(case.statement, *case.values)
    lost = LostMessage("d", b"lost", "delivery_limit", case.event_id, case.died_at)

    news = await store.losses.note([lost])
    again = await store.losses.note([lost])

    assert (news, again) == ([lost] if case.is_lacking else [], [])
    quarantined = await store.rows(
        "SELECT reason FROM quarantine WHERE district_id = 'd' AND body_digest = sha256('lost')"
    )
    assert len(quarantined) == (case.is_lacking or what == "it is quarantined")


async def test_each_district_gets_its_own_and_the_rest_is_kept_apart(store: StoreUnderTest) -> None:
    lost = [
        LostMessage(district, body, reason, None, None)
        for district, body, reason in (
            ("e", b"1", "expired"),
            ("d", b"2", "maxlen"),
            (None, b"3", "rejected"),
            ("d", b"1", "delivery_limit"),
            (None, b"3", "rejected"),
        )
    ]

    news = await store.losses.note(lost)

    ordered = sorted({(each.district_id or "", sha256(each.body).digest()): each for each in lost}.items())
    assert news == [each for _, each in ordered]
    rows = await store.rows(
        "SELECT district_id, body_digest, reason, explanation FROM quarantine ORDER BY 1, 2"
    )
    assert [tuple(row) for row in rows] == [
        (*key, each.reason, f"dead-lettered by the broker ({each.reason})") for key, each in ordered
    ]
    assert await store.losses.note(lost) == []
    assert await store.losses.note([]) == []
