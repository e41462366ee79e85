"""Numbers and lists as advice says them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_SMALL: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
LONGEST_NAME: Final = 60
"""Characters of a name that a sentence tells."""
NAMED: Final = 6
"""Items that a sentence names before it says how many more there are."""


_FIELDS: Final[Mapping[str, str]] = {
    "sis_id": "SIS ID",
    "state_id": "state ID",
    "school_id": "school",
    "dob": "birth date",
    "hispanic_ethnicity": "Hispanic ethnicity",
    "ell_status": "English learner status",
    "frl_status": "free and reduced lunch status",
    "iep_status": "IEP status",
}
"""Fields whose name in a sentence is not their own with blanks."""


def field_name(name: str) -> str:
    """Return a field as a person says it."""
    return _FIELDS.get(name) or (name if "." in name else name.replace("_", " "))


def several(number: int, noun: str) -> str:
    """Return a number, in words while it is small, with its noun: two schools, 14 schools."""
    said = _SMALL[number] if number < len(_SMALL) else f"{number:,}"
    return f"{said} {noun if number == 1 else noun + 's'}"


def shortened(text: str) -> str:
    """Return a name as a sentence tells it: in one line, and not all of a long one."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_NAME else f"{line[:LONGEST_NAME]}…"


def quoted(text: str) -> str:
    """Return a name or a value in quotation marks."""
    return f"“{shortened(text)}”"


def listing(items: Sequence[str]) -> str:
    """Return items as a sentence lists them: a, b and c."""
    shown = list(items[:NAMED])
    if len(items) > NAMED:
        shown.append(f"{len(items) - NAMED} more")
    if len(shown) < 2:  # noqa: PLR2004 — one item has no "and"
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def grades(names: Sequence[str]) -> str:
    """Return grades with their noun: grade 9; grades 9, 10 and Kindergarten."""
    return f"{'grade' if len(names) == 1 else 'grades'} {listing(names)}" if names else "no grade"
