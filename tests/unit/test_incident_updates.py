"""What becomes of many incidents at once, without a database: only what is news, each in its order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.words import AlertStatus
from worker.domain.alerts.incidents import NO_DISTRICT, Memory, Problem, step
from worker.domain.alerts.updates import updates_of_district, updates_of_ending, updates_of_inspection

NOW = datetime(2026, 9, 7, 12, tzinfo=UTC)
FLAP = timedelta(minutes=10)
LONG_AGO = NOW - timedelta(hours=5)
WRONG = Problem("a", "Something is wrong.")
OPEN = Memory(LONG_AGO, WRONG, "a", LONG_AGO)
"""Operations know of it, and nothing has changed since."""
OVER = replace(OPEN, told=None, told_at=NOW - timedelta(minutes=1))


def test_of_a_district_only_what_is_news_becomes_something_in_the_order_of_codes() -> None:
    found = {"z.new": WRONG, "m.same": WRONG, "b.gone": None, "a.never": None}

    updates = updates_of_district("d", {"m.same": OPEN, "b.gone": OPEN}, found, NOW, FLAP)

    assert [(one.code, one.status) for one in updates] == [
        ("b.gone", AlertStatus.RESOLVED),
        ("z.new", AlertStatus.FIRING),
    ]
    assert {one.district_id for one in updates} == {"d"}


def test_the_end_of_a_flapping_incident_is_sent_at_once_with_why() -> None:
    flapping = replace(OPEN, returns=2)
    assert step(flapping, None, NOW, FLAP)[1] is None

    (update,) = updates_of_ending("d", {"a": flapping}, NOW, FLAP, "The district was purged.")

    assert (update.status, update.ending) == (AlertStatus.RESOLVED, "The district was purged.")
    assert update.memory == replace(flapping, returns=0, told=None, told_at=NOW)


def test_an_inspection_updates_what_began_and_what_is_over_by_district_and_code() -> None:
    before = {("b", "x"): OPEN, ("a", "y"): OPEN}
    found = {("a", "y"): WRONG, ("c", "x"): WRONG, ("a", "x"): WRONG}

    updates = updates_of_inspection(before, {}, found, NOW, FLAP)

    assert [(one.district_id, one.code, one.status) for one in updates] == [
        ("a", "x", AlertStatus.FIRING),
        ("b", "x", AlertStatus.RESOLVED),
        ("c", "x", AlertStatus.FIRING),
    ]


def test_many_districts_with_one_incident_are_one_incident_but_those_already_known() -> None:
    districts = [f"d{number:02}" for number in range(40)]
    before = {("d00", "x"): OPEN, ("d01", "x"): OVER}

    updates = updates_of_inspection(before, {}, {(one, "x"): WRONG for one in districts}, NOW, FLAP)

    begun = [one.district_id for one in updates if one.status is AlertStatus.FIRING]
    assert begun == [NO_DISTRICT]


def test_what_was_put_off_is_sent_when_it_has_stayed_so_for_a_while() -> None:
    other = Problem("b", "Something else is wrong.")
    changed = replace(OPEN, condition=other, updated_at=LONG_AGO)
    ending = replace(OPEN, returns=2, clear_since=NOW - FLAP)
    quiet = replace(OPEN, returns=2)

    waiting = {("a", "x"): changed, ("b", "x"): ending, ("c", "x"): quiet, ("d", "x"): OVER}
    updates = updates_of_inspection({}, waiting, {}, NOW, FLAP)

    assert [(one.district_id, one.status) for one in updates] == [
        ("a", AlertStatus.UPDATED),
        ("b", AlertStatus.RESOLVED),
    ]
