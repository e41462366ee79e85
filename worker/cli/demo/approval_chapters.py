"""The last chapters: what only people can say, and how they take it back."""

from __future__ import annotations

from collections import Counter
from typing import Final

from worker.cli.demo import terminal_story
from worker.cli.demo.consumer import Json
from worker.cli.demo.scene import Scene, expect
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.policy import Policy
from worker.runtime.count_text import counted

GUARDED_FROM: Final = Policy().removal_limit_floor + 1
"""Students of a school: fewer may go without anybody being asked."""
MEANT: Final = "the district says that the school has closed"
NOT_MEANT: Final = "the school has not closed: it was approved by mistake"


def school_to_vanish(scene: Scene) -> str | None:
    """Return the smallest school that is missed when it goes; None where all would go with it."""
    sizes = Counter[str | None](
        record["school_id"] for (kind, _), record in scene.live.consumer.records.items() if kind == "student"
    )
    guarded = sorted((size, school) for school, size in sizes.items() if school and size >= GUARDED_FROM)
    return guarded[0][1] if guarded and len(sizes) > 1 else None


async def school_vanishes(scene: Scene, school: str) -> None:
    """Let a school vanish from what is shared, and a person say that it is meant."""
    with scene.teller.chapter("A school is no longer shared: a person decides"):
        types = scene.live.change(scene.clever.hide_school(school))
        scene.teller.say(
            f"School {school} is no longer shared. In Clever's feed this looks like any deletion:"
        )
        scene.teller.table(terminal_story.events_table(types))
        decided = await scene.decision({Outcome.REVIEW})
        review = await scene.review(decided)
        removed = review["plan"]["counts"]["student"]["removed"]
        causes = [(cause["code"], cause["removed"]) for cause in review["causes"]]
        expect("causes", [("sharing.school_vanished", removed)], causes)
        scene.teller.say(
            f"No record is wrong, but the plan would remove {counted(removed, 'student')}. A guard blocks "
            f"it, and review {decided.sequence} asks a person to decide:"
        )
        scene.causes(review)
        await _approve(scene, review)


async def _approve(scene: Scene, review: Json) -> None:
    plan = review["plan"]["digest"]
    await scene.live.approve(plan, scene.actor, MEANT)
    decided = await scene.decision({Outcome.COMMIT})
    scene.teller.say(
        f"A person approves this plan by its digest, because {MEANT}. The approval is valid once, for "
        "exactly "
        f"this plan; any change would void it. Commit {decided.sequence} is what was approved, with the same "
        "digest:"
    )
    commit = await scene.commit(decided.sequence)
    expect("digest of the roster that was approved", plan, commit["roster"]["digest"])
    approval = (await scene.live.show())["approval"]["last_ended"]
    expect("approval", ("used", plan), (approval["ended_as"], approval["plan"]))
    await scene.status_is("rostered")


async def approval_undone(scene: Scene, sequence: int, digest: str) -> None:
    """Take the district back to the commit with this digest, and then let its commits go on."""
    with scene.teller.chapter(f"It was a mistake: rollback to commit {sequence}"):
        done = await scene.live.roll_back(sequence, scene.actor, NOT_MEANT)
        scene.teller.say(
            "The school has not closed, and its students are missing. A person does not wait for Clever and "
            f"rolls the district back to commit {sequence}. A new commit restores what was removed:"
        )
        commit = await scene.commit(done.sequence)
        expect("commit rolled back to", sequence, commit["rolled_back_to"])
        expect(f"digest after commit {sequence}", digest, scene.live.consumer.digest)
        scene.teller.line(f"{f'commit {sequence}':<9} {digest}", "green")
        scene.teller.say(
            f"The last line is the digest of commit {sequence}. All three are equal: the consumer has every "
            "record as it was then."
        )
        await _resume(scene)


async def _resume(scene: Scene) -> None:
    """Let the school come back while the district is on hold, and end the hold."""
    await scene.status_is("on_hold")
    classmate = scene.live.consumer.ids("student")[0]
    types = scene.live.change(scene.clever.widen()) + scene.live.change(scene.clever.newcomer(classmate))
    await scene.decision({Outcome.HELD})
    scene.teller.say(
        "The rollback also put the district on hold: nothing is committed until a person resumes it. Now "
        f"the school is shared again, and a new student arrives. These {counted(types.total(), 'event')} are "
        "evaluated and wait."
    )
    await scene.live.resume(scene.actor, "the school is shared again")
    decided = await scene.decision({Outcome.COMMIT})
    scene.teller.say(
        "A person resumes the district. The school is unchanged, so there is nothing to send for it. Commit "
        f"{decided.sequence} adds the new student:"
    )
    await scene.commit(decided.sequence)
    await scene.status_is("rostered")
