"""Deleting a district by a person's order: its dead letters, its rows, and its messages in files.

In this order, since a letter would be the last trace of its students where the rest is gone. Whatever ends us
in between, the order can be given again, and goes on where it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from worker.messaging.dead_letters import DeadLetters, Quarantine
from worker.operations import dead_letters
from worker.operations.districts import Districts

REASON: Final = "The district is purged."


class Messages(Protocol):
    """Where messages are kept for good: with a broker nowhere, without one in files."""

    async def forget(self, district_id: str) -> int:
        """Delete a district's messages; return how many. Raises `BrokerUnavailable`."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What an order to purge works with."""

    districts: Districts
    dead_letters: DeadLetters
    quarantine: Quarantine
    messages: Messages | None

    async def district(self, district_id: str, actor: str) -> dict[str, int]:
        """Delete all of a district's data; return how much there was, by table or kind.

        Raises as `Districts.purge` does, and as dead letters do where they cannot be reached: then nothing
        else is deleted.
        """
        await self.districts.purgeable(district_id)
        choice = dead_letters.DeadLetterQuery(district_id=district_id)
        settled = await dead_letters.discard(self.dead_letters, self.quarantine, choice, actor, REASON)
        deleted = await self.districts.purge(district_id, actor)
        gone = await self.messages.forget(district_id) if self.messages is not None else 0
        besides = {"dead letters": settled.processed, "messages in files": gone}
        return deleted | {what: count for what, count in besides.items() if count}
