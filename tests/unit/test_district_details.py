"""The details of a district are put together from its rows alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.support.builders.records import DISTRICT
from worker.operations.district_details import DistrictRows, district_details, hold, schools_named

NOW = datetime(2026, 9, 7, 12, tzinfo=UTC)
THEN = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
AT_THEN = "2026-09-01T08:30:00.000Z"

REVIEW = {
    "review_id": "a" * 64,
    "sequence": 3,
    "decided_at": AT_THEN,
    "causes": [{"schools": ["s2", "s1"]}, {"schools": ["s1"]}],
    "suggestions": [],
    "findings": {"since": AT_THEN, "new": 2, "resolved": 0, "standing": 5, "changes": {"students": 1}},
}


def district(**columns: Any) -> dict[str, Any]:
    """Return the row of a district that was committed once, with some columns of one's own."""
    times = "standing_since disconnected_at held_at connected_at baseline_at cursor_at due_at"
    others = "held_by held_why failures error name record lacking_fields baseline resync problem turns_failed"
    return {
        **dict.fromkeys((*times.split(), *others.split())),
        "district_id": DISTRICT,
        "status": "rostered",
        "counts": {},
        "candidate_digest": bytes(32),
        "error_digest": bytes(32),
        "committed_counts": {"students": 4},
        "committed_digest": bytes(31) + b"\x0f",
        "commit_sequence": 1,
        "review_sequence": 0,
        "last_commit_id": "b" * 64,
        "quarantined": 0,
        "unpublished": 0,
        "incidents": [],
        "filter_version": 2,
        "is_connected": False,
        **columns,
    }


def details(
    row: dict[str, Any] | None = None,
    *,
    window: dict[str, Any] | None = None,
    approvals: tuple[dict[str, Any], ...] = (),
    review: dict[str, Any] | None = None,
    search: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the details of a district of which the store has these rows."""
    rows = DistrictRows(
        row or district(), window, None, None, approvals, review, search, {"s1": "Maple"} if review else {}
    )
    return district_details(rows, NOW)


def test_students_are_counted_as_ready_blocked_and_outside_the_scope() -> None:
    shown = details(district(counts={"roster:student": 10, "blocked": 3, "shared": 12}))

    assert shown["students"] == {"total": 10, "ready": 7, "blocked": 3, "outside_scope": 2}
    assert shown["roster"] == {"students": 4, "digest": "0" * 63 + "f"}


def test_the_last_search_is_shown_with_when_it_was_made() -> None:
    assert details()["search"] is None
    assert details(search={"made_at": THEN, "suggestions": []})["search"] == {
        "made_at": AT_THEN,
        "suggestions": [],
    }


def test_a_hold_says_since_when_who_and_why() -> None:
    held = district(held_at=THEN, held_by="ada", held_why="new schools")

    assert details(held)["hold"] == {"since": AT_THEN, "actor": "ada", "reason": "new schools"}
    assert hold(district()) is None


def test_of_two_approvals_the_open_one_and_the_last_that_ended_are_shown() -> None:
    is_open, ended = {"actor": "ada", "ended_at": None}, {"actor": "bo", "ended_at": THEN}

    both, none, of_before = (
        details(approvals=rows)["approval"]
        for rows in ((is_open, ended), (), (ended, {**ended, "actor": "cy"}))
    )

    assert both == {"open": is_open, "last_ended": {"actor": "bo", "ended_at": AT_THEN}}
    assert none == {"open": None, "last_ended": None}
    assert of_before == {"open": None, "last_ended": {"actor": "bo", "ended_at": AT_THEN}}


def test_a_district_that_was_never_connected_has_no_source_and_one_that_was_keeps_it() -> None:
    connected = district(is_connected=True, connected_at=THEN, disconnected_at=THEN, turns_failed=0)

    assert details()["source"] is None
    source = details(connected)["source"]
    assert (source["connected_at"], source["disconnected_at"], source["baseline_at"]) == (
        AT_THEN,
        AT_THEN,
        None,
    )


def test_times_of_a_window_are_told_as_text_and_other_columns_as_they_are() -> None:
    assert details(window={"opened_at": THEN, "events": 7})["window"] == {"opened_at": AT_THEN, "events": 7}
    assert details()["window"] is None


def test_a_review_has_its_causes_with_the_names_of_the_schools_that_they_name() -> None:
    shown = details(district(standing_since=THEN), review=REVIEW)["review"]

    assert schools_named(REVIEW) == ["s1", "s2"]
    assert schools_named(None) == []
    assert shown["school_names"] == {"s1": "Maple"}
    assert (shown["causes"], shown["since"], shown["new"], shown["standing"]) == (
        REVIEW["causes"],
        AT_THEN,
        2,
        5,
    )
    assert details()["review"] is None


def test_the_figures_of_a_review_that_was_kept_before_they_were_known_are_null() -> None:
    shown = details(review={**REVIEW, "findings": {}})["review"]

    assert [shown[name] for name in ("since", "new", "resolved", "standing", "changes")] == [None] * 5


def test_a_late_sync_is_told_by_the_time_that_is_given() -> None:
    record = {"last_sync": "2026-09-01T08:30:00Z", "state": "running"}

    shown = details(district(record=record))

    assert shown["sync"]["warning"] is not None
    assert details()["sync"]["warning"] is None
