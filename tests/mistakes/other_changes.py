"""What can happen at districts of other kinds."""

from __future__ import annotations

from tests.mistakes.bases import HOMEROOM, Builder
from tests.mistakes.changes import made_anew, made_like, moved_to_school, sections, sections_become, together
from tests.mistakes.district import Change, District, role
from tests.mistakes.other_bases import HAZEL, NUTMEG, by_section_grade


def periods_rotate(grades: tuple[str, ...]) -> Change:
    """Have the sections of grades, as they have it themselves, each one period later, the last ones first."""
    later = {"1": "2", "2": "3", "3": "1"}

    def change(district: District) -> None:
        for section in district.all_of("sections"):
            if section["grade"] in grades:
                section["period"] = later[section["period"]]
                section["name"] = section["name"][:-1] + section["period"]

    return change


def school_called(name: str, new: str) -> Change:
    return lambda district: district.school(name).update(name=new)


def numbered_anew(district: District) -> None:
    """Write the number of every class the other way round."""
    for at_, section in enumerate(district.sections("Class")):
        section["section_number"] = f"{at_}-HR"


def half_numbered_otherwise(district: District) -> None:
    """Put half of a class into a section of its own, whose number is no class's."""
    (section,) = district.sections("Class", grade="2")
    made_like(district, section, students=section["students"][5:], section_number="2B")
    section["students"] = section["students"][:5]


def without_birth_dates() -> District:
    """Return a district that never shared a birth date."""
    district = by_section_grade()
    for student in district.students():
        role(student).pop("dob")
    return district


def birth_date_required(district: District) -> None:
    fields = ["first_name", "last_name", "sis_id", "grade", "school_id", "dob"]
    district.policy = {"required_fields": fields}


def school_closed_into(name: str, other: str) -> Change:
    """Have a school's students and sections, made anew, at another one, and the school gone."""
    return together(
        made_anew(lambda district: district.sections(school=name)),
        moved_to_school(lambda district: district.students(name), other),
        lambda district: district.drop("schools", [district.school(name)]),
    )


def comes_with(school: str, title: str, *grades: str, **fields: str) -> Change:
    """Have grades of 12 come, to a school that may be new, with their classes and mixed sections."""

    def change(district: District) -> None:
        made = Builder.on(district)
        known = {one["name"]: one["id"] for one in district.all_of("schools")}
        there = known.get(school) or made.school(school)
        for grade in grades:
            group = made.students(there, grade, 12)
            made.section(title, there, group, grade=grade, **fields)
            for half in (group[::2], group[1::2]):
                made.section("Gym", there, half, subject="PE and health", grade=grade, period="3")

    return change


def homerooms_come(district: District) -> None:
    """Have homerooms come, of both grades, at a school whose classes are those of period 1."""
    made = Builder.on(district)
    listed = [student["id"] for student in district.students(NUTMEG)]
    for half in (listed[::2], listed[1::2]):
        made.section("Homeroom", district.school(NUTMEG)["id"], half, subject="other", period="7")


def doubled(district: District) -> None:
    """Have every homeroom twice, with all that it has."""
    for section in district.sections("Homeroom"):
        same = {name: section[name] for name in ("sis_id", "section_number")}
        made_like(district, section, **same)


def rule_misspelled(district: District) -> None:
    district.filter["rules"][0]["all"][0]["value"] = "homerom"


def rule_without_grade_8(district: District) -> None:
    district.filter["rules"][1]["all"][1]["value"] = ["6", "7"]


def year_begins(district: District) -> None:
    """Have grade 12 gone, a new grade 9, everybody else one grade up, and all sections made anew."""
    district.drop_students(district.students(grade="12"))
    for student in district.students():
        role(student)["grade"] = str(int(role(student)["grade"]) + 1)
    made = Builder.on(district)
    school = district.school(HAZEL)["id"]
    made.students(school, "9", 12)
    district.drop("sections", district.all_of("sections"))
    for grade in ("9", "10", "11", "12"):
        group = [student["id"] for student in district.students(grade=grade)]
        made.section("Advisory", school, group, subject=HOMEROOM, grade=grade, period="3")
    district.day = district.day.replace(year=2027, month=8)


def teacher_renamed(district: District) -> None:
    """Have a teacher take another last name, which the name of the class has then."""
    section = district.sections("Grade")[0]
    district.records["users", section["teacher"]]["name"]["last"] = "Newlywed"
    section["name"] = "Grade - Newlywed - 1"


def course_called(number_: str, name: str) -> Change:
    def change(district: District) -> None:
        next(one for one in district.all_of("courses") if one["number"] == number_)["name"] = name

    return change


def listed_twice(district: District) -> None:
    """Have the first three students twice in the list of their class."""
    for section in district.sections("Dual Language AM"):
        section["students"] = [*section["students"], *section["students"][:3]]


def core_for_music(district: District) -> None:
    """Have the sections of music under the course of the classes."""
    core = next(one["id"] for one in district.all_of("courses") if one["number"] == "C1")
    sections_become(sections("Music"), course=core)(district)
