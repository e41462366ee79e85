"""What people are told of districts: findings, incidents, waits, syncs and tables of sections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from schemas.words import Owner, Severity
from tests.support.builders.records import DISTRICT, NOON, later
from tests.support.builders.records import cause as cause_of
from tests.support.builders.section_tables import table_of
from tests.support.districts.tables import check, draws
from worker.domain.alerts.detection import (
    FOLD_OVER,
    Conditions,
    Observed,
    decided,
    folded,
    inspected,
    under_floor,
)
from worker.domain.alerts.incidents import NO_DISTRICT, Problem
from worker.domain.messages.bodies import standing_errors
from worker.domain.onboarding.states import State
from worker.domain.onboarding.todo import TodoFacts, waits
from worker.domain.onboarding.transitions import Trouble
from worker.domain.preflight.approval import GUARDS, LISTED_GUARDS, guards_text
from worker.domain.preflight.checks import (
    DistrictContext,
    Finding,
    StudentContext,
    district_findings,
    student_findings,
)
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.turnover import Turnover, Turnovers
from worker.domain.review.causes.labels import Label, LabelKind
from worker.domain.review.section_line import SectionLine
from worker.domain.roster.clever_sync import sync_state
from worker.domain.roster.records import Course, RecordId, School, Section, Student, Term
from worker.domain.roster.section_filter import SectionView
from worker.suggest.columns import Ints
from worker.suggest.section_table import Grouping, SectionQuery, SectionTable, Sort

STATES = ("pending", "error", "paused", "success", None)
TIMES = (None, "x", *(later(seconds).isoformat() for seconds in (-1, 0, 1)))


def syncs(number: int) -> Iterator[str]:
    old = [later(-4 * 86_400 - seconds).isoformat() for seconds in (0, 1)]
    for rng in draws("syncs", number):
        record = {
            "state": rng.choice(STATES),
            "pause_start": rng.choice(TIMES),
            "pause_end": rng.choice(TIMES),
            "last_sync": rng.choice((None, *old)),
        }
        said = sync_state(record, NOON)
        found = inspected(Observed(syncs={DISTRICT: record}), NOON)
        conditions = [(code, one.picture) for (_, code), one in found.items()]
        yield f"{list(record.values())}: {said.paused} {said.warning} {conditions}"


def test_a_sync_is_told_as_the_table_says() -> None:
    check("syncs", syncs(60))


def standings(number: int) -> Iterator[str]:
    for rng in draws("waits", number):
        standing = TodoFacts(
            rng.choice(list(State)),
            later(1),
            rng.random() < 0.5,
            rng.choice((None, later(2))),
            frozenset(rng.sample(list(Trouble), rng.randrange(3))),
            rng.randrange(4),
            rng.choice((None, later(3))),
            rng.choice((None, later(4))),
        )
        told = [f"{one.code} {one.who} {(one.since - NOON).seconds} {one.what}" for one in waits(standing)]
        held = sorted(standing.troubles) if standing.held_since else None
        mails = standing.mails_waiting if standing.mails_since else None
        yield f"{standing.state} held {held} mails {mails} review {standing.review_since is not None}: {told}"


def test_somebody_is_waited_for_as_the_table_says() -> None:
    check("waits", standings(70))


def decisions(number: int) -> Iterator[str]:
    codes = [str(code) for code in Code]
    for rng in draws("decisions", number):
        drawn = rng.sample(codes, rng.randrange(4))
        if rng.random() < 0.5:
            drawn = [code for code in drawn if "mass" in code] or [rng.choice(sorted(GUARDS)).value]
        counts = Counter({f"code:{code}": rng.choice((1, 1, 2)) for code in drawn})
        counts |= {"plan:student:removed": rng.randrange(3), "roster:student": rng.randrange(3)}
        counts |= {"blocked": rng.randrange(2), "errors": rng.randrange(3)}
        outcome, is_in_review = rng.choice(list(Outcome)), rng.random() < 0.7
        found = decided(Tally(counts), Policy(), outcome, is_in_review=is_in_review)
        told = {code: one and (one.picture, one.summary, dict(one.counts)) for code, one in found.items()}
        yield f"{outcome} {is_in_review} {dict(counts)}: {told}"


def test_what_was_decided_is_an_incident_as_the_table_says() -> None:
    check("incidents_of_decisions", decisions(60))


@pytest.mark.parametrize(("unattributed", "told"), [(1, "1 message of"), (2, "2 messages of")])
def test_messages_of_no_district_are_told_with_their_number(unattributed: int, told: str) -> None:
    (condition,) = inspected(Observed(unattributed=unattributed), NOON).values()

    assert told in condition.summary
    assert condition.counts == {"messages": unattributed}


def test_districts_with_the_same_incident_are_told_as_one_above_a_number() -> None:
    one = Problem("", "")

    def found(number: int) -> Conditions:
        return {(f"d{place}", code): one for place in range(number) for code in ("a", "b")}

    few, many = found(FOLD_OVER), {key: one for key in found(FOLD_OVER + 1) if key[1] == "a"}

    assert folded(few, ()) == few
    told = folded(many | {("d0", "b"): one}, [("d7", "a")])
    assert set(told) == {("d7", "a"), ("d0", "b"), (NO_DISTRICT, "a")}
    assert told[NO_DISTRICT, "a"].counts == {"districts": FOLD_OVER + 1}


def test_a_window_that_lies_under_the_floor_as_a_whole_is_told_and_another_takes_it_back() -> None:
    assert under_floor(0, 0) == {}
    assert list(under_floor(2, 1).values()) == [None]
    (condition,) = under_floor(2, 2).values()
    assert condition is not None
    assert condition.counts == {"events": 2}


def test_errors_that_are_not_new_stand_and_those_that_all_are_do_not() -> None:
    a, b, c, d = Code.NO_SECTION, Code.FIELD_MISSING, Code.MULTIPLE_SECTIONS, Code.NO_STUDENTS
    cause = cause_of("x", Owner.SIS, findings={a: 1, b: 1, c: 2, d: 3})

    assert standing_errors([cause, cause], {a: 2, b: 1, d: 7}) == {b: 1, c: 4}


@pytest.mark.parametrize("number", range(LISTED_GUARDS + 3))
def test_the_first_guards_are_told_and_how_many_more_there_are(number: int) -> None:
    detail = {"removed": 1_000, "committed": 2_000, "limit_percent": 10.0}
    guards = [
        Finding(Code.SCHOOL_MASS_REMOVAL, Severity.ERROR, "school", f"s{place}", detail)
        for place in range(number)
    ]

    text = guards_text(guards)

    assert [f"s{place} (1,000 of 2,000 students, limit 10 %)" in text for place in range(number)] == [
        place < LISTED_GUARDS for place in range(number)
    ]
    assert (text == "no guard") == (number == 0)
    assert text.endswith(f"; and {number - LISTED_GUARDS} more") == (number > LISTED_GUARDS)
    assert ("more" in text) == (number > LISTED_GUARDS)


# Findings


def findings(number: int) -> Iterator[str]:
    policy = Policy(
        required_fields=("grade", "school_id"), unique_fields=("sis_id", "email"), extra_fields=("dob",)
    )
    for rng in draws("findings", number):
        texts = {name: "1" for name in ("grade", "school_id", "sis_id") if rng.random() < 0.6}
        unread = tuple(rng.sample(("grade", "sis_id", "email", "dob", "name"), rng.randrange(4)))
        context = StudentContext(
            Student(RecordId("u"), texts, {}, unread),
            tuple(RecordId(f"s{place}") for place in range(rng.choice((0, 1, 2, 3)))),
            set(rng.sample(("sis_id", "email"), rng.randrange(3))),
            rng.random() < 0.7,
            rng.random() < 0.3,
        )
        told = [(one.code.value, one.detail) for one in student_findings(context, policy)]
        yield f"{sorted(texts)} unread {unread} {len(context.counted)} {sorted(context.duplicated)}: {told}"


def test_a_student_has_the_findings_that_the_table_says() -> None:
    check("findings_of_students", findings(60))


def a_turnover(rng: Random) -> Turnover:
    return Turnover(rng.choice((0, 1, 2, 3)), 10, rng.choice((0, 0, 1)))


def of_districts(number: int) -> Iterator[str]:
    for rng in draws("districts", number):
        policy = Policy(
            removal_limit_percent=20, removal_limit_floor=1, needs_baseline=rng.random() < 0.5,
            class_change_limit_percent=10,
        )  # fmt: skip
        turnovers = [
            Turnovers(
                a_turnover(rng),
                a_turnover(rng),
                {"south": a_turnover(rng), "north": a_turnover(rng)},
                {"north": a_turnover(rng)},
            )
            for _ in range(rng.randrange(3))
        ]
        context = DistrictContext(
            "d", rng.randrange(2), turnovers, rng.randrange(2), rng.random() < 0.5, rng.randrange(2),
            rng.choice(((), (("teachers", 3),), (("schools", 4), ("teachers", 3)))),
            rng.choice(((), (("grades", "3"), ("schools", "n")))),
        )  # fmt: skip
        found = [
            (one.code.value, one.kind, one.record_id, one.detail)
            for one in district_findings(context, policy)
        ]
        counts = (context.students, context.quarantined, context.unreadable, policy.needs_baseline)
        yield f"{counts}: {found}"


def test_a_district_has_the_findings_that_the_table_says() -> None:
    check("findings_of_districts", of_districts(60))


# Tables of sections


def a_line(rng: Random, number: int) -> SectionLine:
    section = Section(
        RecordId(f"s{number}"),
        name=rng.choice(("Homeroom 2", "homeroom 10", "Maths", None)),
        subject=rng.choice(("maths", "Maths", None)),
        period=rng.choice(("1", "2", "10", None)),
        grade=rng.choice(("3", None)),
        school_id=rng.choice((RecordId("n1"), RecordId("w1"), None)),
        course_id=rng.choice((RecordId("c1"), None)),
        term_id=rng.choice((RecordId("t1"), None)),
    )
    course = Course(RecordId("c1"), rng.choice(("Algebra", None)))
    school = School(RecordId("n1"), rng.choice(("North", "", None)))
    term = Term(RecordId("t1"), rng.choice(("Fall  Term", None)))
    view = SectionView(
        section,
        course if section.course_id and rng.random() < 0.7 else None,
        school if section.school_id == "n1" and rng.random() < 0.7 else None,
        term if section.term_id and rng.random() < 0.7 else None,
    )
    return SectionLine(view, rng.choice((0, 1, 2, 10)), rng.choice((None, 0, 1)))


def shown(line: SectionLine, sort: Sort) -> tuple[str, str, str]:
    by = str(line.listed) if sort is Sort.STUDENTS else line.shown(sort)
    return line.shown("name"), line.shown("school"), by


def pages(table: SectionTable, lines: Ints, sort: Sort) -> list[list[str]]:
    found, after = [], None
    while True:
        page, after = table.page(lines, sort, after, 2)
        found.append([line.id for line in page])
        if after is None:
            return found


def tables(number: int) -> Iterator[str]:
    for rng in draws("sections", number):
        lines = [a_line(rng, place) for place in range(rng.choice((1, 4, 5)))]
        labels = [
            Label(*rng.choice(((LabelKind.WORD, "maths"), (LabelKind.GRADE, "3"), (LabelKind.OTHER, ""))))
            for _ in lines
        ]
        table = table_of(lines, labels)
        choice = SectionQuery(
            rng.choice(("", " ", "HOME", "maths")), rng.choice(("name", "subject")),
            rng.choice(("", "n1")), rng.choice((None, None, True, False)),
        )  # fmt: skip
        chosen, everything = table.chosen(choice), np.arange(len(lines), dtype=np.int32)
        sort = rng.choice(list(Sort))
        by = rng.choice(list(Grouping))
        groups = [
            (
                one.key,
                one.title,
                [lines[place].id for place in one.sections],
                rule and (rule.field, rule.op, rule.value),
                others,
                one.listed,
                one.kept,
            )
            for one in table.groups(rng.choice((everything, everything[:2])), by)
            for rule, others in [table.rule(one)]
        ]
        yield (
            f"{[shown(line, sort) for line in lines]} "
            f"{choice.text!r} {choice.school} {choice.kept}: {sorted(lines[place].id for place in chosen)} "
            f"{sort} {pages(table, everything, sort)} {pages(table, chosen, sort)} {by} {groups}"
        )


def test_sections_are_found_put_in_order_and_grouped_as_the_table_says() -> None:
    check("sections", tables(60))
