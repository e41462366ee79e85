"""The order of the story: what happens to a district from its arrival to its first changes."""

from __future__ import annotations

from worker.cli.demo import approval_chapters, change_chapters, onboarding_chapters
from worker.cli.demo.live import StoryFailed
from worker.cli.demo.scene import Scene
from worker.domain.preflight.decision import Outcome
from worker.pipeline.evaluate.record_decision import Decided


async def play(scene: Scene) -> None:
    """Tell it to its end, which for a district that we did not make may be the review it stays in.

    Raises `StoryFailed` where something else came than the story says.
    """
    decided = await onboarding_chapters.connected(scene)
    if decided.outcome is Outcome.REVIEW:
        first = await _review_answered(scene, decided)
        if first is None:
            return
        decided = first
    await onboarding_chapters.first_commit(scene, decided)
    await change_chapters.school_day(scene)
    await change_chapters.student_broken(scene)
    await change_chapters.student_mended(scene)
    await change_chapters.field_withdrawn(scene)
    await change_chapters.field_restored(scene)
    await _people(scene)


async def _review_answered(scene: Scene, decided: Decided) -> Decided | None:
    """Do what the first review suggests; return the commit that follows, or None where it stays in review."""
    review = await onboarding_chapters.review(scene, decided)
    if not review["suggestions"]:
        onboarding_chapters.no_suggestion(scene)
        return None
    suggestion = await onboarding_chapters.suggestions(scene, review)
    if not suggestion.coverage.is_complete:
        onboarding_chapters.stays_in_review(scene, suggestion)
        return None
    decided = await onboarding_chapters.filter_set(scene, suggestion)
    if decided.outcome is Outcome.COMMIT:
        return decided
    await onboarding_chapters.other_errors(scene, decided)
    return None


async def _people(scene: Scene) -> None:
    """Tell what people decide, where there is a school that can vanish."""
    school, consumer = approval_chapters.school_to_vanish(scene), scene.live.consumer
    if school is None:
        if scene.invented:
            raise StoryFailed("expected a school that can be unshared, got none")
        return
    sequence, digest = consumer.sequence, consumer.digest
    await approval_chapters.school_vanishes(scene, school)
    await approval_chapters.approval_undone(scene, sequence, digest)
