"""What kind of section a section is said to be."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.builders.records import term
from worker.domain.review.causes.labels import (
    ConcernedSection,
    Label,
    LabelKind,
    SectionsTogether,
    label_sections,
)
from worker.domain.roster.terms import without_grace
from worker.domain.roster.texts import folded

TODAY = date(2026, 9, 15)
TEACHERS = {"t1": "quillfeather", "t2": "marrow", "t3": "ashdown"}


def section(number: int, name: str | None, **fields: Any) -> ConcernedSection:
    return ConcernedSection(f"c{number}", name, **({"teachers": [f"t{number % 3 + 1}"]} | fields))


def texts(*sections: ConcernedSection) -> list[str]:
    return [str(label) for label in labels(*sections)]


def labels(*sections: ConcernedSection) -> list[Label]:
    found = label_sections(sections, set(TEACHERS.values()), TEACHERS.keys(), without_grace(TODAY))
    return [found[section.id] for section in sections]


def test_a_word_for_the_class_of_every_student_is_the_label_wherever_it_stands() -> None:
    sections = [
        section(1, "Class 102, Homeroom - Marrow - 0"),
        section(2, "Sixth Grade Advisory - Ashdown - 4"),
    ]

    assert texts(*sections) == ["“homeroom”", "“advisory”"]
    assert texts(section(1, "Home Room 4")) == ["“home room”"]


def test_the_words_that_sections_of_several_teachers_share_are_their_label() -> None:
    sections = [
        section(1, "Group Guidance - Marrow - 0"),
        section(2, "Group Guidance - Ashdown - 0"),
        section(3, "Homeroom - Quillfeather - 0"),
        section(4, "Homeroom - Marrow - 0"),
    ]

    assert texts(*sections) == ["“group guidance”", "“group guidance”", "“homeroom”", "“homeroom”"]


def test_a_word_that_nearly_all_sections_have_tells_nothing_apart() -> None:
    sections = [
        section(number, f"Grade 3 {what}")
        for number, what in enumerate(["Math", "Math", "Reading", "Reading"])
    ]

    assert texts(*sections) == ["“math”", "“math”", "“reading”", "“reading”"]


def test_an_expression_may_end_the_name() -> None:
    sections = [section(1, "Marrow - Group Guidance"), section(2, "Ashdown - Group Guidance")]

    assert texts(*sections) == ["“group guidance”"] * 2


def test_a_word_in_more_than_three_of_five_sections_tells_nothing_apart() -> None:
    def named(with_it: int, without: int) -> list[ConcernedSection]:
        names = [f"Advanced {('Math', 'Reading')[number % 2]}" for number in range(with_it)] + [
            "Band"
        ] * without
        return [section(number, name) for number, name in enumerate(names)]

    assert texts(*named(12, 8))[:2] == ["“advanced”"] * 2
    assert texts(*named(20, 13))[:2] == ["“math”", "“reading”"]


def test_a_word_of_schools_is_a_label_even_of_one_teachers_sections() -> None:
    assert texts(section(1, "Pottery 3")) == ["“pottery”"]
    assert texts(section(1, "Raku 3")) == ["others"]


def test_a_word_of_a_course_or_a_subject_alone_is_no_label() -> None:
    assert texts(section(1, "Raku 3", course="Raku", subject="Raku")) == ["others"]
    assert texts(section(1, None, course="Raku Gr 3", period="J. L.")) == ["others"]


def test_a_homeroom_word_that_is_a_surname_is_a_label_where_no_teacher_is_called_so() -> None:
    def label(name: str, teacher_word: str) -> str:
        found = label_sections(
            [section(1, name, course="Reading")], {teacher_word}, ["t2"], without_grace(TODAY)
        )
        return str(found["c1"])

    assert label("Reading Crew", "marrow") == "“crew”"
    assert label("Reading Crew", "crew") == "“reading”"
    assert label("Reading Homeroom", "homeroom") == "“homeroom”"


def test_a_course_with_a_teachers_name_in_another_spelling_is_no_label() -> None:
    spelled = section(1, None, course="Band Márrow", period="2")

    assert texts(spelled) == ["period “2”"]


def test_a_teachers_name_is_never_a_label_even_of_one_whom_we_do_not_know() -> None:
    of_known = [section(1, "Marrow", subject="math"), section(2, "Marrow", subject="math")]
    of_unknown = [section(3, "Thistlewood", subject="art"), section(6, "Thistlewood", subject="art")]

    assert texts(*of_known, *of_unknown) == ["subject “math”"] * 2 + ["subject “art”"] * 2
    assert texts(section(1, "Marrow", subject=None, course="Marrow's Band", period="2")) == ["period “2”"]


def test_without_a_name_the_next_best_field_tells_it_apart() -> None:
    terms = {"term": term(None, None, "Spring")}

    assert texts(
        section(1, None, subject=" ", course="Band"),
        section(2, None, period="4", grade="5"),
        section(3, None, grade="5"),
        section(4, None, **terms),
        section(5, None),
    ) == ["course “Band”", "period “4”", "grade “5”", "term “Spring”", "others"]


def test_a_label_knows_whether_its_term_runs_now() -> None:
    over = section(1, "Homeroom", term=term(None, date(2026, 9, 14)))

    assert labels(over, section(2, "Homeroom")) == [
        Label(LabelKind.WORD, "homeroom", is_current=False),
        Label(LabelKind.WORD, "homeroom"),
    ]


def test_two_homerooms_of_the_same_students_are_told_apart_by_the_word_that_only_one_has() -> None:
    sections = [section(1, "AM Homeroom 3"), section(2, "PM Homeroom 3"), section(3, "Home Room Holding")]
    pairs = [SectionsTogether((sections[0].id, sections[1].id), 20), SectionsTogether((sections[2].id,), 90)]

    found = label_sections(sections, (), (), without_grace(TODAY), pairs)

    assert [label.text for label in found.values()] == ["am homeroom", "pm homeroom", "homeroom"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Homeroom PM - Marrow - PM", "“homeroom pm”"),
        ("Homeroom - Marrow - PM", "“homeroom” with “pm”"),
        ("Homeroom/PM (Marrow)", "“homeroom/pm”"),
        ("PM Home-Room", "“pm home-room”"),
    ],
)
def test_words_are_told_as_they_stand_in_the_names(name: str, told: str) -> None:
    sections = [section(1, name), section(2, name.replace("PM", "AM"))]
    pairs = [SectionsTogether([one.id for one in sections], 20)]

    found = label_sections(sections, TEACHERS.values(), TEACHERS.keys(), without_grace(TODAY), pairs)

    assert str(found["c1"]) == told
    for run in found["c1"].written:
        assert folded(run) in folded(name)


def test_words_are_told_as_most_sections_have_them() -> None:
    sections = [section(number, name) for number, name in enumerate(["Home Room", "Homeroom", "HOMEROOM"])]

    assert texts(*sections) == ["“homeroom”"] * 3


def test_a_word_that_few_of_two_homerooms_have_tells_nothing_apart() -> None:
    sections = [section(1, "Homeroom 3"), section(2, "Homeroom 4"), section(3, "Homeroom Holding")]
    first, second, third = (one.id for one in sections)
    pairs = [SectionsTogether((first, second), 20), SectionsTogether((first, third), 19)]

    found = label_sections(sections, (), (), without_grace(TODAY), pairs)

    assert {label.text for label in found.values()} == {"homeroom"}


def test_a_label_is_told_in_a_few_words_however_long_it_is() -> None:
    assert str(Label(LabelKind.SUBJECT, "x" * 5000)) == f"subject “{'x' * 60}…”"
    assert str(Label(LabelKind.WORD, "y" * 60)) == f"“{'y' * 60}”"
