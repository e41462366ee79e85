"""A count stands with the noun that fits it, on pages as in commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from worker.console.console import days

WORKER = Path(__file__).parents[2] / "worker"
TEMPLATES = sorted((WORKER / "console" / "templates").glob("*.html"))
NOUNS = "students|errors|warnings|events|records|messages|turns|bytes|commits|schools"
PLURAL_BEHIND_A_NUMBER = re.compile(rf"\| (?:number|length) \}}\}} (?:\w+ )?(?:{NOUNS})\b")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_page_has_a_plural_that_stands_whatever_the_number_is(template: Path) -> None:
    assert PLURAL_BEHIND_A_NUMBER.findall(template.read_text()) == []


def test_such_a_plural_would_be_found() -> None:
    assert PLURAL_BEHIND_A_NUMBER.search("{{ details.findings.errors | number }} errors hold")
    assert not PLURAL_BEHIND_A_NUMBER.search('{{ details.findings.errors | counted("error") }} hold')


BEHIND_A_NUMBER = re.compile(
    rf" (?:[\w-]+ )?(?:{NOUNS}|alerts|letters|e-mails|mails|districts|times|turns|rows)\b"
)
WORTH_PARSING = re.compile(r"\}[\"'fr\s]*" + BEHIND_A_NUMBER.pattern)
"""What the source of such a text has, however it is cut into literals: few modules, and parsing is slow."""
BEFORE_OF_A_TOTAL = re.compile(r"\bof $")
ALWAYS_SEVERAL = {"len(body)", "blocked", "self._unreadable_in_a_row", "len(found)"}
"""Numbers that are more than one wherever they are told."""
NO_NUMBERS = {"district_id", "look"}


def plurals_in(source: str) -> Iterator[str]:
    """Yield the number before each plural of a text that is put together, unless it is a constant."""
    if not WORTH_PARSING.search(source):
        return
    for text in ast.walk(ast.parse(source)):
        parts = text.values if isinstance(text, ast.JoinedStr) else []
        for before, number, behind in zip([None, *parts], parts, parts[1:], strict=False):
            if not isinstance(number, ast.FormattedValue) or not isinstance(behind, ast.Constant):
                continue
            told = ast.unparse(number.value)
            is_of = isinstance(before, ast.Constant) and BEFORE_OF_A_TOTAL.search(str(before.value))
            is_a_number = not isinstance(number.value, ast.Call | ast.IfExp) or told.startswith("len(")
            if is_a_number and not told.isupper() and not is_of and BEHIND_A_NUMBER.match(str(behind.value)):
                yield told


def test_no_sentence_has_a_plural_that_stands_whatever_the_number_is() -> None:
    allowed = ALWAYS_SEVERAL | NO_NUMBERS
    found = {str(module): set(plurals_in(module.read_text())) for module in WORKER.rglob("*.py")}

    assert {module: numbers - allowed for module, numbers in found.items() if numbers - allowed} == {}


def test_such_a_sentence_would_be_found() -> None:
    assert list(plurals_in('f"{gone} alerts were discarded"')) == ["gone"]
    assert list(plurals_in('(\n    f"{gone}"\n    f" old alerts were discarded"\n)')) == ["gone"]
    assert list(plurals_in('f"({len(some):,} dead letters)"')) == ["len(some)"]
    assert not list(plurals_in("f\"{count(gone, 'alert')} were, {one} of {all} events, {MOST} rows\""))


@pytest.mark.parametrize(("length", "told"), [(1, "1 day"), (2.5, "2.5 days"), (0.5, "0.5 days")])
def test_days_are_told_with_the_noun_that_fits(length: float, told: str) -> None:
    assert days(timedelta(days=length)) == told
