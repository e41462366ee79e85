"""The words of a district's sections, and names to plant among them."""

from __future__ import annotations

from typing import Final

from worker.domain.roster.name_words import name_words
from worker.domain.roster.public_words import MANY_SCHOOLS, MANY_TEACHERS, Vocabulary

PLANTED_NAMES: Final = (
    *("Thistlewood", "Márrowby", "O'Quill", "Fernquay-Ashdown", "de la Quill", "Quilly"),
    *("Lopez", "J. L.", "JL"),
)
"""Of teachers who left, are not shared, or are called by two names, initials or a nickname."""
NAMING_FORMS: Final = (
    *("Homeroom - {} - 3", "{} Gr 3", "Grade 3 {}", "Ms. {}", "{}", "Art ({})", "{}2", "{} 2-B"),
    *("HR {}/Sedge", "Sedge/{}"),
)
"""Names of sections and courses after a teacher, alone or beside one whom we know."""


def knowing(*names: str) -> Vocabulary:
    """Return the vocabulary of a district with teachers of these names."""
    return Vocabulary(name_words(names))


def heard(
    text: str,
    vocabulary: Vocabulary | None = None,
    *,
    schools: int = MANY_SCHOOLS,
    teachers: int = MANY_TEACHERS,
    knows_one: bool = True,
) -> Vocabulary:
    """Return a vocabulary that heard a text in sections of so many schools and teachers."""
    known = vocabulary or knowing()
    for number in range(max(schools, teachers)):
        known.add(text, f"s{number % schools}", (f"t{number % teachers}",), knows_one=knows_one)
    return known
