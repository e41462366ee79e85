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
    ReadyToAssess,
    RulesRequest,
    SyncSettings,
    Values,
)
from worker.domain.review.suggestion_texts import StudentsPlaced
from worker.mail.compose import Composer, Vendor
from worker.mail.samples import SAMPLES
from worker.runtime.errors import MailError

VENDOR = Vendor("Insights", "The Insights team", "help@vendor.example")
OURS = Composer(VENDOR)
"""Of the templates that come with the program."""
EVERY_SAMPLE = [values for samples in SAMPLES.values() for values in samples]


WORD = re.compile(r"[^\W\d]\w*|\d{2,}")
"""Single digits number the lines of a list, which HTML does by itself."""
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


HOMEROOM = 'Match all sections where name contains "homeroom"'
ADVISORY = 'Match all sections where name contains "advisory" and school is "North High"'


def rules_request(
    *rules: str,
    placed: tuple[int, int, int] = (996, 3, 5),
    is_paused: bool = False,
    until: date | None = None,
) -> Composed:
    sync = SyncSettings(is_paused, until)
    return OURS.compose(RulesRequest("Maple Hollow", rules or (HOMEROOM,), StudentsPlaced(*placed), sync))


def lines_of(mail: Composed) -> list[str]:
    """Return the lines of a mail's text that say something."""
    return [line for line in mail.text.splitlines() if line.strip()]


@pytest.mark.parametrize("values", EVERY_SAMPLE, ids=lambda each: each.kind.value)
def test_every_kind_says_the_same_as_text_and_as_html(values: Values) -> None:
    mail = OURS.compose(values)

    in_text = {word.lower() for word in WORD.findall(mail.text)}
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


def test_one_rule_is_asked_for_with_what_happens_to_the_rest() -> None:
    mail = rules_request()

    assert mail.subject == "One sharing rule to set for Insights"
    assert f"\n  {HOMEROOM}\n" in mail.text
    assert "Share only those that match this rule:" in mail.text
    assert "Students who are in no matching section will no longer be shared with us." in mail.text
    assert "matches any of these rules" not in mail.text
    assert "the sync must not be paused" in mail.text


def test_each_of_several_rules_is_a_line_of_its_own() -> None:
    mail = rules_request(HOMEROOM, ADVISORY)

    assert mail.subject == "2 sharing rules to set for Insights"
    assert [line for line in lines_of(mail) if "Match all" in line] == [
        f"  1. {HOMEROOM}",
        f"  2. {ADVISORY}",
    ]
    assert "Share only those that match these 2 rules:" in mail.text
    assert "A section is shared if it matches any of these rules." in mail.text
    assert mail.html.count("<li") == 2


@pytest.mark.parametrize(
    ("placed", "rules", "sentences"),
    [
        ((1, 0, 0), 1, "With this rule, 1 of 1 student would have exactly one class."),
        ((2, 0, 0), 2, "With these rules, 2 of 2 students would have exactly one class."),
        (
            (9, 1, 0),
            1,
            (
                "With this rule, 9 of 10 students would have exactly one class. "
                "1 student would still have no class. We will contact you about this student."
            ),
        ),
        (
            (998, 0, 2),
            2,
            (
                "With these rules, 998 of 1,000 students would have exactly one class. "
                "2 students would still have more than one class. We will contact you about these students."
            ),
        ),
        (
            (0, 1_200, 1),
            1,
            (
                "With this rule, 0 of 1,201 students would have exactly one class. "
                "1,200 students would still have no class, and 1 would have more than one. "
                "We will contact you about these students."
            ),
        ),
    ],
)
def test_students_without_exactly_one_class_are_counted_only_where_there_are_any(
    placed: tuple[int, int, int], rules: int, sentences: str
) -> None:
    mail = rules_request(*[HOMEROOM] * rules, placed=placed)

    assert sentences in lines_of(mail)
    assert sentences in mail.html


@pytest.mark.parametrize(
    ("students", "line"),
    [
        (1, "  1 student, with exactly one class"),
        (2, "  2 students, each with exactly one class"),
        (1_004, "  1,004 students, each with exactly one class"),
    ],
)
def test_a_launch_counts_one_student_and_many(students: int, line: str) -> None:
    ready = ReadyToAssess("Maple Hollow", date(2026, 9, 15), students, 39, 3)

    assert line in lines_of(OURS.compose(ready))


def test_a_paused_sync_is_told_with_its_end() -> None:
    mail = rules_request(is_paused=True, until=date(2026, 9, 14))

    assert "Your sync is paused until Monday, September 14, 2026. The change" in mail.text
    assert "paused until Monday, September 14, 2026." in mail.html


def test_a_rule_is_text_in_html_and_nothing_else() -> None:
    mail = rules_request('Match all sections where name contains "<script>"', HOMEROOM)

    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert "<script>" in mail.text


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
        (
            "rostered.sentences.txt",
            "{% set x %}{{ pupils }}{% endset %}\n",
            r"sentences\.txt, line 1: 'pupils' is",
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
