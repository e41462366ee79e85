"""Districts as tests of the poll stage begin with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tests.support.builders.records import (
    DISTRICT,
    course_json,
    later,
    school_json,
    section_json,
    student_json,
    teacher_json,
    term_json,
)
from tests.support.fakes.source import World, feed_event, feed_id
from worker.pipeline.poll.baseline_store import Run
from worker.pipeline.poll.connections import Connection
from worker.pipeline.poll.context import PollTiming

NOW: Final = later(3600)
RUN: Final = Run(
    DISTRICT, "run 1", feed_id(2), ["users", "sections"], "users", None, 0, NOW, 0.0, False, False
)
READ: Final = replace(RUN, collection=None, is_read=True)
STUDENTS: Final = range(1, 6)


def unread_district(pace: PollTiming | None = None) -> World:
    """Return a connected district that was never read, with two events in its feed."""
    world = World(pace or PollTiming())
    world.clever.collections = {
        "schools": [school_json()],
        "terms": [term_json()],
        "courses": [course_json()],
        "users": [*(student_json(number) for number in STUDENTS), teacher_json()],
        "sections": [section_json()],
    }
    world.clever.feed = [feed_event(1), feed_event(2)]
    world.connect()
    return world


def world_with_feed(*numbers: int, read: int | None = 0, **changes: Any) -> World:
    """Return a district whose feed has these events, and was read up to one of them."""
    world = World()
    world.clever.feed = [feed_event(number) for number in numbers]
    world.connect(cursor=read)
    for name, value in changes.items():
        setattr(world.row, name, value)
    return world


def connection_of(world: World) -> Connection:
    """Return what a turn of the district begins with."""
    return world.connections._connection(DISTRICT)
