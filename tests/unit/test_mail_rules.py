"""What may be a mail, and to whom it may go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.builders.mails import mail, shown
from worker.adapters.mail.mime import SenderIdentity, message, on_the_line
from worker.adapters.mail.server_url import place
from worker.domain.mail.mails import LONGEST_LINE, Composed, envelope_verdict, mailbox
from worker.mail.mail_server import OutgoingMail
from worker.runtime.errors import MailError, MailPutOff, MailRefused

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
HOUSE = SenderIdentity(mailbox("Insights <rostering@vendor.example>"))


@pytest.mark.parametrize(
    "recipient",
    [
        "ada@district.example\nBcc: spy@elsewhere.example",
        "Ada\r\nBcc: spy@elsewhere.example <ada@district.example>",
        "Ada\x00 <ada@district.example>",
        "ada@district.example, spy@elsewhere.example",
        "ada@district.example> <spy@elsewhere.example",
        "ada@",
        "@district.example",
        "åsa@district.example",
        "",
    ],
)
def test_what_is_no_single_address_is_refused_and_not_quoted(recipient: str) -> None:
    with pytest.raises(MailError) as refused:
        mail(recipients=(recipient,))

    assert "spy" not in str(refused.value)
    assert "ada@district.example\n" not in str(refused.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"recipients": ()},
        {"recipients": ("ada@district.example",) * 21},
        {"content": Composed("Hello\nBcc: spy@elsewhere.example", "", "")},
        {"content": Composed("x" * 201, "", "")},
        {"time_zone": "America/Nowhere"},
        {"time_zone": "America"},
        {"time_zone": "../etc/passwd"},
    ],
)
def test_a_mail_that_could_not_be_sent_is_refused_when_it_is_made(changed: dict[str, Any]) -> None:
    with pytest.raises(MailError):
        mail(**changed)


def test_a_subject_may_be_as_long_as_a_line_may_be() -> None:
    assert mail(content=Composed("x" * LONGEST_LINE, "", "")).content.subject == "x" * LONGEST_LINE


def test_a_mailbox_has_a_name_an_address_and_a_domain() -> None:
    found = mailbox("Ada Park <ada@district.example>")

    assert (found.name, found.address, found.domain) == (
        "Ada Park",
        "ada@district.example",
        "district.example",
    )


@pytest.mark.parametrize("subject", ["Grüße " * 30, "Larkspur " * 22, "=?utf-8?q?Larkspur?=", "a  b"])
def test_a_subject_arrives_to_the_letter_in_lines_that_every_server_takes(subject: str) -> None:
    outgoing = OutgoingMail(mail().mail_id, ("ada@district.example",), subject.strip(), "x\n", "<p>x</p>")

    sent = on_the_line(message(outgoing, HOUSE, NOW))

    assert shown(sent, "Subject") == subject.strip()
    assert max(len(line) for line in sent.partition(b"\r\n\r\n")[0].split(b"\r\n")) < 300


def test_a_line_that_begins_with_a_dot_does_not_end_the_mail() -> None:
    outgoing = OutgoingMail(mail().mail_id, ("ada@district.example",), "x", "one\n.\n.two\n", "<p>x</p>")

    assert b"\r\n.\r\n" not in on_the_line(message(outgoing, HOUSE, NOW))


@pytest.mark.parametrize(
    ("answers", "whole", "refused"),
    [
        ({"a": 250, "b": 251}, True, {}),
        ({"a": 250, "b": 550}, True, {"b": 550}),
        ({"a": 250, "b": 500}, True, {"b": 500}),
        ({"a": 250, "b": 499}, True, MailPutOff),
        ({"a": 250, "b": 450}, False, {"b": 450}),
        ({"a": 250, "b": 450}, True, MailPutOff),
        ({"a": 550, "b": 450}, False, MailPutOff),
        ({"a": 550, "b": 553}, False, MailRefused),
    ],
)
def test_the_answers_for_each_recipient_decide_about_the_mail(
    answers: dict[str, int], whole: bool, refused: dict[str, int] | type[Exception]
) -> None:
    if isinstance(refused, dict):
        assert envelope_verdict(answers, whole=whole) == refused
    else:
        with pytest.raises(refused):
            envelope_verdict(answers, whole=whole)


@pytest.mark.parametrize(
    ("url", "needs_tls"),
    [
        ("smtp://mail.example.org", True),
        ("smtp://me:pw@mail.example.org", True),
        ("smtp://me:pw@localhost", False),
        ("smtp://me:pw@127.0.0.1:2525", False),
        ("smtp://me:pw@[::1]:2525", False),
        ("smtps://me:pw@mail.example.org", False),
        ("imap://me:pw@mail.example.org/INBOX", True),
    ],
)
def test_nothing_leaves_the_machine_in_clear(url: str, needs_tls: bool) -> None:
    assert place(url).needs_tls == needs_tls
    assert not place(url, may_be_plain=True).needs_tls


def test_a_url_says_where_a_server_is_and_who_we_are_there() -> None:
    found = place("imaps://bounces%40vendor.example:a%2Fb@mail.example.org/INBOX/Bounces")

    assert (found.host, found.port, found.user, found.password) == (
        "mail.example.org",
        993,
        "bounces@vendor.example",
        "a/b",
    )
    assert (found.folder, found.is_tls) == ("INBOX/Bounces", True)
