"""The bodies of orders: JSON objects whose keys are the arguments of what carries an order out."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import ConfigDict, Field, ValidationError, validate_call

from worker.runtime.validation_text import dotted, explain

MOST_SECONDS: Final = 600.0

Seed: TypeAlias = Annotated[int, Field(ge=0, le=2**32)]

checked: Final = validate_call(config=ConfigDict(strict=True, arbitrary_types_allowed=True))
"""Has the arguments of a function checked, and raises `ValidationError` for one that it does not have."""


_KEYS: Final = {
    "unexpected_keyword_argument": "unknown key",
    "missing_keyword_only_argument": "expected a value, got nothing",
}


class RefusedOrder(Exception):
    """An order that cannot be followed; the text names the key that is wrong."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def error_text(error: ValidationError) -> str:
    """Return what is wrong with a body: the key, what was expected, and what came."""
    for each in error.errors():
        if each["type"] in _KEYS:
            return f"{dotted(each['loc'])}: {_KEYS[each['type']]}"
    return explain(error, "", dotted)
