"""The order of the story: what happens to a district from its arrival to its first changes."""

from __future__ import annotations

from worker.demo import arrival, days
from worker.demo.scene import Scene
from worker.domain.decision import Outcome


async def tell(scene: Scene) -> None:
    """Tell it to its end, which for a district that we did not make may be the review it stays in.

    Raises `StoryFailed` where something else came than the story says.
    """
    decided = await arrival.connected(scene)
    if decided.outcome is Outcome.REVIEW:
        if not await arrival.review(scene, decided):
            return
        if not (trial := await arrival.trials(scene)).coverage.is_complete:
            arrival.stays_in_review(scene, trial)
            return
        decided = await arrival.filter_set(scene, trial)
        if decided.outcome is not Outcome.COMMIT:
            await arrival.other_errors(scene, decided)
            return
    await arrival.first_commit(scene, decided)
    await days.school_day(scene)
    await days.student_broken(scene)
    await days.student_mended(scene)
    await days.field_withdrawn(scene)
    await days.field_restored(scene)
