"""No form of a teacher's name becomes a public word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders.vocabularies import NAMING_FORMS, PLANTED_NAMES, heard, knowing
from worker.domain.roster.name_words import name_words
from worker.domain.roster.public_words import MANY_TEACHERS


@given(
    st.sampled_from(PLANTED_NAMES),
    st.lists(st.sampled_from(NAMING_FORMS), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(1, MANY_TEACHERS - 1),
    st.booleans(),
)
def test_no_form_of_a_name_that_few_sections_have_is_ever_public(
    name: str, forms: list[str], schools: int, teachers: int, knows_one: bool
) -> None:
    known = knowing("Sedge", "Thorn")
    for form in forms:
        heard(form.format(name), known, schools=schools, teachers=teachers, knows_one=knows_one)

    parts = name_words([name]) - {"de", "la"}
    assert not [word for word in parts if known.is_public(word)]
    assert not known.is_public_text(name)
