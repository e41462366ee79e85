"""Mutants of statements (causes) that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

_FIGURES: Final = "worker/adapters/postgres/evaluation/error_figures.sql::"
_ONCE: Final = "a section is only looked up once for each of its students: the answer is a dict by section"
_SHORTCUT: Final = "it only saves a lookup: what follows is false as well where no sections are given"

EQUIVALENT: Final[dict[str, str]] = {
    f"{_FIGURES}sections_of_unknown_terms: "
    "FROM (SELECT DISTINCT u.section_id => "
    "FROM (SELECT u.section_id": _ONCE,
    f"{_FIGURES}blocked: "
    "WHEN s.is_torn AND $5::jsonb IS NOT NULL AND ( => "
    "WHEN s.is_torn AND (true OR ($5::jsonb IS NOT NULL)) AND (": _SHORTCUT,
    f"{_FIGURES}blocked: "
    "WHEN s.is_bare AND cardinality($4::text[]) > 0 AND EXISTS ( => "
    "WHEN s.is_bare AND cardinality($4::text[]) >= 0 AND EXISTS (": _SHORTCUT,
    f"{_FIGURES}blocked: "
    "WHEN s.is_bare AND cardinality($4::text[]) > 0 AND EXISTS ( => "
    "WHEN s.is_bare AND (true OR (cardinality($4::text[]) > 0)) AND EXISTS (": _SHORTCUT,
}
