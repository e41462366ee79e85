"""What a batch makes of records, terms and limits, at their boundaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from tests.support.builders.records import NOON
from tests.support.districts.tables import check, draws
from worker.domain.preflight.turnover import Confirmation, FilterEffect, Turnover, Turnovers
from worker.domain.roster.records import EventId, Json, RecordId, RecordKind, Section, Term
from worker.domain.roster.staging import (
    NO_FLOOR,
    NO_LIMIT,
    Bounds,
    Change,
    Event,
    Staged,
    apply,
    combine,
    is_ahead,
    is_under_floor,
)
from worker.domain.roster.terms import (
    DistrictTerms,
    TermCalendar,
    TermUse,
    crosses_boundary,
    next_boundary,
    next_of,
)
from worker.domain.roster.versions import SECOND, changed_at, highest_id, is_event_id, made_at, micros, moment

TODAY = date(2026, 9, 15)
BASE = 1_700_000_000


def an_id(rng: Random) -> EventId:
    return EventId(f"{BASE + rng.randrange(3):08x}{rng.randrange(2):016x}")


def a_time(rng: Random) -> int | None:
    return rng.choice((None, 0, *((BASE + second) * SECOND + part for second in range(3) for part in (0, 1))))


def an_event(rng: Random) -> Event:
    record: Json | None = rng.choice((None, {"v": rng.randrange(3)}, {"v": rng.randrange(3)}))
    kind, record_id = rng.choice(((RecordKind.USER, RecordId("u")), (RecordKind.SECTION, RecordId("s"))))
    return Event(an_id(rng), kind, record_id, record, a_time(rng), is_row=rng.random() < 0.25)


def a_staged(rng: Random) -> Staged:
    return Staged(rng.choice((an_id(rng), EventId("old"))), rng.choice((None, {"v": 9})), a_time(rng))


def briefly(event: Event | Staged | Change) -> str:
    modified = "" if event.modified is None else f" at {event.modified - BASE * SECOND}"
    event_id = event.id if isinstance(event, Event) else event.event_id
    record = event.after if isinstance(event, Change) else event.record
    row = " row" if isinstance(event, Event) and event.is_row else ""
    number = f"{int(event_id[:8], 16) - BASE}.{event_id[-1]}" if made_at(event_id) else event_id
    return f"{number}{modified} {record}{row}"


def staged_rows(number: int) -> Iterator[str]:
    for rng in draws("staging", number):
        events = [an_event(rng) for _ in range(rng.choice((1, 1, 2)))]
        staged = {event.key: a_staged(rng) for event in events if rng.random() < 0.8}
        within = Bounds(rng.choice((NO_FLOOR, an_id(rng))), rng.choice((NO_LIMIT, NO_LIMIT, an_id(rng))))
        changes = apply(staged, events, within)
        told = [f"{change.kind} {change.before} to {briefly(change)}" for change in changes]
        under = [is_under_floor(event, within.floor) for event in events]
        shown = [f"{event.kind} {briefly(event)}" for event in events]
        stood = [f"{kind} {briefly(one)}" for (kind, _), one in staged.items()]
        yield f"{shown} onto {stood} within {within.floor[6:]}-{within.latest[6:]}: {told}, under {under}"


def test_events_are_staged_as_the_table_says() -> None:
    check("staging", staged_rows(250))


def test_changes_of_two_batches_are_one_from_the_first_before_to_the_last_after() -> None:
    first = Change(RecordKind.USER, RecordId("u"), EventId("1"), {"v": 1}, {"v": 2})
    second = replace(first, event_id=EventId("2"), before={"v": 2}, after=None, modified=7)
    other = replace(first, record_id=RecordId("w"))

    assert combine([first, other], [second]) == [replace(second, before={"v": 1}), other]
    assert combine([], [second, other]) == [second, other]


@pytest.mark.parametrize(("microseconds", "is_back"), [(-1, False), (0, True)])
def test_what_a_baseline_lacked_is_back_where_it_changed_later(microseconds: int, is_back: bool) -> None:
    missed = Staged(EventId(f"{BASE:08x}{'f' * 16}"), None)
    at = (BASE + 1) * SECOND + microseconds
    changed = Event(EventId(f"{BASE:08x}{0:016x}"), RecordKind.USER, RecordId("u"), {}, at)

    assert bool(apply({changed.key: missed}, [changed])) is is_back


def test_below_a_floor_that_is_no_event_id_lies_every_event() -> None:
    event = Event(EventId(f"{BASE:08x}{0:016x}"), RecordKind.USER, RecordId("u"), {}, BASE * SECOND)

    assert is_under_floor(event, EventId("g"))
    assert not is_under_floor(event, NO_FLOOR)


def versions() -> Iterator[str]:
    numbers = [10**8, 10**10, 10**11, 10**13]
    values: list[object] = [True, False, None, 1.5]
    values += [*(number + step for number in numbers for step in (-1, 0))]
    texts: list[object] = [
        *("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z", "1970-01-01T00:00:00.000002Z"),
        *("1969-12-31T23:59:59Z", " 2026-09-15T12:00:00+02:00 ", "2026-09-15 12:00", "x", "", "2026x"),
        *(
            "Tue, 15 Sep 2026 12:00:00 GMT",
            f"{' ' * 44}2026-09-15T12:00:00Z",
            f"{' ' * 45}2026-09-15T12:00:00Z",
        ),
        "0001-01-01T00:00:00+14:00",
    ]
    for value in [*values, *texts]:
        yield f"{value!r}: {moment(value)}"
    at = micros(NOON)
    for ahead in (-1, 0, 1):
        yield f"now and {ahead}: {changed_at((NOON + timedelta(microseconds=ahead)).isoformat(), at)}"
    latest = highest_id(NOON)
    for event_id in (latest, latest[:-1] + "e", f"{latest[:7]}a{'0' * 16}", latest.upper(), latest + "0", 7):
        yield f"id {event_id}: {is_event_id(event_id, latest)} {made_at(str(event_id))}"
    for floor in (latest, f"{int(latest, 16) + 1:024x}"):
        yield f"floor {floor}: {is_ahead(EventId(floor), NOON)}"


def test_times_and_ids_are_read_as_the_table_says() -> None:
    check("versions", versions())


def a_day(rng: Random) -> date | None:
    return rng.choice((None, *(TODAY + timedelta(days=days) for days in (-3, -2, -1, 0, 1, 2))))


def terms(number: int) -> Iterator[str]:
    for rng in draws("terms", number):
        known = [Term(RecordId(f"t{place}"), None, a_day(rng), a_day(rng)) for place in range(4)]
        uses = [
            TermUse(rng.choice(("", "north")), term.id, 1, rng.choice((term, term, None)), rng.random() < 0.3)
            for term in known[: rng.randrange(1, 4)]
        ]
        grace, other = rng.choice((0, 1, 2)), TODAY + timedelta(days=rng.choice((-2, -1, 0, 1, 2, 3)))
        district = DistrictTerms(uses, known[3:])
        calendar = district.calendar(TODAY, grace)
        counts = [
            calendar.counts(Section(RecordId("s"), school_id=RecordId("north"), term_id=term.id), term)
            for term in known
        ]
        coming = next_of(known, TODAY)
        days = [f"{term.start or ''}~{term.end or ''}" for term in known]
        yield (
            f"{days} {[(use.school_id, use.term_id, use.term is not None) for use in uses]} grace {grace}: "
            f"{sorted(calendar.grace.items())} {counts} moved {sorted(calendar.moved(uses))} next "
            f"{coming and coming.id} {next_boundary(district.all(), calendar)} "
            f"to {other} {crosses_boundary(known, TODAY, other, grace)}"
        ).replace("datetime.date", "")


def test_terms_count_as_the_table_says() -> None:
    check("terms", terms(120))


def test_the_last_day_there_is_has_no_day_after_it() -> None:
    last = Term(RecordId("t1"), None, TODAY, date.max)

    assert next_boundary([last], TermCalendar(TODAY, {("north", "t1"): date.max})) is None
    assert not crosses_boundary([last], TODAY, date.max, grace_days=1)


def turnovers(number: int) -> Iterator[str]:
    for rng in draws("turnover", number):
        one = Turnover(
            rng.choice((0, 1, 2, 3, 4, 5, 41)), rng.choice((10, 40, 500)), rng.randrange(3), rng.randrange(3)
        )
        limit, floor = rng.choice((5, 8.2, 10, 99, 100)), rng.randrange(4)
        counts = (one.students, one.committed, one.earlier, one.confirmed)
        told = one.detail("removed", limit)
        yield f"{counts} limit {limit} floor {floor}: {one.exceeds(limit, floor)} {told}"


def test_a_turnover_is_beyond_its_limit_where_the_table_says() -> None:
    check("turnover", turnovers(200))


def effects() -> Iterator[str]:
    for changes, removed in ((0, 0), (1, 0), (2, 1), (1000, 2)):
        effect = FilterEffect(2000, Confirmation(removed, changes))
        yield f"{effect.figures}: {effect.needs_confirmation} {effect.text}"
        for seen in ("0-0", "1-0", "2-1", "1-1", "2-0", "3-2", "1000-2", "2", "2-1-0", "x-1", "2-x", "-1"):
            yield f"{effect.figures} shown as {seen}: {effect.was_shown_by(seen)}"


def test_a_filter_s_effect_is_told_and_was_shown_as_the_table_says() -> None:
    check("filter_effects", effects())


def test_what_is_confirmed_of_a_plan_is_what_it_alone_moves_at_each_school() -> None:
    counts = Turnovers(
        Turnover(5, 10, earlier=2),
        Turnover(4, 10),
        {"north": Turnover(3, 5, earlier=3), "south": Turnover(2, 5)},
        {"north": Turnover(1, 5), "south": Turnover(2, 5, earlier=2)},
    )

    confirmation = counts.to_confirmation()
    confirmed = counts.confirmed_by(confirmation)

    assert confirmation == Confirmation(3, 4, {"south": 2}, {"north": 1})
    assert [confirmed.removal.confirmed, confirmed.class_change.confirmed] == [3, 4]
    assert {school: one.confirmed for school, one in confirmed.school_removals.items()} == {
        "north": 0,
        "south": 2,
    }
    assert confirmation.to_json() == {
        "removed": 3,
        "class_changes": 4,
        "school_removals": {"south": 2},
        "school_class_changes": {"north": 1},
    }
