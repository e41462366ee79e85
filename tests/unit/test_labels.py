"""What kind of section a section is said to be."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.support.builders.records import term
from worker.domain.review.causes.labels import (
    ConcernedSection,
    Label,
    LabelKind,
    label_sections,
    needs_teachers,
)
from worker.domain.roster.terms import without_grace

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
    assert texts(section(1, "Home Room 4")) == ["“homeroom”"]


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


def test_teachers_names_are_asked_for_only_where_a_label_depends_on_them() -> None:
    assert not needs_teachers([section(1, "Homeroom A")])
    assert needs_teachers([section(1, "Homeroom A"), section(2, "Band")])


def test_a_label_is_told_in_a_few_words_however_long_it_is() -> None:
    assert str(Label(LabelKind.SUBJECT, "x" * 5000)) == f"subject “{'x' * 60}…”"
    assert str(Label(LabelKind.WORD, "y" * 60)) == f"“{'y' * 60}”"
