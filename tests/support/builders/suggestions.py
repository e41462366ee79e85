"""Suggestions as they are in reviews and in what is kept of a search."""

from __future__ import annotations

from typing import Any, Final

HOMEROOM: Final = 'Match all sections where name contains "homeroom"'
AT_EIGHT: Final = "2026-09-15T08:00:00.000Z"
AT_NINE: Final = "2026-09-15T09:00:00.000Z"
AT_TEN: Final = "2026-09-15T10:00:00.000Z"


def suggestion(text: str = HOMEROOM, **fields: Any) -> dict[str, Any]:
    """Return a suggestion that works as sharing rules."""
    coverage = {"exactly_one": 9, "none": 1, "several": 0}
    return {
        "text": text,
        "sharing_rules": True,
        "why_not_shared": None,
        "coverage": coverage,
        "filter": {},
        "leftovers": [],
        "leftover_groups": 0,
        "classes": {
            "sections": 1,
            "smallest": 9,
            "median": 9,
            "largest": 9,
            "teachers": 1,
            "example": "… HR",
        },
        "as_good": ["math"],
        "as_good_count": 1,
        "in_force": False,
        "cut_short": False,
        **fields,
    }


def search_at(made_at: str, *suggestions: dict[str, Any]) -> dict[str, Any]:
    """Return a search that found these, as `show` has it."""
    return {"made_at": made_at, "suggestions": list(suggestions)}
