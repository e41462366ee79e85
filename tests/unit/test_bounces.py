"""Reading what comes back."""

from __future__ import annotations

import pytest

from tests.support.builders.bounces import MAIL_ID, OUT_OF_OFFICE, report
from worker.domain.mail.bounces import UNKNOWN, read_bounce


def test_a_report_says_which_mail_did_not_reach_whom_and_why() -> None:
    bounce = read_bounce(report())

    assert bounce is not None
    assert bounce.mail_id == MAIL_ID
    assert bounce.failed == {"ada@district.example": "5.1.1"}


def test_a_report_to_another_address_is_known_by_the_mail_that_it_quotes() -> None:
    bounce = read_bounce(report(to="rostering@vendor.example", quoted=MAIL_ID))

    assert bounce is not None
    assert bounce.mail_id == MAIL_ID


@pytest.mark.parametrize("kind", [b"text/rfc822-headers", b"message/rfc822-headers"])
def test_a_report_may_quote_the_headers_of_the_mail_alone(kind: bytes) -> None:
    quoted = report(to="rostering@vendor.example", quoted=MAIL_ID).replace(b"message/rfc822", kind)

    bounce = read_bounce(quoted)

    assert bounce is not None
    assert bounce.mail_id == MAIL_ID
    assert read_bounce(quoted.replace(b"Message-ID", b"In-Reply-To")) is None


def test_only_what_a_server_reports_and_quotes_is_read_and_not_what_else_is_written() -> None:
    text = f"Message-ID: <{MAIL_ID}@vendor.example>\r\n\r\nThis is the mail system.".encode()
    ours = report().replace(b"Subject: x\r\n", b"Subject: x\r\nAction: failed\r\n")

    assert read_bounce(report(to="x@vendor.example").replace(b"This is the mail system.", text)) is None
    bounce = read_bounce(ours)
    assert bounce is not None
    assert bounce.failed == {"ada@district.example": "5.1.1"}


def test_a_mail_that_is_late_has_not_failed() -> None:
    bounce = read_bounce(report(action="delayed", status="4.4.1"))

    assert bounce is not None
    assert bounce.failed == {}


def test_a_status_that_says_nothing_is_a_failure_of_no_known_kind() -> None:
    bounce = read_bounce(report(status="bad"))

    assert bounce is not None
    assert bounce.failed == {"ada@district.example": UNKNOWN}


@pytest.mark.parametrize(
    "message",
    [
        OUT_OF_OFFICE,
        b"",
        b"\xff\xfe\x00",
        report(to="rostering@vendor.example"),
        report(action="relayed")[:80],
    ],
)
def test_what_is_no_report_on_a_mail_of_ours_is_none(message: bytes) -> None:
    assert read_bounce(message) is None


FINAL = b"Final-Recipient: rfc822; mailbox17@inside.district.example\r\n"
ORIGINAL = b"Original-Recipient: rfc822;ada@district.example\r\n"


@pytest.mark.parametrize(
    ("left_out", "recipient"),
    [
        ((FINAL,), "ada@district.example"),
        ((ORIGINAL,), "mailbox17@inside.district.example"),
        ((FINAL, ORIGINAL), "unknown"),
    ],
)
def test_an_unknown_address_in_a_report_is_told_as_such(left_out: tuple[bytes, ...], recipient: str) -> None:
    raw = report()
    for line in left_out:
        raw = raw.replace(line, b"")

    bounce = read_bounce(raw)

    assert bounce is not None
    assert bounce.failed == {recipient: "5.1.1"}


@pytest.mark.parametrize("length", [320, 321])
def test_a_recipient_is_told_up_to_the_length_that_an_address_may_have(length: int) -> None:
    bounce = read_bounce(report(recipient="x" * length))

    assert bounce is not None
    assert list(bounce.failed) == ["x" * 320]
