"""The later chapters: what happens in Clever to a district that was committed once."""

from __future__ import annotations

from typing import Final

from worker.cli.demo import terminal_story
from worker.cli.demo.consumer import Json
from worker.cli.demo.scene import Scene, expect
from worker.cli.demo.terminal_story import number
from worker.domain.preflight.decision import Outcome
from worker.domain.review.causes import WITHDRAWN_STUDENTS
from worker.sandbox.live_districts import REQUIRED as BLANKED

CHANGES_A_DAY: Final = 25
WITHDRAWN: Final = "grade"
"""The required field that the district stops sharing."""


async def school_day(scene: Scene) -> None:
    """Let a school day pass in Clever."""
    with scene.teller.chapter("A school day"):
        kept = frozenset(scene.live.consumer.ids("class"))
        types = scene.live.change(scene.clever.day(CHANGES_A_DAY, seed=1, kept=kept))
        if not types:
            scene.teller.say("The district is too small for anything to happen in it.")
            return
        scene.teller.say("Students move, come and leave, data is corrected, teachers take over sections:")
        scene.teller.table(terminal_story.events_table(types))
        decided = await scene.decision(
            {Outcome.COMMIT} if scene.invented else {Outcome.COMMIT, Outcome.UNCHANGED}
        )
        if decided.outcome is Outcome.UNCHANGED:
            scene.teller.say("Nothing of it changes the roster, so that nothing is published.")
            return
        scene.teller.say(
            "The worker read these events from the feed to its end, as one batch, and commit "
            f"{decided.sequence} holds what they change in the roster. The rest is in sections that do not "
            "count, or in fields that are not committed."
        )
        await scene.commit(decided.sequence)


async def student_broken(scene: Scene) -> None:
    """Let one student lose a required field."""
    with scene.teller.chapter("One student's data breaks"):
        student, events = scene.clever.break_student()
        scene.teller.say(f"An update of student {student} comes with a blank {BLANKED}.")
        scene.live.change(events)
        decided = await scene.decision({Outcome.REVIEW})
        review = await scene.review(decided)
        scene.teller.table(terminal_story.findings_table(review))
        blocked, total = review["students"]["blocked"], review["students"]["total"]
        expect("blocked students", 1, blocked)
        expect("owners", ["sis"], [cause["owner"] for cause in review["causes"]])
        scene.teller.say(
            f"{blocked} of {total:,} students is blocked, and that holds the whole district back. "
            f"Review {decided.sequence} tells {number(review['findings']['new'], 'new error')}, with the "
            "student by id only, and whose it is: the district's student information system. What was "
            "committed stays as it is."
        )


async def student_mended(scene: Scene) -> None:
    """Let another student come, and then the field be put right."""
    with scene.teller.chapter("What comes meanwhile waits; the repair lets it through"):
        await _newcomer(scene, scene.live.consumer.ids("student")[0])
        _, events = scene.clever.mend_student()
        scene.live.change(events)
        decided = await scene.decision({Outcome.COMMIT})
        scene.teller.say(
            f"Then the {BLANKED} is put right, and commit {decided.sequence} holds all that waited. The "
            "repaired student is not in it: the record is again what was committed before, and what is "
            "unchanged is never sent."
        )
        await scene.commit(decided.sequence)
        await scene.status_is("rostered")
        scene.teller.say("The review is over and the alert resolved: the district is rostered.")


async def _newcomer(scene: Scene, classmate: str) -> None:
    """Let a new student come while the district stands in review."""
    before = scene.live.consumer.sequence
    types = scene.live.change(scene.clever.newcomer(classmate))
    await scene.decision({Outcome.UNCHANGED})
    details = await scene.live.show()
    expect("commits", before, details["commits"])
    waiting = sum(sum(counts.values()) for counts in details["plan"]["counts"].values())
    sections = scene.district.sections_of(classmate)
    scene.teller.say(
        f"A new student comes and joins {number(len(sections), 'section')}: "
        f"{number(types.total(), 'event')}. The error is still the same, so that nothing is published; "
        f"{number(waiting, 'change')} of the roster {'waits' if waiting == 1 else 'wait'}."
    )


async def field_withdrawn(scene: Scene) -> None:
    """Let the district stop sharing a required field of all students."""
    with scene.teller.chapter("A field is no longer shared: many errors, one cause"):
        scene.teller.say(
            "A district chooses in Clever which fields an application may see. Now somebody there takes "
            f"{WITHDRAWN} out of the choice for ours. No event says so: every student is updated, and has "
            f"no {WITHDRAWN} any more."
        )
        types = scene.live.change(scene.clever.withdraw(WITHDRAWN))
        scene.teller.table(terminal_story.events_table(types))
        decided = await scene.decision({Outcome.REVIEW})
        review = await scene.review(decided)
        errors, total = review["findings"]["errors"], review["students"]["total"]
        expect("errors", total, errors)
        scene.teller.say(
            f"Nothing is committed, so that no product loses a {WITHDRAWN}. Review {decided.sequence} counts "
            f"{number(errors, 'error')}, one for each student"
            + (", and names what is behind them:" if total >= WITHDRAWN_STUDENTS else ".")
        )
        if total >= WITHDRAWN_STUDENTS:
            _tell_cause(scene, review)


def _tell_cause(scene: Scene, review: Json) -> None:
    owners = [(cause["owner"], cause["field"]) for cause in review["causes"]]
    expect("causes", [("sharing", WITHDRAWN)], owners)
    (cause,) = review["causes"]
    expect("students of the cause", review["students"]["total"], cause["students"])
    scene.causes(review)
    if warning := review["sync"]["warning"]:
        scene.teller.say(f"And the review warns of what Clever tells of this district's sync. {warning}")
    scene.teller.say(
        "So nobody has to look for mistakes in the district's student information system: there are none. "
        "One setting in Clever is to be put right, and one alert went to operations."
    )


async def field_restored(scene: Scene) -> None:
    """Let the district share the field again."""
    with scene.teller.chapter("It is shared again"):
        types = scene.live.change(scene.clever.restore(WITHDRAWN))
        decided = await scene.decision({Outcome.COMMIT})
        scene.teller.say(
            f"{number(types.total(), 'update')} later all errors are gone. Every record is again what was "
            f"committed before, so that commit {decided.sequence} has nothing to send: it ends the review."
        )
        await scene.commit(decided.sequence)
        await scene.status_is("rostered")
