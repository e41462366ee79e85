"""What may be a mail, and to whom it may go."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_builders import mail

from worker.adapters.mail.message import House, message, on_the_line
from worker.adapters.mail.place import place
from worker.domain.mails import Composed, envelope_verdict, mailbox
from worker.errors import MailError, MailPutOff, MailRefused
from worker.ports.mail_server import OutgoingMail

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
HOUSE = House(mailbox("Insights <rostering@vendor.example>"))


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


def plain(text: str) -> str:
    """Return a recipient without what quotes a name, and with one blank for each white space."""
    return " ".join(re.sub(r"[\\\"<>]", " ", text).split())


@given(
    name=st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters='<>"'), max_size=80
    )
)
def test_any_name_arrives_as_it_is_written_and_adds_no_header(name: str) -> None:
    outgoing = OutgoingMail(
        mail().mail_id, (f"{name} <ada@district.example>",), "Grüße: naïve 学校", "x\n", "<p>x</p>"
    )

    sent = on_the_line(message(outgoing, HOUSE, NOW))

    # Its newer reader of addresses keeps the blanks that fold a long name, which RFC 2047 says to drop.
    to = str(make_header(decode_header(message_from_bytes(sent, policy=policy.compat32)["To"])))
    read = message_from_bytes(sent, policy=policy.default)
    (address,) = read["To"].addresses
    assert address.addr_spec == "ada@district.example"
    assert plain(to) == plain(f"{name} <ada@district.example>")
    assert read["Subject"] == "Grüße: naïve 学校"
    assert sorted(read.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )


def test_a_line_that_begins_with_a_dot_does_not_end_the_mail() -> None:
    outgoing = OutgoingMail(mail().mail_id, ("ada@district.example",), "x", "one\n.\n.two\n", "<p>x</p>")

    assert b"\r\n.\r\n" not in on_the_line(message(outgoing, HOUSE, NOW))


@pytest.mark.parametrize(
    ("answers", "whole", "refused"),
    [
        ({"a": 250, "b": 251}, True, {}),
        ({"a": 250, "b": 550}, True, {"b": 550}),
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
