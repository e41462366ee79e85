"""Mutants of statements (causes) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

_FIGURES: Final = "worker/adapters/postgres/evaluation/error_figures.sql::"
_ONCE: Final = "a section is only looked up once for each of its students: the answer is a dict by section"
_CAUSES: Final = "worker/domain/review/causes"
_GIVEN: Final = "the program gives the value wherever it builds one; only tests leave it out"
_SHORTCUT: Final = "it only saves a lookup: what follows is false as well where no sections are given"

EQUIVALENT: Final[dict[str, str]] = {
    f"{_FIGURES}sections_of_unknown_terms: "
    "FROM (SELECT DISTINCT u.section_id => "
    "FROM (SELECT u.section_id": _ONCE,
    f"{_FIGURES}blocked: "
    "WHEN s.is_torn AND $5::jsonb IS NOT NULL AND ( => "
    "WHEN s.is_torn AND (true OR ($5::jsonb IS NOT NULL)) AND (": _SHORTCUT,
    f"{_FIGURES}blocked: "
    "WHEN s.is_bare AND $4::jsonb IS NOT NULL THEN ( => "
    "WHEN s.is_bare AND (true OR ($4::jsonb IS NOT NULL)) THEN (": _SHORTCUT,
    f"{_CAUSES}/district.py::_removals: if group.is_staged and group.grade_now and group.place.grade: => "
    "if ((group.grade_now) and (group.place.grade)):": "only who is still shared has a grade now",
    **{
        f"{_CAUSES}/former_classes.py::FormerClass: listed: int = 0 => listed: int = {one}": _GIVEN
        for one in ("1", "(-1)")
    },
    f"{_CAUSES}/place_words.py::PlaceWords.__init__: self.shared_sections = Amount(shared.sections if shared "
    'else 0, "section") => self.shared_sections = Amount(shared.sections if shared else (-1), "section")': (
        "the causes that tell of shared sections are only where these are known"
    ),
    f"{_CAUSES}/section_words.py::SectionWords.no_current_term: if terms.ended and terms.ended.end: => "
    "if ((terms.ended)):": "a term that ended has an end; the condition says so to the type checker",
    "worker/domain/roster/grades.py::grade_order: return number is None, number or 0, grade => "
    "return number is None, ((number)), grade": "grades that mean no year all have none, which is equal",
    "worker/domain/roster/public_words.py::Vocabulary._is_public: if plain(word) in HOMEROOM_WORDS and (word "
    "not in SURNAMES or word not in self.teacher_words): => if plain(word) in HOMEROOM_WORDS and "
    "(((word not in SURNAMES))):": (
        "a homeroom word that no teacher is called is public by what follows too"
    ),
    "worker/domain/roster/public_words.py::_NamePlace.is_for_names: return self.naming * 100 >= self.texts * "
    "NAMING_PERCENT > 0 => return self.naming * 100 >= self.texts * NAMING_PERCENT >= 0": (
        "a place is there once it has a text"
    ),
    f"{_FIGURES}former_classes: WHERE district_id = $1 AND kind = 'student' AND record_id = f.record_id AND "
    "committed IS NOT NULL OFFSET 0) => WHERE district_id = $1 AND kind = 'student' AND record_id = "
    "f.record_id AND (true OR (committed IS NOT NULL)) OFFSET 0)": "who is not committed has no former class",
}
