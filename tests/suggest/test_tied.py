"""Rules for the few hold at their schools alone, and homerooms that are in force stay classes."""

from __future__ import annotations

from tests.suggest.small import SmallDistrict, keeping
from tests.suggest.surveys import suggestions

HOMEROOM = ("name", "contains", "homeroom")


def with_homerooms() -> SmallDistrict:
    """Return a district of two schools, each of four homerooms, mixed in math."""
    district = SmallDistrict()
    schools = [district.school(name) for name in ("Larkspur Elementary", "Fern Elementary")]
    for school in schools:
        pupils = district.students(80, school)
        for part in range(4):
            group = pupils[part * 20 : part * 20 + 20]
            teacher = district.teacher(("Abara", "Marrow", "Sedge", "Thorn")[part])
            district.section(
                group, teacher, name=f"Homeroom {part}", subject="homeroom/advisory", school_id=school
            )
            mixed = pupils[part::4]
            district.section(
                mixed, teacher, name=f"Math {part}", subject="math", period="2", school_id=school
            )
    return district


def test_a_rule_for_one_school_s_program_holds_at_that_school_alone() -> None:
    district = with_homerooms()
    evening = district.school("Evening Adult Education")
    adults = district.students(12, evening, "PostGraduate")
    district.section(adults, district.teacher("Fernsby"), name="GED Prep", subject="other", school_id=evening)

    found = suggestions(district.records, in_force=keeping(HOMEROOM))

    others = [rule for one in found for rule in one.section_filter.rules if rule.all[0].value != "homeroom"]
    assert others
    for rule in others:
        assert any(condition.field == "school" for condition in rule.all), rule


def test_no_lesson_comes_in_the_place_of_homerooms_that_are_in_force() -> None:
    district = with_homerooms()
    middle = district.school("Sorrel Middle")
    pupils = district.students(30, middle, "6")
    for part in range(2):
        teacher = district.teacher(("Fernsby", "Quill")[part])
        district.section(pupils[part::2], teacher, name=f"Math {part}", subject="math", school_id=middle)

    found = suggestions(district.records, in_force=keeping(HOMEROOM))

    assert found
    for one in found:
        assert "homeroom" in {rule.all[0].value for rule in one.section_filter.rules}
