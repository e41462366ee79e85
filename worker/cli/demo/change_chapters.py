"""The later chapters: what happens in Clever to a district that was committed once."""

from __future__ import annotations

from typing import Final

from worker.cli.demo import terminal_story
from worker.cli.demo.consumer import Json
from worker.cli.demo.scene import Scene, expect
from worker.domain.preflight.decision import Outcome
from worker.domain.review.causes.scale import WITHDRAWN_STUDENTS
from worker.runtime.count_text import counted
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
            scene.teller.say("The district is too small for a day of changes.")
            return
        scene.teller.say("Students move, arrive and leave, data is corrected, teachers take over sections:")
        scene.teller.table(terminal_story.events_table(types))
        decided = await scene.decision(
            {Outcome.COMMIT} if scene.invented else {Outcome.COMMIT, Outcome.UNCHANGED}
        )
        if decided.outcome is Outcome.UNCHANGED:
            scene.teller.say("None of this changes the roster, so nothing is published.")
            return
        scene.teller.say(
            "The worker read these events to the end of the feed, as one batch. Commit "
            f"{decided.sequence} has what they change in the roster. The rest concerns sections that do not "
            "count, or fields that are not committed."
        )
        await scene.commit(decided.sequence)


async def student_broken(scene: Scene) -> None:
    """Let one student lose a required field."""
    with scene.teller.chapter("One student's data is incomplete"):
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
            f"{blocked} of {counted(total, 'student')} is blocked, and that blocks the whole district. "
            f"Review {decided.sequence} reports {counted(review['findings']['new'], 'new error')}, names the "
            "student by ID only, and names the owner: the district's student information system. What was "
            "committed stays as it is."
        )


async def student_mended(scene: Scene) -> None:
    """Let another student come, and then the field be put right."""
    with scene.teller.chapter("Other changes wait until the data is fixed"):
        await _newcomer(scene, scene.live.consumer.ids("student")[0])
        _, events = scene.clever.mend_student()
        scene.live.change(events)
        decided = await scene.decision({Outcome.COMMIT})
        scene.teller.say(
            f"Then the {BLANKED} is fixed, and commit {decided.sequence} has everything that was waiting. "
            "The "
            "fixed student is not in it: the record is the same as committed before, and unchanged records "
            "are never sent."
        )
        await scene.commit(decided.sequence)
        await scene.status_is("rostered")
        scene.teller.say("The review has ended and the alert is resolved: the district is rostered.")


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
        f"A new student arrives and joins {counted(len(sections), 'section')}: "
        f"{counted(types.total(), 'event')}. The error is still there, so nothing is published; "
        f"{counted(waiting, 'change')} of the roster {'waits' if waiting == 1 else 'wait'}."
    )


async def field_withdrawn(scene: Scene) -> None:
    """Let the district stop sharing a required field of all students."""
    with scene.teller.chapter("A field is no longer shared: many errors, one cause"):
        scene.teller.say(
            "A district chooses in Clever which fields an application may see. Now it stops sharing "
            f"{WITHDRAWN} with ours. No event says so directly: every student is updated and no longer has "
            f"a {WITHDRAWN}."
        )
        types = scene.live.change(scene.clever.withdraw(WITHDRAWN))
        scene.teller.table(terminal_story.events_table(types))
        decided = await scene.decision({Outcome.REVIEW})
        review = await scene.review(decided)
        errors, total = review["findings"]["errors"], review["students"]["total"]
        expect("errors", total, errors)
        scene.teller.say(
            f"Nothing is committed, so no product loses a {WITHDRAWN}. Review {decided.sequence} counts "
            f"{counted(errors, 'error')}, one for each student"
            + (", and names the one cause:" if total >= WITHDRAWN_STUDENTS else ".")
        )
        if total >= WITHDRAWN_STUDENTS:
            _show_cause(scene, review)


def _show_cause(scene: Scene, review: Json) -> None:
    owners = [(cause["owner"], cause["field"]) for cause in review["causes"]]
    expect("causes", [("sharing", WITHDRAWN)], owners)
    (cause,) = review["causes"]
    expect("students of the cause", review["students"]["total"], cause["students"])
    scene.causes(review)
    if warning := review["sync"]["warning"]:
        scene.teller.say(f"The review also warns about this district's sync in Clever. {warning}")
    scene.teller.say(
        "So there is no need to search for errors in the district's student information system. "
        "One setting in Clever has to be fixed, and operations got one alert."
    )


async def field_restored(scene: Scene) -> None:
    """Let the district share the field again."""
    with scene.teller.chapter("The field is shared again"):
        types = scene.live.change(scene.clever.restore(WITHDRAWN))
        decided = await scene.decision({Outcome.COMMIT})
        scene.teller.say(
            f"After {counted(types.total(), 'update')} all errors are gone. Every record is the same as "
            "committed "
            f"before, so commit {decided.sequence} has no changes: it only ends the review."
        )
        await scene.commit(decided.sequence)
        await scene.status_is("rostered")
