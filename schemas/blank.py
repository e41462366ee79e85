"""Which texts are blank: those in which there is nothing to see. Decided here for wire and rules alike.

SQL decides nothing of it: what reaches the store went through here before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

_RANGES: Final = (
    *((0x0000, 0x0020), (0x007F, 0x00A0), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x0600, 0x0605)),
    *((0x061C, 0x061C), (0x06DD, 0x06DD), (0x070F, 0x070F), (0x0890, 0x0891), (0x08E2, 0x08E2)),
    *((0x115F, 0x1160), (0x1680, 0x1680), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F)),
    *((0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800), (0x3000, 0x3000), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x110BD, 0x110BD)),
    *((0x110CD, 0x110CD), (0x13430, 0x1343F), (0x13441, 0x13442), (0x16FE4, 0x16FE4)),
    *((0x1BCA0, 0x1BCA3), (0x1D159, 0x1D159), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
INVISIBLE: Final = "".join(f"\\U{first:08X}-\\U{last:08X}" for first, last in _RANGES)
"""The characters that show nothing, as a regular expression has them between brackets.

They are Unicode's categories Cc, Cf, Zs, Zl and Zp; what Unicode says may be ignored in display (fillers,
joiners, selectors of variants); and blank letters and signs. An accent that stands alone is seen. A list,
and not asked of Unicode's tables: those are slow to walk, and are others in another version of Python.
"""
_VISIBLE: Final = re.compile(f"[^{INVISIBLE}]")


def is_blank(value: object) -> bool:
    """Whether a value counts as missing: null, [], or a text without one visible character.

    An absent key reads as None.
    """
    if isinstance(value, str):
        # What begins with a visible ASCII sign is the rule, and is told by one comparison.
        return not ("!" <= value < "\x7f" or _VISIBLE.search(value))
    return value is None or value == []


def without_blanks(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return named values as a record, without those that are blank."""
    # Each value's first sign is looked at here, as `is_blank` does: a call for each costs more than the rest.
    return {
        name: value
        for name, value in fields
        if value is not None and ((value.__class__ is str and "!" <= value < "\x7f") or not is_blank(value))
    }


def visible_ids(references: Iterable[str | None]) -> list[str]:
    """Return the ids that are not blank, each once, sorted."""
    ids = sorted({reference for reference in references if reference})
    if ids and ids[0] >= "!" and ids[-1] < "\x7f":
        return ids  # so do all between them
    return [each for each in ids if not is_blank(each)]
