"""What an evaluation and an inspection find that operations should know of."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.builders.records import DISTRICT, NOON, OTHER_DISTRICT
from tests.support.fixtures.incidents import EVALUATED
from worker.domain.alerts.codes import CATALOGUE, EVENTS_UNDER_FLOOR, FEED_STUCK, INSPECTED, SYNC_STALE
from worker.domain.alerts.detection import (
    FOLD_OVER,
    Conditions,
    Observed,
    StageFailure,
    decided,
    folded,
    inspected,
    under_floor,
)
from worker.domain.alerts.incidents import NO_DISTRICT, Problem
from worker.domain.onboarding.transitions import Trouble
from worker.domain.preflight.approval import GUARDS
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import Tally

GUARD, OTHER, WARNING = Code.DISTRICT_MASS_REMOVAL, Code.NO_SECTION, Code.NO_TEACHER
QUARANTINED = Code.EVENTS_QUARANTINED


def noticed(*codes: str, outcome: Outcome = Outcome.REVIEW, is_in_review: bool = True) -> dict[str, str]:
    """Return the pictures of what is wrong by these open findings."""
    tally = Tally(Counter({f"code:{code}": 3 for code in codes}))
    found = decided(tally, Policy(), outcome, is_in_review=is_in_review)
    return {code: condition.picture for code, condition in found.items() if condition is not None}


def test_the_errors_of_a_review_make_its_picture_and_warnings_do_not() -> None:
    assert noticed(OTHER, WARNING) == {"preflight.failed": OTHER}
    assert noticed(OTHER, GUARD) == {"preflight.failed": f"{GUARD},{OTHER}"}


def test_where_guards_are_all_that_is_wrong_a_person_is_asked() -> None:
    assert noticed(GUARD, WARNING) == {"preflight.failed": GUARD, "plan.mass_removal": GUARD}


def test_where_every_guard_stands_a_person_is_asked_as_well() -> None:
    assert set(noticed(*GUARDS)) == {"preflight.failed", "plan.mass_removal", "plan.class_change"}


def test_a_change_of_classes_asks_with_an_incident_of_its_own() -> None:
    classes = Code.SCHOOL_CLASS_CHANGE

    assert noticed(classes) == {"preflight.failed": classes, "plan.class_change": classes}
    assert set(noticed(classes, GUARD)) == {"preflight.failed", "plan.mass_removal", "plan.class_change"}
    assert set(noticed(classes, OTHER)) == {"preflight.failed"}


def test_unreadable_events_are_an_incident_of_their_own() -> None:
    assert noticed(QUARANTINED, OTHER) == {
        "preflight.failed": f"{QUARANTINED},{OTHER}",
        "events.quarantined": "",
    }


def test_a_failed_preflight_tells_of_blocked_and_removed_students_before_its_errors() -> None:
    counts = {"roster:student": 90, "blocked": 7, "plan:student:removed": 30}
    tally = Tally(Counter({**counts, "errors": 8, f"code:{GUARD}": 1, f"code:{OTHER}": 7}))

    found = decided(tally, Policy(), Outcome.REVIEW, is_in_review=True)["preflight.failed"]

    assert found is not None
    assert found.summary == (
        "Preflight failed: 7 of 90 students blocked, 30 students would be removed, 8 errors."
    )


def test_a_commit_ends_whatever_an_evaluation_tells_of() -> None:
    found = decided(Tally(), Policy(), Outcome.COMMIT, is_in_review=False)

    assert found == dict.fromkeys(code for code in EVALUATED if code != EVENTS_UNDER_FLOOR)


@pytest.mark.parametrize(
    ("events", "under", "codes"), [(0, 0, {}), (3, 0, {None}), (3, 2, {None}), (3, 3, {3})]
)
def test_a_window_all_under_the_floor_is_an_incident(events: int, under: int, codes: set[int | None]) -> None:
    found = under_floor(events, under)

    assert set(found) == ({EVENTS_UNDER_FLOOR} if events else set())
    assert {one and one.counts["events"] for one in found.values()} == set(codes)


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.HELD])
def test_what_is_put_off_or_held_changes_nothing(outcome: Outcome) -> None:
    assert decided(Tally(), Policy(), outcome, is_in_review=True) == {}


def test_everything_that_an_inspection_sees_has_a_code_of_the_catalogue() -> None:
    observed = Observed(
        syncs={DISTRICT: {"state": "paused"}, OTHER_DISTRICT: {"state": "error"}},
        failing={DISTRICT: 7},
        unread=[OTHER_DISTRICT],
        parked=[DISTRICT],
        overdue={DISTRICT: 5},
        unpublished={DISTRICT: 2},
        dead_letters=3,
        held={DISTRICT: {Trouble.REVIEW}, OTHER_DISTRICT: {Trouble.UNPUBLISHED}},
        mails={DISTRICT: 1},
        stages={"relay": StageFailure(2, "ValueError relay.py:9"), "ingest": StageFailure(1, "KeyError")},
        unattributed=2,
    )

    found = inspected(observed, NOON)

    assert {code for _, code in found} == set(INSPECTED)
    assert all(condition.summary.endswith(".") for condition in found.values())
    assert found[DISTRICT, FEED_STUCK].picture == "failing"
    assert found[OTHER_DISTRICT, FEED_STUCK].picture == "unread"
    assert found[NO_DISTRICT, "dead_letters.waiting"].counts == {"messages": 3}
    assert found[DISTRICT, "launch.held"].picture == "review"
    assert (OTHER_DISTRICT, "launch.held") not in found
    assert found[NO_DISTRICT, "stage.failing"].picture == "ingest,relay"
    failing = "Stages keep failing: ingest: KeyError; relay: ValueError relay.py:9."
    assert found[NO_DISTRICT, "stage.failing"].summary == failing
    assert found[NO_DISTRICT, "stage.failing"].counts == {"ingest": 1, "relay": 2}
    assert set(CATALOGUE) >= set(INSPECTED)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"state": "success", "last_sync": "2026-09-14T12:00:00Z"}, None),
        ({"state": "success", "last_sync": "2026-09-10T11:59:00Z"}, "sync.stale"),
        ({"state": "success", "last_sync": "the day before"}, None),
        ({"state": "pending"}, "sync.stale"),
        ({"pause_start": "2026-09-01T00:00:00Z", "pause_end": "2026-10-01T00:00:00Z"}, "sync.paused"),
        ({"pause_start": "2026-08-01T00:00:00Z", "pause_end": "2026-09-01T00:00:00Z"}, None),
    ],
)
def test_a_sync_that_lets_nothing_through_is_an_incident(record: dict[str, str], code: str | None) -> None:
    found = inspected(Observed(syncs={DISTRICT: record}), NOON)

    assert [told for _, told in found] == ([code] if code else [])


def test_what_delays_a_launch_is_told_in_order() -> None:
    found = inspected(Observed(held={DISTRICT: list(Trouble)}), NOON)

    told = (
        "disconnected, on hold, parked, in review, sync paused, sync failing, nothing committed, "
        "not read from Clever"
    )
    assert found[DISTRICT, "launch.held"].summary == f"The launch is delayed: {told}."


def stuck(count: int) -> Conditions:
    return {(f"d{number}", FEED_STUCK): Problem("failing", "…") for number in range(count)}


def test_where_many_districts_have_the_same_incident_one_speaks_for_all_that_were_not_told_of() -> None:
    few, many = stuck(FOLD_OVER), stuck(FOLD_OVER + 1)

    assert folded(few, set()) == few
    assert list(folded(many, set())) == [(NO_DISTRICT, FEED_STUCK)]
    assert folded(many, set())[NO_DISTRICT, FEED_STUCK].counts == {"districts": FOLD_OVER + 1}
    assert set(folded(many, {("d3", FEED_STUCK)})) == {("d3", FEED_STUCK), (NO_DISTRICT, FEED_STUCK)}


def test_incidents_of_two_kinds_are_counted_each_by_itself_and_nobodys_are_not_counted() -> None:
    stale = {(f"d{number}", SYNC_STALE): Problem("old", "") for number in range(FOLD_OVER)}
    many, nobodys = stuck(FOLD_OVER + 2), {(NO_DISTRICT, SYNC_STALE): Problem("", "")}

    told = folded({**stale, **many, **nobodys}, {("d1", SYNC_STALE), ("d2", FEED_STUCK), ("d3", SYNC_STALE)})

    assert set(told) == {*stale, *nobodys, ("d2", FEED_STUCK), (NO_DISTRICT, FEED_STUCK)}
    assert told[NO_DISTRICT, FEED_STUCK].counts == {"districts": FOLD_OVER + 2}


def test_two_kinds_that_many_districts_have_are_two_incidents() -> None:
    many = stuck(FOLD_OVER + 1)
    stale = {(f"d{number}", SYNC_STALE): Problem("old", "") for number in range(FOLD_OVER + 3)}

    told = folded({**many, **stale}, {("d0", FEED_STUCK)})

    assert {key: condition.counts for key, condition in told.items() if key[0] == NO_DISTRICT} == {
        (NO_DISTRICT, FEED_STUCK): {"districts": FOLD_OVER + 1},
        (NO_DISTRICT, SYNC_STALE): {"districts": FOLD_OVER + 3},
    }
    assert [key for key in told if key[0] != NO_DISTRICT] == [("d0", FEED_STUCK)]
