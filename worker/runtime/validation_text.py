"""One line for a person out of a validation error: the key, what was expected, what came."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from schemas.blank import is_blank
from worker.runtime.count_text import counted

_EXPECTED: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "string_type": lambda _: "text",
    "string_pattern_mismatch": lambda _: "text that is not blank",
    "bool_type": lambda _: "true or false",
    "bool_parsing": lambda _: "true or false",
    "int_type": lambda _: "a whole number",
    "int_parsing": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "float_parsing": lambda _: "a number",
    "finite_number": lambda _: "a finite number",
    "model_type": lambda _: "an object",
    "dict_type": lambda _: "an object",
    "tuple_type": lambda _: "a list",
    "list_type": lambda _: "a list",
    "too_short": lambda context: f"at least {context['min_length']} entry",
    "greater_than": lambda context: f"a number greater than {context['gt']:g}",
    "greater_than_equal": lambda context: f"a number of at least {context['ge']:g}",
    "less_than_equal": lambda context: f"a number of at most {context['le']:g}",
    "literal_error": lambda context: f"one of {context['expected']}",
    "enum": lambda context: f"one of {context['expected']}",
    "missing": lambda _: "a value",
    "string_too_long": lambda context: f"text of at most {context['max_length']} characters",
    "json_invalid": lambda _: "JSON",
}


_NEVER_QUOTED: Final = frozenset({"json_invalid"})
"""The whole of a file, which may be another than was meant: a page of students."""


def explain(
    error: ValidationError,
    subject: str,
    path: Callable[[Iterable[str | int]], str],
    quoted: Container[str] | None = None,
) -> str:
    """Return one error as `subject: key: expected …, got …`.

    An unknown key is told first: it is often the misspelt one that something else misses. What came is
    quoted, but where it may be a name: there only for types of errors in `quoted`, else its kind is told.
    """
    errors = error.errors(include_url=False)
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    where = path(step for step in first["loc"] if not _is_a_type(step))
    if first["type"] == "extra_forbidden":
        return f"{subject}{where}: unknown key"
    phrase = _EXPECTED.get(first["type"])
    if phrase is not None:
        expected = f"expected {phrase(dict(first.get('ctx', {})))}"
    else:
        expected = first["msg"].removeprefix("Value error, ")
    return f"{subject}{where or 'the whole'}: {expected}, got {_came(first, quoted)}"


def _came(error: Mapping[str, Any], quoted: Container[str] | None) -> str:
    if error["type"] == "missing":
        return "nothing"
    may_quote = error["type"] not in _NEVER_QUOTED and (quoted is None or error["type"] in quoted)
    return brief(error["input"]) if may_quote else kind_of(error["input"])


def kind_of(value: object) -> str:
    """Return what a value is, and nothing of what it says."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str() | bytes():
            return (
                "blank text"
                if is_blank(value) or not value.strip()
                else f"text of {counted(len(value), 'character')}"
            )
        case list() | tuple():
            return f"a list of {len(value):,}"
        case _:
            return "an object"


def brief(value: object, limit: int = 60) -> str:
    """Return a value as it may stand in an error line."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def dotted(steps: Iterable[str | int]) -> str:
    """Return the path to a key as a person writes it: `rules[0].all[1].op`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _is_a_type(step: str | int) -> bool:
    """Whether a step of pydantic's path names a branch of a union, and no key that a person wrote."""
    return isinstance(step, str) and ("[" in step or step in {"str", "float", "int"})
