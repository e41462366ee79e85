"""When two texts are the same: they are compared folded, and published as they came."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from schemas.blank import INVISIBLE, is_blank, without_blanks

__all__ = ["FOLD_VERSION", "fold", "fold_value", "folded", "is_blank", "wanted", "without_blanks"]

FOLD_VERSION: Final = 1
"""Raised whenever `fold` or `is_blank` says other things: then every district is checked anew by itself."""

_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]+")
_WHITE: Final = re.compile(r"\s")


def fold(text: str) -> str:
    """Return a text as it is compared: trimmed, in one Unicode form, without case or invisible characters.

    White space within it counts, whichever kind it is of. To fold twice changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text.lower().strip()
    return _settled(text, _trimmed)


KEPT_LENGTH: Final = 200
"""Characters of a text up to which it is kept folded, so that all of them take some tens of megabytes."""


def folded(text: str) -> str:
    """Return a text as a section filter compares it: as `fold` does, and without any white space."""
    return _folded(text) if len(text) <= KEPT_LENGTH else _settled(text, _squeezed)


@lru_cache(maxsize=65_536)
def _folded(text: str) -> str:
    return _settled(text, _squeezed)


def wanted(text: str) -> str:
    """Return what a filter looks for, folded; one in which nothing can be seen is found nowhere."""
    return folded(text) or text


def fold_value(value: Any) -> Any:
    """Return a value with every text in it folded; it may be any JSON."""
    match value:
        case str():
            return fold(value)
        case list():
            return [fold_value(one) for one in value]
        case dict():
            return {name: fold_value(one) for name, one in value.items()}
    return value


def _settled(text: str, without: Callable[[str], str]) -> str:
    """Fold until nothing changes: what is taken out may have kept a letter and its accent apart."""
    before = None
    while text != before:
        before = text
        text = without(unicodedata.normalize("NFKC", text).casefold())
    return text


def _trimmed(text: str) -> str:
    return _INVISIBLE.sub(_spaces, text).strip(" ")


def _spaces(found: re.Match[str]) -> str:
    return " " * len(_WHITE.findall(found[0]))


def _squeezed(text: str) -> str:
    return _INVISIBLE.sub("", text)
