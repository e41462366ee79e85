"""A count stands with the noun that fits it, on pages as in commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sources import nodes

WORKER = Path(__file__).parents[2] / "worker"
TEMPLATES = sorted((WORKER / "console" / "templates").glob("*.html"))
NOUNS = (
    "students|errors|warnings|events|records|messages|turns|bytes|commits|schools|letters|alerts|e-mails|"
    "districts|sections|classes|rules|links|days|times|minutes"
)
PLURAL_BEHIND_A_NUMBER = re.compile(rf"\| (?:number|length) \}}\}} (?:\w+ )?(?:{NOUNS})\b")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_page_has_a_plural_that_stands_whatever_the_number_is(template: Path) -> None:
    assert PLURAL_BEHIND_A_NUMBER.findall(template.read_text()) == []


def test_such_a_plural_would_be_found() -> None:
    assert PLURAL_BEHIND_A_NUMBER.search("{{ details.findings.errors | number }} errors hold")
    assert not PLURAL_BEHIND_A_NUMBER.search('{{ details.findings.errors | counted("error") }} hold')


def plurals_of(source: str) -> Iterator[str]:
    """Yield the texts of a module that put a plural behind a number, whatever the number is."""
    for node in nodes(source):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, behind in zip(node.values, node.values[1:], strict=False):
            if _is_number(value) and re.match(rf" (?:{NOUNS})\b", str(getattr(behind, "value", ""))):
                yield ast.unparse(node)


def _is_number(value: ast.expr) -> bool:
    """Whether a placeholder holds a number: it has a format, or is a length; no constant is 1.

    A format of two words, as in {students:is|are}, is a word.
    """
    if not isinstance(value, ast.FormattedValue):
        return False
    name = ast.unparse(value.value)
    if value.format_spec is not None and "|" in ast.unparse(value.format_spec):
        return False
    return not name.isupper() and (value.format_spec is not None or name.startswith("len("))


def test_no_message_has_a_plural_that_stands_whatever_the_number_is() -> None:
    found = [
        f"{path.relative_to(WORKER)}: {text}"
        for path in sorted(WORKER.rglob("*.py"))
        for text in plurals_of(path.read_text())
    ]

    assert found == []


def test_such_a_message_would_be_found() -> None:
    assert list(plurals_of('f"{number:,} students left"')) == ["f'{number:,} students left'"]
    assert not list(plurals_of("f\"{counted(number, 'student')} left\""))
