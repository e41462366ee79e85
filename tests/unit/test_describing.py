"""What people may say of a district."""

from __future__ import annotations

from worker.domain.lifecycle.describing import checked_contacts


def test_a_contact_that_is_written_two_ways_is_one_and_the_first_is_kept() -> None:
    contacts = ["Ada Park <ada@district.example>", "bo@district.example", " ADA@District.Example "]

    assert checked_contacts(contacts) == contacts[:2]
