"""What can happen at a district: functions over its records, its filter and its day."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from tests.mistakes.district import Change, District, Json, put_title, role
from tests.support.builders.records import ABSENT, record_id

Select = Callable[[District], list[Json]]
"""Some records of a district."""
NEW_SECTION, NEW_STUDENT = 760, 101
"""From where on ids are those of records that come."""


def sections(title: str = "", school: str | None = None, only: slice | None = None, **fields: str) -> Select:
    """Select sections by how their names begin, at a school, with these fields, and some of those."""
    return lambda district: district.sections(title, school, **fields)[only or slice(None)]


def students(school: str | None = None, grade: str | None = None, only: slice | None = None) -> Select:
    """Select students of a school or of a grade, and some of those."""
    return lambda district: district.students(school, grade)[only or slice(None)]


ONE: Final = slice(1)


def together(*changes: Change) -> Change:
    """Make several changes in order."""

    def change(district: District) -> None:
        for one in changes:
            one(district)

    return change


# Sections


def sections_gone(select: Select) -> Change:
    return lambda district: district.drop("sections", select(district))


def sections_become(select: Select, **fields: Any) -> Change:
    def change(district: District) -> None:
        for section in select(district):
            section.update(fields)

    return change


def sections_called(select: Select, title: str) -> Change:
    """Rename sections, as their course does."""

    def change(district: District) -> None:
        for section in select(district):
            put_title(section, title)

    return change


def of_another_term(select: Select, term: str) -> Change:
    return lambda district: sections_become(select, term_id=district.term(term)["id"])(district)


def taught_by_another(select: Select) -> Change:
    """Give sections the next teacher of all, by whom Clever then names them."""

    def change(district: District) -> None:
        teachers = district.teachers()
        for section in select(district):
            at = next(at for at, one in enumerate(teachers) if one["id"] == section["teacher"])
            teacher = teachers[(at + 3) % len(teachers)]
            title, _, period = section["name"].split(" - ")
            section.update(teacher=teacher["id"], teachers=[teacher["id"]])
            section["name"] = f"{title} - {teacher['name']['last']} - {period}"

    return change


def taken_out(of: Select, only: slice | None = None) -> Change:
    """Take students out of the lists of sections: of each, those that a slice selects, or all."""

    def change(district: District) -> None:
        for section in of(district):
            out = section["students"][only or slice(None)]
            section["students"] = [one for one in section["students"] if one not in out]

    return change


def unlisted(who: Select) -> Change:
    """Take students out of all sections."""

    def change(district: District) -> None:
        for student in who(district):
            district.unlist(student, district.all_of("sections"))

    return change


def listed_too(who: Select, where: Select) -> Change:
    """Add students to the list of the first of some sections that has them not."""

    def change(district: District) -> None:
        for student in who(district):
            section = next(one for one in where(district) if student["id"] not in one["students"])
            section["students"] = [*section["students"], student["id"]]

    return change


def made_anew(select: Select, *, is_same: bool = False) -> Change:
    """Replace sections by others with the same students under new ids, with the same numbers if they are."""

    def change(district: District) -> None:
        for section in select(district):
            district.drop("sections", [section])
            same = {name: section[name] for name in ("sis_id", "section_number")} if is_same else {}
            made_like(district, section, **same)

    return change


def made_beside(select: Select, title: str, only: slice | None = None, **fields: Any) -> Change:
    """Add to each of some sections another one with the same students, or some of them, by another course."""

    def change(district: District) -> None:
        for section in select(district):
            listed = section["students"][only or slice(None)]
            put_title(made_like(district, section, students=listed, **fields), title)

    return change


def made_like(district: District, section: Json, **fields: Any) -> Json:
    """Add a section like another one, under its own ids, but for these fields."""
    new = district.free_id("sections", NEW_SECTION)
    own = {"id": new, "sis_id": f"SEC-{new[-3:]}", "section_number": new[-3:]}
    return district.add("sections", {**copy.deepcopy(section), **own, **fields})


def merged(select: Select) -> Change:
    """Put the students of some sections into the first of them, and end the others."""

    def change(district: District) -> None:
        first, *others = select(district)
        first["students"] = [*first["students"], *(one for other in others for one in other["students"])]
        district.drop("sections", others)

    return change


def split(select: Select) -> Change:
    """Replace each of some sections by two, with half of the students each."""

    def change(district: District) -> None:
        for section in select(district):
            half = len(section["students"]) // 2
            district.drop("sections", [section])
            for part in (section["students"][:half], section["students"][half:]):
                made_like(district, section, students=part)

    return change


# Students


def students_become(select: Select, **fields: Any) -> Change:
    """Change fields of students; `last`, `first` and `email` are the user's, the others the role's."""

    def change(district: District) -> None:
        for student in select(district):
            for name, value in fields.items():
                holder = student["name"] if name in {"last", "first"} else role(student)
                if value is ABSENT:
                    holder.pop(name, None)
                else:
                    holder[name] = value

    return change


def stripped(select: Select) -> Change:
    """Leave nothing of students but their ids and that they are students: no field is shared any more."""

    def change(district: District) -> None:
        for student in select(district):
            student.update(email="", name={}, roles={"student": {}})

    return change


def one_year_up(select: Select) -> Change:
    def change(district: District) -> None:
        for student in select(district):
            role(student)["grade"] = str(int(role(student)["grade"]) + 1)

    return change


def students_gone(select: Select) -> Change:
    """Have students gone from Clever and from all lists."""
    return lambda district: district.drop_students(select(district))


def students_unshared(select: Select) -> Change:
    """Have students gone whom sections go on listing."""
    return lambda district: district.drop("users", select(district))


def ids_reissued(select: Select, **fields: Any) -> Change:
    """Give students new records, with the same numbers but for these fields, and list those."""

    def change(district: District) -> None:
        for student in select(district):
            new = copy.deepcopy(student) | {"id": district.free_id("users", NEW_STUDENT)}
            role(new).update({name: f"{value}{new['id'][-3:]}" for name, value in fields.items()})
            district.add("users", new)
            for section in district.all_of("sections"):
                section["students"] = [
                    new["id"] if one == student["id"] else one for one in section["students"]
                ]
            district.drop("users", [student])

    return change


def moved_to_school(select: Select, school: str) -> Change:
    """Have students, and the sections that list them, at another school."""

    def change(district: District) -> None:
        moved = {student["id"] for student in select(district)}
        at = district.school(school)["id"]
        students_become(select, school=at, schools=[at])(district)
        for section in district.all_of("sections"):
            if moved.intersection(section["students"]):
                section["school"] = at

    return change


def school_gone(name: str) -> Change:
    """Have a school gone with all that is there."""

    def change(district: District) -> None:
        district.drop("sections", district.sections(school=name))
        district.drop("users", [*district.students(name), *district.teachers(name)])
        district.drop("schools", [district.school(name)])

    return change


def gone(collection: str, select: Select | None = None) -> Change:
    """Have records of a collection gone, or all."""
    return lambda district: district.drop(
        collection, select(district) if select else district.all_of(collection)
    )


# Ours, and time


def filter_becomes(**parts: Any) -> Change:
    return lambda district: district.filter.update(parts)


def rules(*conditions: list[Json]) -> Change:
    """Put other rules into force."""
    return filter_becomes(rules=[{"all": each} for each in conditions])


def day_comes(year: int, month: int, day: int) -> Change:
    def change(district: District) -> None:
        district.day = date(year, month, day)

    return change


def second_record(student: Select, **fields: Any) -> Change:
    """Give a student a second record, with the same numbers but for these fields."""

    def change(district: District) -> None:
        (first,) = student(district)
        second = copy.deepcopy(first) | {"id": record_id(NEW_STUDENT)}
        role(second).update(fields)
        district.add("users", second)

    return change
