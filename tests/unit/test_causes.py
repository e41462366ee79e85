"""Findings folded to causes."""

from __future__ import annotations

from worker.domain.causes import Owner, withdrawn_fields


def test_a_field_that_vanished_from_a_rostered_district_is_one_cause_owned_by_sharing() -> None:
    (cause,) = withdrawn_fields({"dob": 1000}, 1004, was_rostered=True)

    assert (cause.code, cause.owner, cause.students) == ("sharing.field_withdrawn", Owner.SHARING, 1000)
    assert cause.to_json()["field"] == "dob"
    assert "dob" in cause.advice


def test_a_field_that_was_never_there_is_called_not_shared() -> None:
    (cause,) = withdrawn_fields({"dob": 1004}, 1004, was_rostered=False)

    assert cause.code == "sharing.field_not_shared"


def test_a_field_that_some_students_lack_is_left_to_the_districts_data() -> None:
    assert withdrawn_fields({"dob": 49}, 100, was_rostered=True) == []
    assert withdrawn_fields({"dob": 9}, 9, was_rostered=True) == []


def test_each_field_is_a_cause_of_its_own_in_a_stable_order() -> None:
    causes = withdrawn_fields({"sis_id": 60, "grade": 50}, 100, was_rostered=True)

    assert [cause.field for cause in causes] == ["grade", "sis_id"]
