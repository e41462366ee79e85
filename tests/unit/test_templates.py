"""What every template of the console keeps to."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from importlib import resources
from pathlib import Path

from worker.console.console import when, with_commands

CONSOLE = resources.files("worker.console")
TEMPLATES = {file.name: file.read_text() for file in CONSOLE.joinpath("templates").iterdir()}


def test_every_template_that_the_console_names_is_there() -> None:
    sources = [path.read_text() for path in Path(str(CONSOLE)).rglob("*.py")]
    named = {
        name for text in sources + list(TEMPLATES.values()) for name in re.findall(r'"(\w+\.html)"', text)
    }

    assert named - set(TEMPLATES) == set()


def test_a_form_that_changes_something_begins_with_its_token() -> None:
    for name, template in TEMPLATES.items():
        forms = re.findall(r"<form\b[^>]*>", template)
        posting = [form for form in forms if 'method="get"' not in form]

        assert all('method="post"' in form for form in posting), name
        with_token = re.findall(r'<form\b[^>]*method="post"[^>]*>\s*{{ csrf }}', template)
        assert len(with_token) == len(posting), name


def test_no_template_has_what_the_content_security_policy_forbids() -> None:
    for name, template in TEMPLATES.items():
        found = re.findall(r"\sstyle=|\son[a-z]+=|<style|<script(?! src=)|javascript:", template)
        assert found == [], name


def test_a_form_that_is_sent_in_the_address_holds_no_text_that_somebody_types() -> None:
    """Rules hold teachers' names: in an address they would stand in logs and histories."""
    for name, template in TEMPLATES.items():
        for form in re.findall(r'<form\b[^>]*method="get".*?</form>', template, re.DOTALL):
            assert "textarea" not in form, name


def test_a_time_is_an_element_that_the_script_can_show_in_the_readers_zone() -> None:
    at = datetime(2026, 9, 15, 10, 0, tzinfo=timezone(timedelta(hours=2)))

    assert when(at) == '<time datetime="2026-09-15T08:00:00+00:00">2026-09-15 08:00:00 UTC</time>'
    assert when("2026-09-15T08:00:00.000Z") == when(at)
    assert when(None) == "never"


def test_a_command_in_a_text_is_code_and_the_rest_is_text() -> None:
    assert with_commands("Use `filter <try>` & <b>see</b>.") == (
        "Use <code>filter &lt;try&gt;</code> &amp; &lt;b&gt;see&lt;/b&gt;."
    )
