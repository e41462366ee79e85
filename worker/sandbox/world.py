"""Districts as one Clever application sees them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self, TypeAlias

from worker.runtime.errors import InputFileError
from worker.sandbox import ids
from worker.sandbox.district import DistrictSpec, SandboxDistrict, generate
from worker.sandbox.live_districts import Clock, WorldDistrict, real_time

Progress: TypeAlias = Callable[[str, int], None]


def _synced(district: SandboxDistrict, now: datetime) -> SandboxDistrict:
    """Say that a district's last sync was just now: nobody shall be warned of one of long ago."""
    record = district.collections["districts"][district.id]
    district.put("districts", {**record, "last_sync": ids.timestamp(now)})
    return district


class World:
    """Districts by id, as one Clever application sees them."""

    def __init__(self, clock: Clock = real_time) -> None:
        self.clock = clock
        self.districts: dict[str, WorldDistrict] = {}
        self.next_seed = 1
        """A seed that no district here was made from."""

    @classmethod
    def generated(
        cls,
        districts: int,
        students: int,
        seed: int = 1,
        *,
        arrival_events: bool = False,
        clock: Clock = real_time,
        progress: Progress | None = None,
    ) -> Self:
        """Make districts of so many students each; the `i`th, from 0, has the seed `seed + i`.

        Their feeds are empty, unless arrival events are wanted: one for each record.
        """
        world = cls(clock)
        for number in range(districts):
            spec = DistrictSpec(students=students, seed=seed + number)
            added = world.add(_synced(generate(spec, progress), clock()))
            if arrival_events:
                added.publish_all(added.arrive())
        world.next_seed = seed + districts
        return world

    @classmethod
    def from_folder(cls, folder: Path, *, clock: Clock = real_time) -> Self:
        """Read a district's saved pages, or those in each folder of a folder; raises `InputFileError`."""
        world = cls(clock)
        try:
            folders = sorted(path for path in folder.iterdir() if path.is_dir())
            holding = [path for path in folders if any(path.glob("*.json"))]
            for one in holding or [folder]:
                world.add(SandboxDistrict.load_pages(one))
        except OSError as error:
            raise InputFileError(f"{folder}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise InputFileError(f"{folder}: {error}") from None
        return world

    def add(self, district: SandboxDistrict) -> WorldDistrict:
        """Let a district live here, connected; ValueError if there is one of its id."""
        if district.id in self.districts:
            raise ValueError(f"district {district.id} exists already")
        self.districts[district.id] = WorldDistrict(district, self.clock)
        return self.districts[district.id]

    def connected(self) -> list[WorldDistrict]:
        """List the connected districts as the list of tokens has them."""
        return sorted((one for one in self.districts.values() if one.connected), key=lambda one: one.grant_id)

    def holder_of(self, token: str) -> WorldDistrict | None:
        """Find the connected district whose token this is; None if it is nobody's."""
        return next((one for one in self.districts.values() if one.connected and one.token == token), None)
