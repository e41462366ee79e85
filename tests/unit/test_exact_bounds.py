"""What is just allowed and what is just too much."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.builders.records import DISTRICT, NOON
from worker.domain.access.users import LONGEST_PASSWORD, SHORTEST_PASSWORD, check_password
from worker.domain.mail.mails import MOST_RECIPIENTS, Composed, Mail, MailKind, envelope_verdict
from worker.domain.onboarding.contact_text import check_dates
from worker.domain.onboarding.transitions import Sharing, is_all_shared
from worker.domain.onboarding.transitions import TransitionRules as SharingRules
from worker.domain.preflight.order_reason import LONGEST_REASON, checked_reason
from worker.domain.preflight.policy import MAX_FIELD_NAME, OwnPolicy
from worker.domain.review.kept_suggestions import changes_search
from worker.domain.roster.canonical import to_bytes
from worker.domain.roster.records import EventId, RecordId, RecordKind, Student
from worker.domain.roster.staging import Change
from worker.runtime.errors import MailError, OnboardingError, ReasonError, UserError


def mail(recipients: int) -> Mail:
    to = tuple(f"c{number}@district.example" for number in range(recipients))
    content = Composed("Subject", "Text", "")
    return Mail(DISTRICT, MailKind.INVITATION, "once", to, content, "UTC", wait_for_sync=False)


def test_a_mail_goes_to_one_and_to_as_many_as_may_be_and_to_no_more() -> None:
    assert [len(mail(number).recipients) for number in (1, MOST_RECIPIENTS)] == [1, MOST_RECIPIENTS]
    for number in (0, MOST_RECIPIENTS + 1):
        with pytest.raises(MailError, match=f"got {number}$"):
            mail(number)


def test_the_answers_from_200_to_299_accept_a_recipient() -> None:
    answers = {"a": 199, "b": 200, "c": 201, "d": 299, "e": 300, "f": 550}

    assert envelope_verdict(answers, whole=False) == {"a": 199, "e": 300, "f": 550}


def test_a_reason_may_be_as_long_as_it_may_be_and_no_longer() -> None:
    assert checked_reason(f" {'x' * LONGEST_REASON} ") == "x" * LONGEST_REASON
    with pytest.raises(ReasonError, match=r"got 1,001$"):
        checked_reason("x" * (LONGEST_REASON + 1))


@pytest.mark.parametrize("password", ["abc" * 4, "abcdefghijkl", "abc" * (LONGEST_PASSWORD // 3) + "d"])
def test_a_password_of_three_different_characters_and_of_a_length_that_may_be_will_do(password: str) -> None:
    check_password("ada", password)


@pytest.mark.parametrize(
    "password", ["ab" * 6, "abc" * 3 + "de", "abc" * (LONGEST_PASSWORD // 3) + "de", "ADA-ADA-ADA-ADA "]
)
def test_a_password_of_two_characters_or_one_too_few_or_too_many_will_not_do(password: str) -> None:
    assert SHORTEST_PASSWORD == 12
    with pytest.raises(UserError, match=r"^password: "):
        check_password("ada-ada-ada-ada", password)


def test_a_field_of_a_policy_may_have_the_longest_name_and_no_longer_one() -> None:
    longest = "ext." + "x" * (MAX_FIELD_NAME - 4)

    assert OwnPolicy(required_fields=(longest,)).required_fields == (longest,)
    with pytest.raises(ValueError, match="expected a name of no more than"):
        OwnPolicy(required_fields=(longest + "x",))


def test_a_launch_needs_a_window_that_it_is_not_after() -> None:
    today = NOON.date()

    check_dates(today, today, today)
    with pytest.raises(OnboardingError, match="set the day on which the window opens"):
        check_dates(None, today, today)
    with pytest.raises(OnboardingError, match="expected a day on or before"):
        check_dates(today, today + timedelta(days=1), today)


@pytest.mark.parametrize(("unsectioned", "is_shared"), [(10, True), (11, False)])
def test_all_sections_are_shared_up_to_a_percent_in_none(unsectioned: int, is_shared: bool) -> None:
    rules = SharingRules(unsectioned_percent=1.0)

    assert is_all_shared(Sharing(1, 1000, unsectioned), rules) is is_shared
    assert not is_all_shared(Sharing(0, 1000, 0), rules)
    assert not is_all_shared(Sharing(1, 0, 0), rules)


def test_one_change_among_others_that_a_search_reads_is_enough() -> None:
    def change(before: str, after: str) -> Change:
        return Change(RecordKind.COURSE, RecordId("c"), EventId("1"), {"name": before}, {"name": after})

    assert changes_search([change("a", "a"), change("a", "b")], 10)
    assert not changes_search([change("a", "a"), change("b", "b")], 10)


def test_a_digest_has_thirty_two_bytes() -> None:
    assert to_bytes(1) == b"\0" * 31 + b"\1"
    assert to_bytes(-1) == b"\xff" * 32


@pytest.mark.parametrize("text", ["~", "!", " a ", "a b", "é", "\x7fa"])
def test_a_text_that_is_not_blank_is_a_value(text: str) -> None:
    assert Student(RecordId("u"), {"grade": text}).value("grade") == text


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "\x7f"])
def test_a_blank_text_is_no_value(text: str) -> None:
    assert Student(RecordId("u"), {"grade": text}).value("grade") is None
