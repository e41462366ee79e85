"""What people may say of a district."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker.domain.mail.mails import MOST_RECIPIENTS
from worker.domain.onboarding.contact_text import (
    LONGEST_NAME,
    checked_contacts,
    checked_district,
    checked_name,
    checked_zone,
)
from worker.runtime.errors import OnboardingError


def test_a_contact_that_is_written_two_ways_is_one_and_the_first_is_kept() -> None:
    contacts = ["Ada Park <ada@district.example>", "bo@district.example", " ADA@District.Example "]

    assert checked_contacts(contacts) == contacts[:2]


@pytest.mark.parametrize(
    ("check", "text", "kept"),
    [
        (checked_district, "0a" * 12, "0a" * 12),
        (checked_name, "  Larkspur Unified ", "Larkspur Unified"),
        (checked_name, "x" * LONGEST_NAME, "x" * LONGEST_NAME),
        (lambda zone: checked_zone(zone).key, "America/Chicago", "America/Chicago"),
    ],
)
def test_what_is_allowed_is_kept_without_spaces(check: Callable[[str], str], text: str, kept: str) -> None:
    assert check(text) == kept


@pytest.mark.parametrize(
    ("check", "text", "message"),
    [
        (checked_district, "0a" * 12 + "0", "district: expected its Clever ID"),
        (checked_district, "0g" * 12, "district: expected its Clever ID"),
        (checked_name, " ", "name: expected one line"),
        (checked_name, "x" * (LONGEST_NAME + 1), "name: expected one line"),
        (checked_name, "one\ntwo", "name: expected one line"),
        (checked_zone, "America/Larkspur", "time zone: expected a name"),
    ],
)
def test_what_will_not_do_says_why(check: Callable[[str], object], text: str, message: str) -> None:
    with pytest.raises(OnboardingError, match=f"^{message}"):
        check(text)


def test_as_many_contacts_as_a_mail_may_have_will_do_and_a_wrong_one_is_told_by_its_place() -> None:
    contacts = [f"c{number}@district.example" for number in range(MOST_RECIPIENTS)]

    assert checked_contacts(contacts) == contacts
    with pytest.raises(OnboardingError, match=f"^contacts: expected at most {MOST_RECIPIENTS}, got"):
        checked_contacts([*contacts, "more@district.example"])
    with pytest.raises(OnboardingError, match=r"^contact 2: "):
        checked_contacts(["ada@district.example", "nobody"])
