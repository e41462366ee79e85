"""Districts in lockstep that share no class, or do not let it be told: what counts there means nothing."""

from __future__ import annotations

from typing import Final

from tests.support.districts.habits.days import Home
from tests.support.districts.habits.habit import Habits, keep
from tests.support.districts.habits.rooms import CLEVER, LUNCH, SPECIALS, Part, found, hold_day, homeroom
from tests.support.districts.habits.towns import Town

LOCKSTEP_HOPELESS: Final = Habits(is_lockstep=True)
habit = LOCKSTEP_HOPELESS.habit


@habit(
    "Only specials and lunch are shared: each gives everybody one section, and none is the class.", reaches=0
)
def specials_only(town: Town) -> None:
    school, rooms = found(town)
    hold_day(town, school, rooms, (*SPECIALS, LUNCH))


@habit("Every name is 'Block 2 - Rm 104'; each class meets its own teacher in another block.", reaches=0)
def blocks_without_meaning(town: Town) -> None:
    school, rooms = found(town)
    style = Home("Block {slot} - {room}", period="{slot}", grade=None)
    for room in rooms:
        own = town.rng.randrange(6)
        parts = [
            Part("Block", is_class=slot == own, by="own" if slot == own else "special") for slot in range(6)
        ]
        hold_day(town, school, [room], parts, style)


@habit(
    "One school shares homerooms and specials, the other one specials only.",
    reaches=0,
    partial=keep(("name", "contains", "homeroom")),
)
def specials_at_the_other_school(town: Town) -> None:
    for parts in ((homeroom(subject="other"), *SPECIALS), SPECIALS):
        school, rooms = found(town, ("1", "2", "3"))
        hold_day(town, school, rooms, parts, CLEVER)
