"""A count stands with the noun that fits it, on pages as in commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WORKER = Path(__file__).parents[2] / "worker"
TEMPLATES = sorted((WORKER / "web" / "templates").glob("*.html"))
NOUNS = "students|errors|warnings|events|records|messages|turns|bytes|commits|schools"
PLURAL_BEHIND_A_NUMBER = re.compile(rf"\| (?:number|length) \}}\}} (?:\w+ )?(?:{NOUNS})\b")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_page_has_a_plural_that_stands_whatever_the_number_is(template: Path) -> None:
    assert PLURAL_BEHIND_A_NUMBER.findall(template.read_text()) == []


def test_such_a_plural_would_be_found() -> None:
    assert PLURAL_BEHIND_A_NUMBER.search("{{ details.findings.errors | number }} errors hold")
    assert not PLURAL_BEHIND_A_NUMBER.search('{{ details.findings.errors | counted("error") }} hold')
