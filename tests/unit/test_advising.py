"""Suggestions of a review: when they are searched for, which of them are told, and how a search ends."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from schemas.messages.review import Cause
from schemas.timestamps import instant
from schemas.words import Owner
from tests.support.builders.records import DISTRICT, cause
from tests.support.fakes.evaluation import MemoryEvaluation
from worker.domain.preflight.policy import Code
from worker.domain.preflight.tally import Tally
from worker.domain.review.kept_suggestions import KeptSuggestions, SearchInput
from worker.domain.roster.records import RecordId, Section, Teacher
from worker.domain.roster.section_filter import SectionFilter, SectionView
from worker.domain.roster.terms import without_grace
from worker.pipeline.evaluate.review_suggestions import _is_better, advise
from worker.suggest.picture import DistrictPicture
from worker.suggest.picture_builder import PictureBuilder
from worker.suggest.service import search
from worker.suggest.suggestions import Suggestion

NAMES = [RecordId(f"s{number}") for number in range(8)]
OF_FILTER = cause("filter.several_kept", Owner.FILTER, findings={Code.MULTIPLE_SECTIONS.value: 8})
OF_SIS = cause("sis.several_of_one_kind", Owner.SIS, findings={Code.MULTIPLE_SECTIONS.value: 8})
NO_CAUSE = cause("sis.co_taught", Owner.SIS)


def picture(*, by: str = "Homeroom") -> PictureBuilder:
    """Return a district in which each student is in a homeroom, and all of them in one for mathematics."""
    builder = PictureBuilder(without_grace(date(2026, 10, 14)))
    builder.add_teacher(Teacher(RecordId("t"), "Osric", "Quillfeather"))
    for name in NAMES:
        builder.add_student(name, "h", "3")
    rows = [(by, NAMES[:4]), (by, NAMES[4:]), ("Mathematics", NAMES)]
    for number, (called, students) in enumerate(rows):
        section = Section(
            RecordId(f"c{number}"),
            RecordId("h"),
            called,
            subject="x" if called == by else "y",
            teachers=(RecordId("t"),),
            students=tuple(students),
        )
        builder.add_section(SectionView(section))
    return builder


def reviewed(several: int = 8, students: int = 8, **fields: Any) -> MemoryEvaluation:
    """Return a district in which so many students are in several sections."""
    district = MemoryEvaluation(built=picture())
    counts = Counter({"roster:student": students, f"code:{Code.MULTIPLE_SECTIONS}": several})
    district.state = replace(
        district.state, tally=Tally(counts), filter_version=3, search_input_batch=7, **fields
    )
    return district


FOUND_FOR = SearchInput(filter_version=3, batch=7, none=0, several=8)


async def test_what_is_found_is_told_with_its_moment_and_kept() -> None:
    district = reviewed()

    told = await advise(district.port(), [OF_FILTER], 60)

    assert told
    assert told[0]["coverage"] == {"exactly_one": 8, "none": 0, "several": 0}
    assert {one["as_of"] for one in told} == {instant(district.window.now)}
    assert district.advised == KeptSuggestions(district.window.now, FOUND_FOR, told)
    assert district.calls["kept advice"] == 1
    assert await advise(district.port(), [OF_FILTER], 60) == told
    assert district.calls["pictures"] == 1


@pytest.mark.parametrize(
    ("causes", "seconds", "several", "commit", "is_searched"),
    [
        ([OF_FILTER], 1, 8, None, True),
        ([OF_FILTER], 0, 8, None, False),
        ([NO_CAUSE], 1, 8, None, False),
        ([], 1, 8, None, False),
        ([OF_FILTER], 1, 8, "one", True),
        ([OF_FILTER], 1, 2, None, True),
        ([OF_FILTER], 1, 2, "one", False),
    ],
)
async def test_a_search_is_made_where_the_filter_may_be_what_is_wrong_and_there_is_time(
    causes: list[Cause], seconds: float, several: int, commit: str | None, is_searched: bool
) -> None:
    district = reviewed(several, 200 if several == 2 else 8, last_commit_id=commit)

    told = await advise(district.port(), causes, seconds)

    assert bool(told) is is_searched
    assert district.calls["pictures"] == is_searched


@pytest.mark.parametrize(
    ("standing", "first"),
    [
        pytest.param({}, "Homeroom", id="no class stands"),
        pytest.param({"c0": 4, "c1": 4}, "Homeroom", id="the classes are the homerooms"),
        pytest.param({"c2": 8}, "Mathematics", id="the class is another"),
        pytest.param({"c2": 8, "gone": 900}, "Homeroom", id="of a few in many"),
    ],
)
async def test_no_filter_is_suggested_that_takes_students_out_of_a_class_that_stands(
    standing: dict[str, int], first: str
) -> None:
    district = reviewed(last_commit_id="one")
    district.standing = standing

    told = await advise(district.port(), [OF_FILTER], 60)

    assert not told or first.lower() in told[0]["text"].lower() or "subject" in told[0]["text"]
    if standing == {"c2": 8}:
        assert all("homeroom" not in one["text"].lower() for one in told)


@pytest.mark.parametrize(
    ("known", "is_told_again"),
    [
        (FOUND_FOR, True),
        (replace(FOUND_FOR, filter_version=2), False),
        (replace(FOUND_FOR, several=7), False),
    ],
)
async def test_what_was_found_is_told_until_a_search_differs(known: SearchInput, is_told_again: bool) -> None:
    district = reviewed()
    district.advised = KeptSuggestions(district.window.now, known, [{"before": True}])

    told = await advise(district.port(), [OF_FILTER], 60)

    assert (told == [{"before": True}]) is is_told_again
    assert district.calls["pictures"] == (not is_told_again)
    district.next_window(seconds=timedelta(days=1).total_seconds())
    assert await advise(district.port(), [OF_FILTER], 60) != [{"before": True}]


async def test_a_review_is_written_without_suggestions_where_the_search_fails() -> None:
    district = reviewed()
    district.built = cast("PictureBuilder", Breaking())

    with capture_logs() as logs:
        assert await advise(district.port(), [OF_FILTER], 60) == ()

    (line,) = logs
    assert (line["event"], line["district_id"], line["error"]) == (
        "suggestions.failed",
        DISTRICT,
        "ValueError",
    )
    assert "Quillfeather" not in str(line)
    assert district.advised is None


class Breaking:
    """A picture that cannot be built."""

    def build(self) -> DistrictPicture:
        raise ValueError("Homeroom - Quillfeather")


@pytest.mark.parametrize(
    ("causes", "students", "is_told"),
    [([OF_SIS], 8, True), ([OF_SIS], 16, False), ([OF_SIS, OF_FILTER], 16, True), ([OF_FILTER], 16, True)],
)
async def test_single_mistakes_are_the_filter_s_only_where_another_one_places_more_students(
    causes: list[Cause], students: int, is_told: bool
) -> None:
    district = reviewed(8, students)

    assert bool(await advise(district.port(), causes, 60)) is is_told
    assert district.advised is not None
    assert bool(district.advised.suggestions) is is_told


async def test_a_filter_that_names_somebody_is_not_told_to_everybody() -> None:
    named = SectionFilter.model_validate(
        {"rules": [{"all": [{"field": "name", "op": "contains", "value": "quillfeather"}]}]}
    )
    district = reviewed(section_filter=named)
    district.built = picture(by="Quillfeather")

    told = await advise(district.port(), [OF_FILTER], 60)

    assert "quillfeather" not in str(told).casefold()
    found = await search(picture(by="Quillfeather").build, named, 60)
    assert any(not one.names_nobody for one in found)


def suggestion(exactly_one: int, *, is_in_force: bool = False) -> Suggestion:
    return Suggestion(
        SectionFilter(),
        exactly_one,
        0,
        0,
        True,
        "",
        [],
        0,
        is_in_force,
        was_cut_short=False,
        names_nobody=True,
    )


@pytest.mark.parametrize(
    ("found", "is_better"),
    [
        ([], False),
        ([suggestion(7)], True),
        ([suggestion(6)], False),
        ([suggestion(5)], False),
        ([suggestion(7, is_in_force=True)], False),
        ([suggestion(7), suggestion(5, is_in_force=True)], True),
        ([suggestion(6), suggestion(7)], False),
        ([suggestion(7, is_in_force=True), suggestion(7)], False),
    ],
)
def test_the_first_suggestion_is_new_and_places_more(found: list[Suggestion], is_better: bool) -> None:
    counts = Counter(
        {"roster:student": 10, f"code:{Code.NO_SECTION}": 1, f"code:{Code.MULTIPLE_SECTIONS}": 3}
    )

    assert _is_better(found, Tally(counts)) is is_better


@dataclass
class Waiting:
    """A picture that is built when `go` is set, after it `began`."""

    began: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def build(self) -> DistrictPicture:
        self.began.set()
        assert self.go.wait(10)
        return picture().build()


async def test_a_search_that_nobody_waits_for_ends_at_its_next_look_at_the_clock() -> None:
    waiting, looked_at = Waiting(), []

    def progress(what: str, _count: int) -> None:
        looked_at.append(what)

    searching = asyncio.create_task(search(waiting.build, SectionFilter(), 60, progress))
    await asyncio.to_thread(waiting.began.wait, 10)
    searching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await searching
    waiting.go.set()
    await asyncio.get_running_loop().shutdown_default_executor()

    assert looked_at == []
