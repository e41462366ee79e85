"""Invented districts in a Clever of our own, which live by the time machine's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from tests.support.fixtures.time_machine import TimeMachine
from worker.sandbox import ids
from worker.sandbox.district import DistrictSpec, generate
from worker.sandbox.live_districts import WorldDistrict
from worker.sandbox.server import CleverServer
from worker.sandbox.world import World

STUDENTS = 15


class Country:
    """The districts, by what becomes of them, and what their administrators do in Clever."""

    def __init__(self, machine: TimeMachine, fates: list[str]) -> None:
        self.world = World(machine.now)
        self._machine = machine
        self.districts: dict[str, WorldDistrict] = {}
        for number, fate in enumerate(fates):
            district = self.world.add(generate(DistrictSpec(students=STUDENTS, seed=100 + number)))
            district.disconnect()
            self.share_nothing(district)
            self.districts[fate] = district

    def __getitem__(self, fate: str) -> WorldDistrict:
        return self.districts[fate]

    def fate_of(self, district_id: str) -> str:
        """Return what becomes of a district."""
        return next(fate for fate, one in self.districts.items() if one.id == district_id)

    def share_nothing(self, district: WorldDistrict) -> None:
        """Share nothing, as every district does at first."""
        district.publish_all(district.narrow(lambda _section: False))

    def share_all(self, district: WorldDistrict) -> None:
        """Share all sections, and all that belongs to them."""
        district.publish_all(district.widen())

    def set_rule(self, district: WorldDistrict, contains: str) -> None:
        """Share only sections with such a name."""
        district.publish_all(district.narrow(lambda section: contains in section["name"].lower()))

    def sync(self) -> None:
        """Let the daily sync of every district that does not pause it succeed."""
        for one in self.districts.values():
            record = one.district.collections["districts"][one.id]
            if record.get("state") != "paused":
                told = {**record, "state": "running", "last_sync": ids.timestamp(self._machine.now())}
                one.district.put("districts", told)

    def pause(self, district: WorldDistrict, days: int) -> None:
        """Pause a district's sync for so many days."""
        district.publish_all(district.pause(self._machine.now() + timedelta(days=days)))

    def said_of_students(self) -> set[str]:
        """Return what is known of students and must be in no e-mail: names, numbers, ids."""
        said: set[str] = set()
        for one in self.districts.values():
            for student in one.district.students():
                name, role = student["name"], student["roles"]["student"]
                said |= {
                    f"{name['first']} {name['last']}",
                    role.get("sis_id") or student["id"],
                    student["id"],
                }
        return said


@asynccontextmanager
async def serving(country: Country) -> AsyncIterator[str]:
    """Serve the country's Clever; give its address."""
    server = CleverServer(country.world)
    await server.start("127.0.0.1", 0)
    try:
        yield server.url
    finally:
        await server.close()
