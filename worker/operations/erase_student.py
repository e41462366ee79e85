"""Erasing one student by a person's order: his dead letters, then what the store keeps of him.

In this order, since a letter would be the last trace of him. His record leaves the candidate roster at once;
the committed roster is what consumers have, so that it leaves that one with the district's next commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from worker.messaging.dead_letters import DeadLetters, Quarantine
from worker.operations.dead_letters import DeadLetterQuery, chosen, discard
from worker.operations.students import ErasedStudent, Students
from worker.pipeline.evaluate.preflight import run_preflight
from worker.runtime.errors import UnknownDistrictError, UnknownStudentError

PATIENCE: Final = timedelta(seconds=30)
"""For an evaluation that is under way."""
REASON: Final = "A student is erased."
SHORTEST_BEGINNING: Final = 8
"""Characters of an id that are taken for its beginning."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What came of an erasure."""

    student_id: str
    is_committed: bool
    """Whether consumers have his record until the district's next commit."""
    discarded: int
    unseen: int
    """Dead letters that were not looked at: too many at once."""


async def student_id_of(students: Students, district_id: str, text: str) -> str:
    """Return the id of the student whom a person means: by id, at least 8 characters of it, or sis_id.

    Raises `UnknownStudentError` where the text means none, or several.
    """
    beginning = text if len(text) >= SHORTEST_BEGINNING else None
    found = await students.called(district_id, text, beginning)
    if text in found:
        return text
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownStudentError("more than one student matches: use the whole ID")
    raise UnknownStudentError(
        f"district {district_id} has no such student: expected an ID, at least its first "
        f"{SHORTEST_BEGINNING} characters, or a sis_id"
    )


async def export(
    students: Students, dead_letters: DeadLetters, district_id: str, student_id: str
) -> dict[str, Any]:
    """Return all that is kept of a student as JSON values; of one who was erased, that he was, and when."""
    erased = await students.erased(district_id, student_id)
    told: dict[str, Any] = {"district_id": district_id, "student_id": student_id, "erased_at": _when(erased)}
    if erased is not None:
        return told
    kept = await students.export(district_id, student_id)
    choice = DeadLetterQuery(student_id=student_id)
    held, unseen = await chosen(dead_letters, choice)
    dead = [{"id": one.id, "reason": one.reason, "body": one.body.decode(errors="replace")} for one in held]
    return told | kept | {"dead_letters": dead, "dead_letters_not_looked_at": unseen}


async def erase(
    students: Students,
    dead_letters: DeadLetters,
    quarantine: Quarantine,
    district_id: str,
    student_id: str,
    actor: str,
    reason: str,
) -> Erased:
    """Delete what is kept of a student, for good; nothing of him is kept again, whatever comes.

    Raises `UnknownDistrictError`, `DistrictBusy` and as the dead letters do: the order can be given again.
    """
    choice = DeadLetterQuery(student_id=student_id)
    settled = await discard(dead_letters, quarantine, choice, actor, REASON)
    async with students.begin(district_id, PATIENCE) as district:
        if district is None:
            raise UnknownDistrictError(f"district {district_id} is not known here")
        await district.keep_demanded_fields()
        change = await district.erase(student_id, actor)
        if change is not None:
            await run_preflight(district, [change])
            await district.demand_fields()
        is_committed = await district.conclude(student_id, actor, {"reason": reason})
    return Erased(student_id, is_committed, settled.processed, settled.unseen)


def _when(erased: ErasedStudent | None) -> str | None:
    return None if erased is None else erased.erased_at.isoformat()
