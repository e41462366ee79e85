"""E-mails as they are composed: complete, in plain words, the same as text and as HTML, and safe."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from worker.domain.mail.mails import (
    Composed,
    Invitation,
    MailKind,
    RuleCoverage,
    RulesRequest,
    SyncSettings,
    Values,
)
from worker.mail.compose import Composer, Vendor
from worker.mail.samples import SAMPLES
from worker.runtime.errors import MailError

VENDOR = Vendor("Insights", "The Insights team", "help@vendor.example")
OURS = Composer(VENDOR)
"""Of the templates that come with the program."""
EVERY_SAMPLE = [values for samples in SAMPLES.values() for values in samples]


WORD = re.compile(r"[^\W\d]\w*|\d{2,}")
"""Single digits number the lines of a list, which HTML does by itself."""
ONLY_IN_TEXT = {"here"}
"""What stands before an address instead of a button."""
OF_THE_BUTTON = {"if", "the", "button", "does", "not", "work", "open", "address", "through"}


class Words(HTMLParser):
    """The words that a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self._hidden = tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += WORD.findall(data)


def words_of(html: str) -> list[str]:
    parser = Words()
    parser.feed(html)
    return parser.words


def rules_request(*, is_paused: bool, until: date | None = None) -> Composed:
    values = RulesRequest(
        "Maple Hollow",
        'Match all sections where name contains "homeroom"',
        RuleCoverage(996, 3, 5, 1004),
        SyncSettings(is_paused, until),
    )
    return OURS.compose(values)


@pytest.mark.parametrize("values", EVERY_SAMPLE, ids=lambda each: each.kind.value)
def test_every_kind_says_the_same_as_text_and_as_html(values: Values) -> None:
    mail = OURS.compose(values)

    in_text = {word.lower() for word in WORD.findall(mail.text)} - ONLY_IN_TEXT
    in_html = {word.lower() for word in words_of(mail.html)}
    about = {word.lower() for word in WORD.findall(f"{mail.subject} {values.district_name} Insights for")}
    assert in_text - in_html == set()
    assert in_html - in_text - about - OF_THE_BUTTON == set()


@pytest.mark.parametrize("kind", MailKind)
def test_every_kind_has_a_preview(kind: MailKind) -> None:
    mail = OURS.preview(kind)

    assert "Maple Hollow School District" in mail.text
    assert "The Insights team" in mail.text
    assert "help@vendor.example" in mail.html
    assert not re.search(r"\n{3,}|[{}]", mail.text)


def test_a_rule_comes_with_its_coverage_and_the_question_of_the_sync() -> None:
    mail = rules_request(is_paused=False)

    assert 'Match all sections where name contains "homeroom"' in mail.text
    assert "996 students with exactly one class" in mail.text
    assert "3 students without a class" in mail.text
    assert "5 students with more than one class" in mail.text
    assert "the sync must not be paused" in mail.text


def test_a_paused_sync_is_told_with_its_end() -> None:
    mail = rules_request(is_paused=True, until=date(2026, 9, 14))

    assert "YOUR SYNC IS PAUSED until Monday, September 14, 2026." in mail.text
    assert "paused until Monday, September 14, 2026." in mail.html


def test_what_stands_in_a_value_is_text_in_html_and_nothing_else() -> None:
    values = Invitation("<b>Maple</b> & Co", "https://x.example/?a=1&b=2", date(2026, 9, 1), ("<script>",))

    mail = OURS.compose(values)

    assert "<script>" not in mail.html
    assert "&lt;b&gt;Maple&lt;/b&gt; &amp; Co" in mail.html
    assert "<b>Maple</b> & Co" in mail.text


@pytest.mark.parametrize("end", ["\n", "\r", "\r\nBcc: spy@elsewhere.example", "\x00", "\u2028"])
def test_a_name_of_two_lines_is_refused_where_it_would_stand_in_the_subject(end: str) -> None:
    values = replace(SAMPLES[MailKind.INVITATION][0], district_name=f"Maple{end} Hollow")

    with pytest.raises(MailError):
        OURS.compose(values)


def test_a_template_of_ones_own_stands_in_place_of_ours_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "rostered.txt").write_text("Subject: Done\n\n{{ students }} students.\n")

    composer = Composer(VENDOR, tmp_path)

    assert composer.preview(MailKind.ROSTERED).subject == "Done"
    assert composer.preview(MailKind.ROSTERED).text == "1004 students.\n"
    assert "exactly one class" in composer.preview(MailKind.ROSTERED).html
    assert "Ready To Assess" in composer.preview(MailKind.READY_TO_ASSESS).subject
    composer.check()


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("rostered.txt", "Subject: Done\n\n{{ pupils }}\n", r"rostered\.txt, line 3: 'pupils' is undefined"),
        ("rostered.html", "<p>\n{% if %}</p>\n", r"rostered\.html, line 2: "),
        ("rostered.txt", "Done\n", r"rostered\.txt, line 1: expected `Subject: ` and the subject"),
        ("rostered.txt", "Subject: \nx\n", r"rostered\.txt, line 1: expected `Subject: ` and the subject"),
        ("rostered.txt", "Subject: x\n{{ 1 / 0 }}\n", r"rostered\.txt, line 2: ZeroDivisionError"),
        (
            "rostered.txt",
            "Subject: x\n\n{% include 'no.txt' %}",
            r"rostered\.txt: template no\.txt not found",
        ),
        ("end.txt", "{{ vendor.name }}\n", r"end\.txt, line 1: 'str object' has no attribute 'name'"),
    ],
)
def test_a_wrong_template_is_told_with_its_line(tmp_path: Path, file: str, text: str, problem: str) -> None:
    (tmp_path / file).write_text(text)

    with pytest.raises(MailError, match=problem):
        Composer(VENDOR, tmp_path).preview(MailKind.ROSTERED)


def test_a_template_that_is_not_utf_8_is_told_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "rostered.txt").write_bytes(b"Subject: \xff\n")

    with pytest.raises(MailError, match=r"rostered\.txt: cannot be read: UnicodeDecodeError"):
        Composer(VENDOR, tmp_path).check()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MailError, match="expected a folder of templates"):
        Composer(VENDOR, tmp_path / "nowhere")
