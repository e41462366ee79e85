"""The order of the story: what happens to a district from its arrival to its first changes."""

from __future__ import annotations

from worker.decisions import Decided
from worker.demo import arrival, days, people
from worker.demo.live import StoryFailed
from worker.demo.scene import Scene
from worker.domain.decision import Outcome


async def tell(scene: Scene) -> None:
    """Tell it to its end, which for a district that we did not make may be the review it stays in.

    Raises `StoryFailed` where something else came than the story says.
    """
    decided = await arrival.connected(scene)
    if decided.outcome is Outcome.REVIEW:
        first = await _review_answered(scene, decided)
        if first is None:
            return
        decided = first
    await arrival.first_commit(scene, decided)
    await days.school_day(scene)
    await days.student_broken(scene)
    await days.student_mended(scene)
    await days.field_withdrawn(scene)
    await days.field_restored(scene)
    await _people(scene)


async def _review_answered(scene: Scene, decided: Decided) -> Decided | None:
    """Do what the first review suggests; return the commit that follows, or None where it stays in review."""
    review = await arrival.review(scene, decided)
    if not review["suggestions"]:
        arrival.no_suggestion(scene)
        return None
    suggestion = await arrival.suggestions(scene, review)
    if not suggestion.coverage.is_complete:
        arrival.stays_in_review(scene, suggestion)
        return None
    decided = await arrival.filter_set(scene, suggestion)
    if decided.outcome is Outcome.COMMIT:
        return decided
    await arrival.other_errors(scene, decided)
    return None


async def _people(scene: Scene) -> None:
    """Tell what people decide, where there is a school that can vanish."""
    school, consumer = people.school_to_vanish(scene), scene.live.consumer
    if school is None:
        if scene.invented:
            raise StoryFailed("expected a school that can vanish, there is none")
        return
    sequence, digest = consumer.sequence, consumer.digest
    await people.school_vanishes(scene, school)
    await people.approval_undone(scene, sequence, digest)
