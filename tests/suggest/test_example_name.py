"""The example of a section's name that stands with a suggestion tells nobody's name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders.vocabularies import knowing
from worker.suggest.columns import BLANK, SectionColumn
from worker.suggest.example_name import example_name, public_part


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Homeroom 3", "Homeroom 3"),
        ("Quillfeather Homeroom 3", "… Homeroom 3"),
        ("Homeroom - Quillfeather, Odo J.", "Homeroom - …."),
        ("HR_Quillfeather_204", "HR_…_204"),
        ("Quillfeather/Marrow Grade 3", "… Grade 3"),
        ("Homeroom 48213", "Homeroom …"),
        ("Homeroom 3B", "Homeroom 3…"),
        ("odo.quillfeather@wren.example Homeroom", "… Homeroom"),
        ("Quillféather Homeroom", "… Homeroom"),
        ("Quillfeather 3", None),
        ("204", None),
        ("", None),
    ],
)
def test_a_word_or_number_that_may_be_a_person_s_is_not_shown(text: str, part: str | None) -> None:
    assert public_part(text, knowing("Quillfeather", "Odo")) == part


@given(st.text(alphabet="aeiQq fer3-,._é…", max_size=30))
def test_no_name_of_a_teacher_is_shown_however_it_is_written(around: str) -> None:
    known = knowing("Quillfeather")

    part = public_part(f"{around} Quillfeather {around}", known)

    assert "quill" not in (part or "").casefold()


def test_the_example_is_what_most_sections_are_called_whatever_their_numbers() -> None:
    texts = ["Art Lab", "Quillfeather Homeroom 1", "Marrow Homeroom 2", "Odo Homeroom 3"]
    codes = np.array([0, 1, 2, 3, BLANK, 0], dtype=np.int32)
    names = SectionColumn(texts, codes, texts, np.array([0, 1, 2, 3, BLANK], dtype=np.int32))
    known = knowing("Quillfeather", "Marrow", "Odo")

    assert example_name(names, np.ones(6, dtype=bool), known) == "… Homeroom 1"
    assert example_name(names, codes == 0, known) == "Art Lab"
    assert example_name(names, codes == BLANK, known) is None
