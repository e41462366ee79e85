"""Generated districts of different habits, each with the section filter that is known to fit it.

`HABITS` lists them; `habit.district()` generates one. Nothing here searches for a filter: each is what the
habit's own builder knows it to be.
"""

from __future__ import annotations

from typing import Final

from tests.support.districts.habits.by_field import FIELDED
from tests.support.districts.habits.by_name import NAMED
from tests.support.districts.habits.exported_rooms import EXPORTED_ROOMS
from tests.support.districts.habits.exported_schools import EXPORTED_SCHOOLS
from tests.support.districts.habits.habit import TODAY, District, Habit
from tests.support.districts.habits.harder_rooms import HARDER_ROOMS
from tests.support.districts.habits.harder_schools import HARDER_SCHOOLS
from tests.support.districts.habits.hopeless import HOPELESS
from tests.support.districts.habits.lockstep_fields import LOCKSTEP_FIELDS
from tests.support.districts.habits.lockstep_hopeless import LOCKSTEP_HOPELESS
from tests.support.districts.habits.lockstep_named import LOCKSTEP_NAMED
from tests.support.districts.habits.lockstep_people import LOCKSTEP_PEOPLE
from tests.support.districts.habits.lockstep_rooms import LOCKSTEP_ROOMS
from tests.support.districts.habits.lockstep_schools import LOCKSTEP_SCHOOLS
from tests.support.districts.habits.mixed import MIXED
from tests.support.districts.habits.placing import Coverage
from tests.support.districts.habits.registered_rooms import REGISTERED_ROOMS
from tests.support.districts.habits.registered_schools import REGISTERED_SCHOOLS
from tests.support.districts.habits.rough import ROUGH
from tests.support.districts.habits.timetabled_rooms import TIMETABLED_ROOMS
from tests.support.districts.habits.timetabled_schools import TIMETABLED_SCHOOLS
from tests.support.districts.habits.unusual_advisories import UNUSUAL_ADVISORIES
from tests.support.districts.habits.unusual_rooms import UNUSUAL_ROOMS
from tests.support.districts.habits.unusual_schools import UNUSUAL_SCHOOLS
from tests.support.districts.habits.unusual_words import UNUSUAL_WORDS
from tests.support.districts.habits.upper_school import PODS, UPPER_SCHOOL

__all__ = ["HABITS", "TODAY", "Coverage", "District", "Habit"]

HABITS: Final[tuple[Habit, ...]] = tuple(
    habit
    for habits in (
        *(NAMED, FIELDED, MIXED, ROUGH, HOPELESS),
        *(LOCKSTEP_NAMED, LOCKSTEP_ROOMS, LOCKSTEP_FIELDS, LOCKSTEP_SCHOOLS, LOCKSTEP_PEOPLE),
        *(UPPER_SCHOOL, PODS, LOCKSTEP_HOPELESS),
        *(UNUSUAL_ROOMS, UNUSUAL_WORDS, UNUSUAL_ADVISORIES, UNUSUAL_SCHOOLS),
        *(EXPORTED_ROOMS, EXPORTED_SCHOOLS),
        *(REGISTERED_ROOMS, REGISTERED_SCHOOLS),
        *(TIMETABLED_ROOMS, TIMETABLED_SCHOOLS),
        *(HARDER_ROOMS, HARDER_SCHOOLS),
    )
    for habit in habits.told
)
