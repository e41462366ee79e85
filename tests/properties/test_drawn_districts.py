"""What is worked out from changes alone is what the rules say of the whole district."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from schemas.words import Severity, Trigger
from tests.support.builders.records import DISTRICT, NOON, Json
from tests.support.districts.oracle import Committed, Judged, Records, calendar_of, judge, seats_of
from tests.support.fakes.evaluation import MemoryEvaluation, stage_of
from worker.domain.preflight.checks import left_scope
from worker.domain.preflight.policy import Code, Policy
from worker.domain.roster.canonical import MODULUS
from worker.domain.roster.records import RecordKind
from worker.domain.roster.roster import digest
from worker.domain.roster.section_filter import SectionFilter
from worker.pipeline.evaluate import preflight

STUDENTS = [f"s{number:02}" for number in range(8)]
STEPS = 14


def some(random: Random, **values: list[Any]) -> Json:
    drawn = {name: random.choice(choices) for name, choices in values.items()}
    return {name: value for name, value in drawn.items() if value is not None}


def user(random: Random) -> Json:
    schools = ["h1", "h1", "h2", "h3", None]
    texts = some(random, first_name=["A", "B"], sis_id=["1", "2", "x", "X ", None], grade=["3", "4", None])
    student = {"texts": texts | some(random, school_id=schools)}
    teacher = some(random, last_name=["P", "Q"])
    return random.choice(
        [
            {"student": student},
            {"student": student},
            {"student": student, "teacher": teacher},
            {"teacher": teacher},
        ]
    )


def section(random: Random) -> Json:
    named = some(
        random,
        name=["Homeroom 1", "Homeroom 2", "Math"],
        school_id=["h1", "h2", "h3", None],
        course_id=["k1", "k2", None],
        term_id=["m1", "m2", None],
    )
    listed = sorted(random.sample([*STUDENTS, "nobody"], random.randint(0, 5)))
    return {
        **named,
        "students": listed,
        "teachers": sorted(random.sample(["t1", "t2", "gone"], random.randint(0, 2))),
    }


def change(random: Random) -> tuple[RecordKind, str, Json | None]:
    day = NOON.date()
    drawn: tuple[RecordKind, str, Json] = random.choice(
        [
            (RecordKind.USER, random.choice(STUDENTS), user(random)),
            (RecordKind.USER, random.choice(STUDENTS), user(random)),
            (RecordKind.USER, random.choice(["t1", "t2"]), {"teacher": some(random, last_name=["P", "Q"])}),
            (RecordKind.SECTION, random.choice(["c1", "c2", "c3"]), section(random)),
            (RecordKind.SECTION, random.choice(["c1", "c2", "c3"]), section(random)),
            (RecordKind.SCHOOL, random.choice(["h1", "h2", "h3"]), some(random, name=["North", "South"])),
            (RecordKind.COURSE, random.choice(["k1", "k2"]), some(random, name=["Advisory", "Algebra"])),
            (
                RecordKind.TERM,
                random.choice(["m1", "m2"]),
                some(
                    random,
                    start=[None, str(day), str(day + timedelta(days=3))],
                    end=[None, *(str(day + timedelta(days=days)) for days in (-30, -1, 0, 2))],
                ),
            ),
        ]
    )
    return drawn if random.random() < 0.8 else (drawn[0], drawn[1], None)


def rule(name: str, value: str) -> Json:
    return {"all": [{"field": name, "op": "contains", "value": value}]}


def other_filter(random: Random) -> SectionFilter:
    rules = [rule("name", "homeroom"), rule("course_name", "adv"), rule("school", "north"), rule("name", "1")]
    return SectionFilter.model_validate(
        {
            "rules": random.sample(rules, random.choice([0, 1, 2])),
            "strategy": random.choice(["union", "first_match"]),
            "scope": random.choice([{}, {"grades": ["3"]}, {"schools": ["h1"]}, {"schools": ["north"]}]),
            "current_term_only": random.random() < 0.6,
        }
    )


def other_policy(random: Random) -> Policy:
    severity = random.choice(list(Severity))
    return Policy(
        required_fields=random.choice([(), ("first_name", "grade")]),
        unique_fields=random.choice([("sis_id",), ("sis_id", "first_name"), ()]),
        removal_limit_floor=random.choice([0, 2, 10]),
        term_grace_days=random.choice([0, 1, 30]),
        removal_window_hours=random.choice([0, 24]),
        severities={Code.FIELD_MISSING: severity, Code.DUPLICATE_IDENTITY: severity},
    )


def judged(district: MemoryEvaluation, today: date) -> tuple[Judged, Records]:
    state = district.state
    records: Records = {key: one.record for key, one in district.known.items() if one.record is not None}
    hours_ago = district.window.now - state.policy.look_back
    recent = [before for at, before in district.past if at > hours_ago]
    now = seats_of(district.committed())
    rules = judge(
        DISTRICT,
        records,
        state.section_filter,
        state.policy,
        today,
        Committed(recent[0] if recent else now, now, state.committed_counts),
    )
    return rules, records


def compare(
    district: MemoryEvaluation, rules: Judged, records: Records, consumer: dict[tuple[str, str], Json]
) -> None:
    """Hold everything that is kept up to what the rules say of the whole."""
    state, tally = district.state, district.state.tally
    told = {one.record_id for one in district.findings.values() if one.code is Code.LEFT_SCOPE}
    must = {record_id for kind, record_id in consumer if kind == "student"} & rules.outside_listed
    assert must <= told <= rules.outside_listed
    found = [*rules.findings, *(left_scope(one, state.policy) for one in told)]
    guards = {
        Code.SCHOOL_MASS_REMOVAL,
        Code.DISTRICT_MASS_REMOVAL,
        Code.SCHOOL_CLASS_CHANGE,
        Code.DISTRICT_CLASS_CHANGE,
    }
    assert {one.member for one in district.findings.values() if one.code not in guards} == {
        one.member for one in found if one.code not in guards
    }
    assert {key: row.candidate for key, row in district.rows.items() if row.candidate} == rules.entries
    sizes = {section: students for section, (_, students) in district.kept.items() if students}
    assert sizes == rules.class_sizes
    blocked = {one.record_id for one in found if one.is_error and one.kind == "student"} - told
    assert (tally.students, tally.blocked) == (
        sum(key[0] == "student" for key in rules.entries),
        len(blocked),
    )
    assert tally.outside_scope == len(rules.outside)
    assert tally.candidate_digest % MODULUS == digest(rules.entries.values()) % MODULUS
    assert tally.error_digest == sum(one.member for one in district.errors())
    assert (tally.errors, tally.warnings) == (
        len(district.errors()),
        len(district.findings) - len(district.errors()),
    )
    terms = [one for (kind, _), one in records.items() if kind is RecordKind.SECTION and one.get("term_id")]
    assert district.school_terms == Counter((one.get("school_id") or "", one["term_id"]) for one in terms)
    assert district.committed() == consumer


def consume(district: MemoryEvaluation, consumer: dict[tuple[str, str], Json]) -> None:
    """Apply the commits as a consumer does."""
    for message in district.messages:
        for one in json.loads(message.changes or "[]"):
            if one["op"] == "remove":
                del consumer[one["kind"], one["id"]]
            else:
                assert consumer.get((one["kind"], one["id"])) != one["record"]
                consumer[one["kind"], one["id"]] = one["record"]
    district.messages.clear()


async def compare_full_run(district: MemoryEvaluation) -> None:
    """Let a full run over the same district find nothing that was overlooked."""
    before, known = district.state.tally.to_json(), district.state.evaluated_policy
    district.state.evaluated_policy = "another"
    district.calls.clear()
    await preflight.run_preflight(district.port(), [])
    assert district.state.tally.to_json() == before
    assert not sum(district.calls[what] for what in ("entries", "findings", "sizes"))
    district.state.evaluated_policy = known


@pytest.mark.parametrize("seed", range(3))
async def test_a_district_is_judged_by_its_changes_as_it_is_as_a_whole(seed: int) -> None:
    random, district = Random(seed), MemoryEvaluation()  # noqa: S311 — the same districts each time
    stage = stage_of(district)
    consumer: dict[tuple[str, str], Json] = {}
    for step in range(STEPS):
        for _ in range(20 if step == 0 else random.randint(1, 3)):
            district.send(*change(random))
        if step and random.random() < 0.3:
            district.state.section_filter = other_filter(random)
            district.state.filter_version += 1
        if step and random.random() < 0.2:
            district.state.policy = other_policy(random)
        district.next_window(Trigger.FLUSH, seconds=random.choice([60, 60, 60, 90_000]))

        assert await stage.once()

        consume(district, consumer)
        rules, records = judged(district, district.window.now.date())
        compare(district, rules, records, consumer)
        if district.state.section_filter.current_term_only:
            days = district.state.policy.term_grace_days
            assert district.in_grace == calendar_of(records, district.window.now.date(), days).grace.keys()
        await compare_full_run(district)
