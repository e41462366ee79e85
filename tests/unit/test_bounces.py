"""Reading what comes back."""

from __future__ import annotations

import pytest
from bounce_builders import MAIL_ID, OUT_OF_OFFICE, report
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.bounces import UNKNOWN, read_bounce


def test_a_report_says_which_mail_did_not_reach_whom_and_why() -> None:
    bounce = read_bounce(report())

    assert bounce is not None
    assert bounce.mail_id == MAIL_ID
    assert bounce.failed == {"ada@district.example": "5.1.1"}
    assert bounce.delayed == {}


def test_a_report_to_another_address_is_known_by_the_mail_that_it_quotes() -> None:
    bounce = read_bounce(report(to="rostering@vendor.example", quoted=MAIL_ID))

    assert bounce is not None
    assert bounce.mail_id == MAIL_ID


def test_a_mail_that_is_late_has_not_failed() -> None:
    bounce = read_bounce(report(action="delayed", status="4.4.1"))

    assert bounce is not None
    assert (bounce.failed, bounce.delayed) == ({}, {"ada@district.example": "4.4.1"})


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


@given(st.binary(max_size=400), st.integers(0, 1200))
def test_whatever_a_stranger_writes_into_a_report_is_read_without_an_error(noise: bytes, at: int) -> None:
    whole = report()

    read_bounce(whole[:at] + noise + whole[at:])
    read_bounce(noise)
