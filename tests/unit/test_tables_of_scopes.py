"""Who is in a scope, when windows close, and what is put back: at every boundary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from random import Random

from schemas.words import RosterKind, Trigger
from tests.support.builders.records import later
from tests.support.districts.tables import check, draws
from worker.domain.messages.restoration import Difference, Restoration
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.window import Window, WindowLimits, closes_at, closing_trigger
from worker.domain.roster.records import EventId, Json, RecordId, RecordKind, School, student_from_json
from worker.domain.roster.scope import find_schools, is_moved_by
from worker.domain.roster.scope_counts import count_changes, matching_nothing, unmatched
from worker.domain.roster.section_filter import Scope
from worker.domain.roster.staging import Change

SCHOOLS = (School(RecordId("n1"), "North"), School(RecordId("s1"), "South"), School(RecordId("x1"), None))
NAMED = ("North", "north ", "n1", "s1", "West", "w1")
GRADES = ("3", " 3", "4", "K")


def a_user(rng: Random) -> Json | None:
    texts = {"grade": rng.choice((*GRADES, "")), "school_id": rng.choice(("n1", "s1", "w1", ""))}
    side = {
        "texts": {name: text for name, text in texts.items() if text},
        "other_schools": rng.sample(("n1", "s1", "w1"), rng.randrange(3)),
        "unread": rng.choice((["schools"], [])),
    }
    return rng.choice((None, {"teacher": {}}, {"student": side}, {"student": side}, {"student": side}))


def a_change(rng: Random) -> Change:
    sides: list[Json | None] = [a_user(rng), a_user(rng)]
    kind = RecordKind.USER
    if rng.random() < 0.3:
        sides = [rng.choice((None, {"name": "North"}, {"name": "south"}, {})) for _ in range(2)]
        kind = rng.choice((RecordKind.SCHOOL, RecordKind.SCHOOL, RecordKind.SECTION))
    return Change(kind, RecordId("r"), EventId("1"), sides[0], sides[1])


def scopes(number: int) -> Iterator[str]:
    for rng in draws("scopes", number):
        scope = Scope(
            grades=tuple(rng.sample(GRADES, rng.randrange(3))),
            schools=tuple(rng.sample(NAMED, rng.randrange(4))),
        )
        known = find_schools(scope, rng.sample(SCHOOLS, rng.randrange(1, 4)))
        changes = [a_change(rng) for _ in range(rng.randrange(1, 4))]
        tally = Tally(Counter())
        count_changes(tally, known, changes)
        students = [student_from_json("r", side) for each in changes for side in (each.before, each.after)]
        seen = [(known.holds(one), known.lacks_schools(one)) for one in students if one is not None]
        nothing = [value.text for value in matching_nothing(tally, scope, known)]
        absent = [(value.field, value.value) for value in unmatched(scope, known, tally.shared_at)]
        yield (
            f"{scope.grades} {scope.schools} {sorted(known.shared_schools)} "
            f"{[(str(each.kind), each.before, each.after) for each in changes]}: {seen} "
            f"moved {is_moved_by(scope, changes)} counts {sorted(tally.counts.items())} "
            f"{absent} {len(nothing)}"
        )


def test_scopes_hold_and_count_whom_the_table_says() -> None:
    check("scopes", scopes(100))


def windows(number: int) -> Iterator[str]:
    limits = WindowLimits(timedelta(seconds=4), timedelta(seconds=5), 3, timedelta(seconds=6))
    for rng in draws("windows", number):
        opened, last = rng.randrange(3), rng.randrange(3, 5)
        deferred, requested = rng.choice((None, None, 0, 1)), rng.choice((None, None, None, Trigger.FLUSH))
        window = Window(
            later(opened),
            later(last),
            rng.randrange(5),
            requested=requested,
            deferred_since=None if deferred is None else later(deferred),
        )
        at = rng.randrange(4, 9)
        end = (closes_at(window, later(at), limits) - later(0)).total_seconds()
        trigger = closing_trigger(window, later(at), limits)
        yield (
            f"opened {opened} last {last} events {window.events} put off {deferred} asked {requested} "
            f"at {at}: {trigger} ends {end:g}"
        )


def test_windows_close_when_the_table_says() -> None:
    check("windows", windows(120))


def test_what_is_put_back_is_counted_by_kind_and_students_who_were_removed_are_named() -> None:
    restoration = Restoration({"students": 5, "schools": 2}, 100)

    def put(
        kind: RosterKind, name: str, committed: int | None, candidate: int | None, as_it_was: int | None
    ) -> None:
        restoration.put_back(Difference(kind, name, None, committed, candidate), as_it_was)

    put(RosterKind.STUDENT, "back", None, None, 7)
    put(RosterKind.STUDENT, "still a candidate", None, 3, 11)
    put(RosterKind.STUDENT, "changed", 5, None, 13)
    put(RosterKind.STUDENT, "taken out", 17, None, None)
    put(RosterKind.STUDENT, "never there", None, None, None)
    put(RosterKind.SCHOOL, "school", None, None, 19)
    put(RosterKind.CLASS, "class", 23, 23, None)

    assert restoration.removed_since == ["back", "changed"]
    assert restoration.digest == 100 + 7 + 11 + (13 - 5) - 17 + 19 - 23
    assert restoration.sizes == {"students": 6, "schools": 3, "classes": -1, "teachers": 0}
    assert restoration.counts == {
        "student": {"upserted": 3, "removed": 1},
        "school": {"upserted": 1, "removed": 0},
        "class": {"upserted": 0, "removed": 1},
        "teacher": {"upserted": 0, "removed": 0},
    }
