"""What every template of the console keeps to."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from importlib import resources
from pathlib import Path

import pytest

from worker.console.console import when

CONSOLE = resources.files("worker.console")
TEMPLATES = {file.name: file.read_text() for file in CONSOLE.joinpath("templates").iterdir()}


def test_every_template_that_the_console_names_is_there() -> None:
    sources = [path.read_text() for path in Path(str(CONSOLE)).rglob("*.py")]
    named = {
        name for text in sources + list(TEMPLATES.values()) for name in re.findall(r'"(\w+\.html)"', text)
    }

    assert named - set(TEMPLATES) == set()


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_form_that_changes_something_begins_with_its_token(name: str) -> None:
    forms = re.findall(r"<form\b[^>]*>", TEMPLATES[name])
    posting = [form for form in forms if 'method="get"' not in form]

    assert all('method="post"' in form for form in posting)
    assert len(re.findall(r'<form\b[^>]*method="post"[^>]*>\s*{{ csrf }}', TEMPLATES[name])) == len(posting)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_no_template_has_what_the_content_security_policy_forbids(name: str) -> None:
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?! src=)|javascript:", TEMPLATES[name])


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_form_that_is_sent_in_the_address_holds_no_text_that_somebody_types(name: str) -> None:
    """Rules hold teachers' names: in an address they would stand in logs and histories."""
    for form in re.findall(r'<form\b[^>]*method="get".*?</form>', TEMPLATES[name], re.DOTALL):
        assert "textarea" not in form


def test_a_time_is_an_element_that_the_script_can_show_in_the_readers_zone() -> None:
    at = datetime(2026, 9, 15, 10, 0, tzinfo=timezone(timedelta(hours=2)))

    assert when(at) == '<time datetime="2026-09-15T08:00:00+00:00">2026-09-15 08:00:00 UTC</time>'
    assert when("2026-09-15T08:00:00.000Z") == when(at)
    assert when(None) == "never"
