"""Whoever gets an alert finds in the runbook what it means, how to see it, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.monitoring import rules
from worker.domain.alerts.codes import CATALOGUE

DOCS = Path(__file__).parents[2] / "docs"
INCIDENTS = frozenset(CATALOGUE)
RULES = frozenset(rule["alert"] for rule in rules())


def sections() -> dict[str, str]:
    """Return the text of every alert's section by its title."""
    parts = re.split(r"^### (.+)$", (DOCS / "runbook.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def anchor(title: str) -> str:
    """Return what a link to a heading ends in."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_every_alert_has_a_section_and_no_section_is_about_none() -> None:
    assert set(sections()) == INCIDENTS | RULES


@pytest.mark.parametrize("title", sorted(INCIDENTS | RULES))
def test_a_section_says_what_it_means_how_to_see_it_and_what_to_do(title: str) -> None:
    text = sections()[title]

    assert "*Means:*" in text
    assert ("*See:*" in text and "*Do:*" in text) or "*See and do:*" in text


def test_the_links_of_the_rules_lead_to_their_sections() -> None:
    links = {rule["alert"]: rule["annotations"]["runbook_url"].partition("#")[2] for rule in rules()}

    assert links == {title: anchor(title) for title in RULES}
