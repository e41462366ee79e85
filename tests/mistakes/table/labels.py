"""Sections that only words of their names tell apart, wherever these words stand."""

from __future__ import annotations

import copy
from typing import Final

from tests.mistakes import bases
from tests.mistakes.changes import made_like
from tests.mistakes.district import Change, District, Json
from tests.mistakes.facts import APPROVE, SHARE, number, word
from tests.mistakes.mistake import OURS, Mistake, mistake


def twice_a_day(spelled: str) -> Change:
    """Have each homeroom become one of the morning, with one of the afternoon beside it."""

    def change(district: District) -> None:
        for section in district.sections("Homeroom"):
            _, teacher, _ = section["name"].split(" - ")
            afternoon = made_like(district, copy.deepcopy(section), period="PM")
            _put(afternoon, spelled, teacher, "PM")
            _put(section, spelled, teacher, "AM")

    return change


def _put(section: Json, spelled: str, teacher: str, half: str) -> None:
    section.update(name=spelled.format(teacher=teacher, half=half), period=half)


def _of(name: str, spelled: str, *told: str) -> Mistake:
    return mistake(
        name,
        bases.by_name,
        twice_a_day(spelled),
        OURS,
        *(number(48), *(word(one) for one in told)),
        never=(APPROVE, SHARE),
        blocked=48,
        suggests=True,
    )


TABLE: Final[list[Mistake]] = [
    _of("attendance is taken twice", "Homeroom {half} - {teacher} - {half}", "“homeroom pm”"),
    _of("attendance is taken twice, told at the end", "Homeroom {teacher} {half}", "“homeroom” with “pm”"),
    _of("attendance is taken twice, told before", "{half}: Homeroom ({teacher})", "“pm: homeroom”"),
    _of("attendance is taken twice, told beside", "Homeroom/{half} {teacher}", "“homeroom/pm”"),
]
