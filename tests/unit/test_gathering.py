"""Which questions are asked for the causes of a review, and what becomes of their answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from schemas.words import Severity
from tests.support.builders.records import DISTRICT, NOON, Json
from tests.support.fakes.error_figures import Answering
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.preflight.tally import Tally
from worker.domain.review.causes.facts import (
    Blocked,
    CauseFacts,
    ErrorKey,
    SameValues,
    SchoolGrade,
    Sign,
    TermFacts,
    TermState,
)
from worker.domain.review.causes.labels import ConcernedSection, Label, LabelKind
from worker.domain.review.causes.scale import WITHDRAWN_STUDENTS
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.records import RecordId, Section, Term
from worker.domain.roster.section_filter import SectionFilter, SectionView
from worker.domain.roster.terms import DistrictTerms, TermUse
from worker.pipeline.evaluate.cause_facts import cause_facts
from worker.pipeline.evaluate.section_signs import SectionSigns

TODAY = NOON.date()
RULES: Json = {"rules": [{"all": [{"field": "name", "op": "contains", "value": "home"}]}]}
SIX = [Blocked({ErrorKey(Code.NO_SECTION): NOON}, 6, SchoolGrade("h1", "3"))]


def answering(
    filter_json: Json | None = None, counts: dict[str, int] | None = None, **answers: Any
) -> Answering:
    district = Answering(answers={name.replace("_", " "): answer for name, answer in answers.items()})
    district.state.section_filter = SectionFilter.model_validate(filter_json or {})
    district.state.tally = Tally(Counter(counts or {}), candidate_digest=7)
    return district


def coded(code: Code, count: int = 1) -> dict[str, int]:
    return {f"code:{code}": count}


async def test_where_nothing_is_wrong_nothing_is_asked_for() -> None:
    district = answering(counts={"roster:student": 5})

    assert await cause_facts(district.port()) == CauseFacts(
        DISTRICT,
        5,
        to_hex(7),
        blocked=[],
        others=[],
        class_changes=[],
        signs={Sign.TERM_NOT_RUNNING: [], Sign.TERM_UNKNOWN: [], Sign.CO_TAUGHT: [], Sign.DOUBLED: []},
        filter_fields=[],
        running_terms=[],
        undated_terms=[],
        today=TODAY,
    )
    assert district.asked_for == {}


@pytest.mark.parametrize(
    ("filter_json", "told"),
    [
        (RULES, {"has_rules": True}),
        ({"current_term_only": True}, {"current_term_only": True}),
        ({"scope": {"grades": ["3"]}}, {"has_scope": True}),
        ({"scope": {"schools": ["h"]}}, {"has_scope": True}),
    ],
)
async def test_facts_tell_what_the_filter_in_force_does(filter_json: Json, told: dict[str, bool]) -> None:
    district = answering(filter_json)
    facts = await cause_facts(district.port())

    kinds = ("has_rules", "current_term_only", "has_scope", "was_rostered")
    assert {name: True for name in kinds if getattr(facts, name)} == told
    assert district.asked_for == {}
    district.state.last_commit_id = "one"
    assert (await cause_facts(district.port())).was_rostered


REMOVED = {"removals": 3, "cohorts": {"h2"}, "school names": {"h2"}, "shares schools": None}


@pytest.mark.parametrize(
    ("code", "asked_for"),
    [
        (Code.NO_STUDENTS, {"has shared students": None}),
        (Code.NO_BASELINE, {"is connected": None}),
        (Code.EVENTS_QUARANTINED, {"is connected": None}),
        (Code.DISTRICT_MASS_REMOVAL, REMOVED),
        (Code.DISTRICT_CLASS_CHANGE, REMOVED | {"school names": {"h1", "h2"}, "class changes": None}),
        (Code.UNKNOWN_TEACHER, {}),
    ],
)
async def test_errors_not_of_students_ask_for_explanations(code: Code, asked_for: dict[str, Any]) -> None:
    district = answering(codes=[code])
    district.state.committed_counts = {"classes": 3}

    facts = await cause_facts(district.port())

    assert district.asked_for == asked_for
    assert facts.has_shared_students is ("has shared students" in asked_for)
    assert facts.is_connected is ("is connected" in asked_for)
    assert bool(facts.removals) is ("removals" in asked_for)
    assert bool(facts.class_changes) is ("class changes" in asked_for)
    assert bool(facts.cohorts) is ("cohorts" in asked_for)


async def test_classes_that_were_never_counted_are_none_and_terms_end_by_the_district_s_day() -> None:
    district = answering({"current_term_only": True}, codes=[Code.SCHOOL_CLASS_CHANGE])

    await cause_facts(district.port())

    assert (district.asked_for["removals"], district.asked_for["class changes"]) == (0, TODAY)


async def test_the_schools_of_the_blocked_are_counted_with_those_of_the_removed() -> None:
    district = answering(counts={"blocked": 6}, blocked=SIX, codes=[Code.SCHOOL_MASS_REMOVAL])

    facts = await cause_facts(district.port())

    assert district.asked_for["blocked"] == (None, SectionSigns(students_with_two_ids=[]))
    assert district.asked_for["cohorts"] == {"h1", "h2"}
    assert list(facts.blocked) == SIX


async def test_students_in_several_sections_of_a_filter_with_rules_are_told_by_the_kinds_of_these() -> None:
    counts = coded(Code.MULTIPLE_SECTIONS) | {"blocked": 1}
    district = answering(RULES, counts)

    facts = await cause_facts(district.port())

    labels, signs = district.asked_for["blocked"]
    assert set(labels) == {"a", "b"}
    assert district.asked_for["by labels"] == labels
    assert facts.sections == {(): {"a": 1}}
    assert "teacher names" in district.asked_for
    assert Label(LabelKind.WORD, "math") not in labels.values()
    assert district.asked_for["alike"] is True
    assert signs.alike == dict.fromkeys([("q", "p"), ("p", "o")], Sign.CO_TAUGHT)
    assert facts.signs[Sign.CO_TAUGHT] == ["o", "p", "q"]
    assert facts.signs[Sign.DOUBLED] == []
    assert facts.signs[Sign.TERM_UNKNOWN] == []
    assert "unknown terms" not in district.asked_for


async def test_without_rules_there_are_no_kinds_and_terms_ask_for_unknown_ones() -> None:
    district = answering({"current_term_only": True}, coded(Code.MULTIPLE_SECTIONS))

    facts = await cause_facts(district.port())

    assert set(district.asked_for) == {"together", "alike", "copies", "unknown terms"}
    assert district.asked_for["alike"] is False
    assert facts.signs[Sign.TERM_UNKNOWN] == ["y", "z"]


ENOUGH = WITHDRAWN_STUDENTS


@pytest.mark.parametrize(
    ("newcomers", "none", "duplicates", "commit", "is_asked"),
    [
        (ENOUGH, ENOUGH, 0, "one", True),
        (ENOUGH, ENOUGH - 1, 0, "one", False),
        (ENOUGH, ENOUGH - 1, 1, "one", True),
        (ENOUGH, 0, ENOUGH, "one", True),
        (ENOUGH, 0, ENOUGH - 1, "one", False),
        (ENOUGH - 1, ENOUGH, 0, "one", False),
        (ENOUGH, ENOUGH, 0, None, False),
        (0, 0, 0, "one", False),
    ],
)
async def test_ids_issued_anew_are_looked_for_where_as_many_came_as_have_errors(
    newcomers: int, none: int, duplicates: int, commit: str | None, is_asked: bool
) -> None:
    counts = {**coded(Code.NO_SECTION, none), **coded(Code.DUPLICATE_IDENTITY, duplicates)}
    district = answering(counts={**counts, "plan:student:upserted": newcomers, "blocked": 1})
    district.state.last_commit_id = commit

    await cause_facts(district.port())

    assert ("students_with_two_ids" in district.asked_for) is is_asked
    assert district.asked_for["blocked"][1].students_with_two_ids == (["s1"] if is_asked else [])


def term(name: str, start: int | None, end: int | None) -> Term:
    days = [None if one is None else TODAY + timedelta(days=one) for one in (start, end)]
    return Term(RecordId(name), f"Term {name}", *days)


def in_term(section: str, one: Term | None, name: str = "Homeroom") -> SectionView:
    term_id = one.id if one else None
    return SectionView(Section(RecordId(section), RecordId("h"), name, term_id=term_id), term=one)


OVER, COMING, LATER = term("over", -90, -40), term("coming", 9, 90), term("later", 20, 90)
BACKWARD, BEHIND, RUNNING = term("x", 5, -5), term("w", 6, -6), term("running", -9, 9)
COUNTS_ON = term("grace", -50, -3)
NONE = coded(Code.NO_SECTION)


async def not_running(
    *views: SectionView, unused: tuple[Term, ...] = (), filter_json: Json | None = None
) -> tuple[CauseFacts, set[str]]:
    chosen = {"current_term_only": True, **RULES} if filter_json is None else filter_json
    district = answering(chosen, NONE)
    district.answers["terms"] = DistrictTerms([TermUse("h", "grace", 1, COUNTS_ON)], unused)
    district.views = list(views)
    facts = await cause_facts(district.port())
    return facts, set(district.asked_for)


async def test_sections_that_would_count_if_their_term_ran_are_told_with_the_next_term_of_theirs() -> None:
    facts, _ = await not_running(
        in_term("d", None),
        in_term("running", RUNNING),
        in_term("grace", COUNTS_ON),
        in_term("z", LATER),
        in_term("y", COMING),
        in_term("a", OVER),
        in_term("other", COMING, "Algebra"),
        in_term("e", BACKWARD),
        in_term("f", BEHIND),
        unused=(term("soon", 1, 9),),
    )

    assert facts.signs[Sign.TERM_NOT_RUNNING] == ["a", "e", "f", "y", "z"]
    assert facts.terms == TermFacts(TODAY, OVER, COMING, [BEHIND, BACKWARD])


@pytest.mark.parametrize(("start", "is_told"), [(-4, True), (-6, False)])
async def test_a_term_that_began_after_the_one_that_ended_is_told_beside_the_next_one(
    start: int, is_told: bool
) -> None:
    over, runs, later = term("over", -30, -5), term("runs", start, 20), term("later", 30, 60)

    facts, _ = await not_running(in_term("a", over), in_term("b", later), unused=(runs,))

    assert facts.terms
    assert (facts.terms.following, facts.terms.begun) == (later, runs if is_told else None)


async def test_the_terms_of_sections_are_current_over_or_ahead_and_others_are_left_out() -> None:
    district = answering({"current_term_only": True, **RULES}, NONE | {"blocked": 1})
    of = {"no": None, "runs": RUNNING, "over": OVER, "ahead": COMING, "turned": BACKWARD}
    district.views = [*(in_term(*one) for one in of.items()), in_term("other", OVER, "Algebra")]

    await cause_facts(district.port())

    assert district.asked_for["blocked"][1].term_states == {
        **dict.fromkeys(("no", "runs"), TermState.CURRENT),
        **dict.fromkeys(("over", "turned"), TermState.OVER),
        "ahead": TermState.AHEAD,
    }


async def test_the_schools_of_classes_are_asked_for_where_they_are_several() -> None:
    def concerned(*schools: str | None) -> list[ConcernedSection]:
        return [ConcernedSection(f"c{at}", school_id=school) for at, school in enumerate(schools)]

    async def asked(*schools: str | None) -> object:
        counts = coded(Code.MULTIPLE_SECTIONS) | {"blocked": 1}
        district = answering(RULES, counts, concerned=concerned(*schools))
        await cause_facts(district.port())
        return district.asked_for["blocked"][1].schools_of_classes

    assert await asked("n", None, "s") == {"c0": "n", "c2": "s"}
    assert await asked("n", None, "n") == {}


@pytest.mark.parametrize(
    ("classes", "new", "number"),
    [
        (("s",), (None, None), 2),
        ((None,), (None,), 0),
        (("s",), (None, "s"), 0),
        (("s", "s"), (), 0),
        ((), (None,), 0),
    ],
)
async def test_new_sections_without_a_term_are_counted_beside_classes_that_have_one(
    classes: tuple[str | None, ...], new: tuple[str | None, ...], number: int
) -> None:
    terms = {"s": Term(RecordId("s"), "S1"), None: None}
    concerned = [
        *(ConcernedSection(f"c{at}", term=terms[term], was_class=True) for at, term in enumerate(classes)),
        *(ConcernedSection(f"n{at}", term=terms[term]) for at, term in enumerate(new)),
    ]
    by_term = RULES | {"current_term_only": True}

    facts = await cause_facts(answering(by_term, coded(Code.MULTIPLE_SECTIONS), concerned=concerned).port())

    assert facts.new_without_term == number
    assert facts.are_all_without_term is ("s" not in (*classes, *new))


@pytest.mark.parametrize(("errors", "is_asked"), [(1, True), (0, False)])
async def test_names_are_compared_where_students_have_the_same_number(errors: int, is_asked: bool) -> None:
    answers = {"same values": {"sis_id": SameValues(1)}}
    district = answering(counts=coded(Code.DUPLICATE_IDENTITY, errors), **answers)

    facts = await cause_facts(district.port())

    assert facts.same_values == ({"sis_id": SameValues(1)} if is_asked else {})
    assert ("same values" in district.asked_for) is is_asked


async def test_kinds_of_sections_are_new_if_no_class_of_the_last_commit_is_of_them() -> None:
    sections = [
        ConcernedSection("a", "Science 1", was_class=True),
        ConcernedSection("b", "Career Center"),
        ConcernedSection("c", "Lunch"),
        ConcernedSection("d", "Science 2"),
    ]
    district = answering(RULES, coded(Code.MULTIPLE_SECTIONS), concerned=sections)

    facts = await cause_facts(district.port())

    assert [kind.text for kind in facts.new_kinds] == ["career center", "lunch"]
    assert [kind.text for kind in facts.lessons] == ["lunch"]


FIRST, SECOND = term("first", -30, 10), term("second", -1, 60)
YEAR, NEXT = term("year", -30, 90), term("next", 11, 60)


@pytest.mark.parametrize(
    ("former", "other", "is_told"),
    [
        pytest.param(FIRST, SECOND, True, id="the next begins early"),
        pytest.param(SECOND, FIRST, False, id="an earlier one"),
        pytest.param(YEAR, SECOND, False, id="within it"),
        pytest.param(FIRST, NEXT, False, id="after it"),
        pytest.param(FIRST, FIRST, False, id="the same"),
        pytest.param(FIRST, None, False, id="none"),
    ],
)
async def test_a_term_overlaps_the_one_before_it_if_all_other_sections_are_of_it(
    former: Term, other: Term | None, is_told: bool
) -> None:
    sections = [
        ConcernedSection("a", term=former, was_class=True),
        ConcernedSection("b", term=former, was_class=True),
        ConcernedSection("c", term=other),
    ]
    counts = coded(Code.MULTIPLE_SECTIONS)
    district = answering({"current_term_only": True, **RULES}, counts, concerned=sections)

    facts = await cause_facts(district.port())

    assert facts.overlapping_terms == ((former, other) if is_told else ())


async def test_schools_of_the_scope_that_a_finding_says_are_empty_are_told_of_removals() -> None:
    district = answering({"scope": {"schools": ["Nroth", "h"]}}, codes=[Code.DISTRICT_MASS_REMOVAL])
    for field_name, value in (("schools", "Nroth"), ("grades", "K")):
        detail = {"field": field_name, "value": value}
        nothing = Finding(Code.SCOPE_MATCHES_NOTHING, Severity.WARNING, "district", DISTRICT, detail)
        await district.write_findings([nothing], [])

    assert (await cause_facts(district.port())).unmatched_schools == ["Nroth"]


@pytest.mark.parametrize(
    ("commit", "errors", "is_asked"), [("one", 1, True), ("one", 0, False), (None, 1, False)]
)
async def test_blank_fields_are_compared_with_the_last_commit(
    commit: str | None, errors: int, is_asked: bool
) -> None:
    district = answering(counts=coded(Code.FIELD_MISSING, errors), blank_before=["dob"])
    district.state.last_commit_id = commit

    facts = await cause_facts(district.port())

    assert facts.blank_before == (frozenset(("dob",)) if is_asked else frozenset())
    assert ("blank before" in district.asked_for) is is_asked


async def test_grades_of_the_scope_that_nobody_has_are_told_with_a_removal() -> None:
    counts = {"shared": 9, "shared:grades:3": 9}
    scope = {"scope": {"grades": ["3", "K"]}}

    removal = await cause_facts(answering(scope, counts, codes=[Code.SCHOOL_MASS_REMOVAL]).port())

    assert removal.unmatched_grades == ["K"]
    assert not (await cause_facts(answering(scope, counts).port())).unmatched_grades


async def test_a_term_that_no_section_names_yet_is_the_next_one_where_theirs_are_over() -> None:
    facts, _ = await not_running(in_term("a", OVER), unused=(LATER, COMING))
    assert facts.terms == TermFacts(TODAY, OVER, COMING, [])

    facts, _ = await not_running(in_term("a", OVER))
    assert facts.terms == TermFacts(TODAY, OVER, None, [])

    facts, _ = await not_running(in_term("running", RUNNING))
    assert (facts.terms, facts.signs[Sign.TERM_NOT_RUNNING]) == (None, [])


@pytest.mark.parametrize("filter_json", [RULES, {}])
async def test_terms_are_no_matter_where_all_of_them_count(filter_json: Json) -> None:
    assert "bare" not in (await not_running(in_term("a", OVER), filter_json=filter_json))[1]


async def test_terms_are_no_matter_where_nobody_is_in_no_section() -> None:
    district = answering({"current_term_only": True}, {})
    district.views = [in_term("a", OVER)]

    assert (await cause_facts(district.port())).terms is None


async def test_the_day_is_the_district_s() -> None:
    district = answering({"current_term_only": True}, NONE)
    district.state.policy = replace(district.state.policy, time_zone="Pacific/Auckland")
    district.views = [in_term("a", OVER)]

    facts = await cause_facts(district.port())

    assert facts.terms is not None
    assert facts.terms.today == date(2026, 9, 16)
