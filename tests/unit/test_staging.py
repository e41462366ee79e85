from __future__ import annotations

from tests.support.builders.records import Json, event, event_id, record_id
from tests.support.builders.staging import stage, staged_by
from worker.domain.roster.records import RecordKind
from worker.domain.roster.staging import Bounds, Change, Key, Staged, apply, combine

TAMSIN: Json = {"student": {"texts": {"first_name": "Tamsin"}}}
OSRIC: Json = {"student": {"texts": {"first_name": "Osric"}}}


def test_a_record_never_seen_is_new() -> None:
    (change,) = apply({}, [event(1, TAMSIN)])

    assert change == Change(RecordKind.USER, record_id(1), event_id(1), None, TAMSIN, is_new=True)
    assert change.is_real


def test_an_update_replaces_the_whole_record() -> None:
    staged = staged_by([event(1, {"name": "A", "subject": "math"}, kind=RecordKind.SECTION)])

    (change,) = stage(staged, [event(2, {"name": "B"}, kind=RecordKind.SECTION)])

    assert (change.before, change.after) == ({"name": "A", "subject": "math"}, {"name": "B"})


def test_a_deletion_leaves_a_tombstone_that_keeps_the_order() -> None:
    staged = staged_by([event(1, TAMSIN)], [event(3, None)])

    stage(staged, [event(2, OSRIC)])

    assert staged == {(RecordKind.USER, record_id(1)): Staged(event_id(3), None)}


def test_a_record_that_comes_back_after_its_deletion_is_restored_under_its_id() -> None:
    staged = staged_by([event(1, TAMSIN)], [event(2, None)])

    (change,) = stage(staged, [event(3, OSRIC)])

    assert (change.record_id, change.before, change.after) == (record_id(1), None, OSRIC)


def test_a_deletion_of_what_was_never_seen_is_no_change_but_is_remembered() -> None:
    (change,) = apply({}, [event(1, None)])

    assert not change.is_real
    assert apply({change_key(change): Staged(change.event_id, None)}, [event(0, TAMSIN)]) == []


def change_key(change: Change) -> Key:
    return change.kind, change.record_id


def test_a_duplicate_changes_nothing() -> None:
    staged = staged_by([event(1, TAMSIN)])

    assert stage(staged, [event(1, TAMSIN), event(1, TAMSIN)]) == []


def test_a_late_event_changes_nothing() -> None:
    staged = staged_by([event(2, OSRIC)])

    assert stage(staged, [event(1, TAMSIN)]) == []
    assert staged == staged_by([event(2, OSRIC)])


def test_events_in_reverse_order_leave_what_the_last_of_the_feed_says() -> None:
    feed = [event(1, TAMSIN), event(2, OSRIC), event(3, None), event(4, TAMSIN)]

    (change,) = apply({}, reversed(feed))

    assert (change.event_id, change.after) == (event_id(4), TAMSIN)


def test_a_replay_of_the_whole_feed_changes_nothing() -> None:
    feed = [event(1, TAMSIN), event(2, None), event(3, OSRIC), event(4, TAMSIN, record_number=2)]
    staged = staged_by(feed)

    assert stage(staged, feed) == []


def test_an_event_that_says_what_is_known_moves_the_order_and_is_no_real_change() -> None:
    staged = staged_by([event(1, TAMSIN)])

    (change,) = stage(staged, [event(2, TAMSIN)])

    assert not change.is_real
    assert stage(staged, [event(1, OSRIC)]) == []


def test_records_of_two_kinds_with_one_id_are_two_records() -> None:
    changes = apply({}, [event(1, TAMSIN), event(2, {"name": "A"}, kind=RecordKind.SECTION)])

    assert {change.kind: change.after for change in changes} == {
        RecordKind.USER: TAMSIN,
        RecordKind.SECTION: {"name": "A"},
    }


def test_an_event_that_a_baseline_holds_already_changes_nothing() -> None:
    events = [event(1, TAMSIN), event(2, TAMSIN, record_number=2), event(3, OSRIC, record_number=3)]

    (change,) = apply({}, events, Bounds(floor=event_id(2)))

    assert change.event_id == event_id(3)


def test_two_changes_of_one_record_are_one_from_the_first_before_to_the_last_after() -> None:
    baseline = apply(staged_by([event(1, TAMSIN)]), [event(2, None), event(3, OSRIC, record_number=2)])
    events = apply(staged_by([event(2, None)]), [event(4, OSRIC)])

    assert combine(baseline, events) == [
        Change(RecordKind.USER, record_id(1), event_id(4), TAMSIN, OSRIC),
        Change(RecordKind.USER, record_id(2), event_id(3), None, OSRIC, is_new=True),
    ]
