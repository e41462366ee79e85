"""The first chapters: a district connects in Clever, and what it takes until its first commit."""

from __future__ import annotations

from typing import Final

from worker.cli.demo import terminal_story
from worker.cli.demo.consumer import Json
from worker.cli.demo.coverage import BY_SUBJECT, BY_SUBJECT_LABEL, Suggested, chosen, suggested
from worker.cli.demo.live import Baseline, StoryFailed
from worker.cli.demo.scene import Scene, expect
from worker.domain.preflight.decision import Outcome
from worker.domain.review.causes.wording import several
from worker.pipeline.evaluate.record_decision import Decided
from worker.pipeline.poll.clever import COLLECTIONS
from worker.runtime.count_text import counted
from worker.sandbox.district import SandboxDistrict

_EITHER: Final = frozenset({Outcome.REVIEW, Outcome.COMMIT})


async def connected(scene: Scene) -> Decided:
    """Let the worker find the district and read it whole."""
    sizes = {name: len(scene.district.collections[name]) for name in COLLECTIONS}
    students = scene.clever.students
    with scene.teller.chapter("A district connects in Clever"):
        scene.teller.say(
            f"Clever is simulated by a sandbox at {scene.address}. District {scene.clever.id} has "
            "connected our "
            f"application and shares {counted(students, 'student')}, "
            f"{counted(sizes['users'] - students, 'other user')}, {counted(sizes['sections'], 'section')} "
            f"and {counted(sizes['schools'], 'school')}."
        )
        with scene.teller.waiting("waiting for the worker to find the district"):
            await scene.live.found()
        scene.teller.say(
            "The worker found it in Clever's list of connected districts and reads all of it, page by page. "
            "This is the baseline:"
        )
        baseline = await _baseline(scene, sum(sizes.values()))
        expect("records read", sizes, baseline.records)
        scene.teller.table(terminal_story.records_table(baseline.records))
        scene.teller.say(
            f"{counted(sum(sizes.values()), 'record')}, read within {baseline.seconds:.1f} s after the "
            "district was found. From now on the worker follows the district's event feed. Everything "
            "below happens in Clever."
        )
        return await scene.decision({Outcome.REVIEW} if scene.invented else _EITHER)


async def _baseline(scene: Scene, total: int) -> Baseline:
    with scene.teller.counting("records", total) as progress:
        return await scene.live.baseline(progress)


async def review(scene: Scene, decided: Decided) -> Json:
    """Show the review, and the causes that it names."""
    with scene.teller.chapter(f"The preflight finds errors: review {decided.sequence}"):
        review = await scene.review(decided)
        scene.teller.table(terminal_story.review_table(review))
        errors, causes = review["findings"]["errors"], len(review["causes"])
        scene.teller.say(
            f"Every student must belong to exactly one class. {_sections_a_student(scene.district)} You do "
            f"not have to read these findings one by one: the review groups {counted(errors, 'error')} into "
            f"{several(causes, 'cause')}, {'each ' if causes > 1 else ''}with its owner and what to do."
        )
        scene.causes(review)
        scene.teller.say(
            "A single error blocks the whole district; warnings do not. So nothing is committed, and "
            "operations get an alert."
        )
        return review


def _sections_a_student(district: SandboxDistrict) -> str:
    counts = {len(district.sections_of(one["id"])) for one in district.students()}
    if not counts:
        return "This district has no students to roster, and no filter can change that."
    most, least = max(counts), min(counts)
    span = counted(most, "section") if least == most else f"{least} to {counted(most, 'section')}"
    return f"At the moment every section counts, and each student is in {span}."


async def suggestions(scene: Scene, review: Json) -> Suggested:
    """Show what the review suggests, and try it; return the suggestion that is worth setting."""
    with scene.teller.chapter("The review suggests a section filter"):
        suggestions = suggested(review)
        scene.teller.say(
            "A filter decides which sections count. The review searched the district's own sections for the "
            "best ones: how many students would have exactly one class, no class, or more than one? The text "
            "is worded like Clever's sharing rules and can be sent to the district as it is."
        )
        scene.teller.table(terminal_story.suggestions_table(suggestions))
        if review["suggestions"][0]["cut_short"]:
            scene.teller.say("The search ran out of time: there may be better ones.")
        best = chosen(suggestions)
        await _trials(scene, best)
        if scene.invented and not best.coverage.is_complete:
            raise StoryFailed("expected a suggestion that gives every student one section, got none")
        return best


async def _trials(scene: Scene, best: Suggested) -> None:
    """Try the suggestion, and next to it the most obvious filter."""
    scene.teller.say(
        "You can try any filter on the whole district without changing anything. Here is the obvious one, "
        f"by Clever's subject, compared with {best.label}:"
    )
    with scene.teller.waiting("trying filters"):
        by_subject = await scene.live.try_filter(BY_SUBJECT_LABEL, BY_SUBJECT)
        tried = await scene.live.try_filter(best.label, best.section_filter)
    expect(f"coverage of {best.label}", best.coverage, tried.coverage)
    scene.teller.table(terminal_story.trials_table([by_subject, tried]))
    _, none, many = by_subject.coverage
    if none or many:
        scene.teller.say(
            f"The subject alone is not enough: of the {counted(by_subject.classes, 'section')} that it "
            f"keeps, {counted(many, 'student')} would have more than one class and {none:,} no class, "
            "so nothing would be committed. The suggestion does what the review promised."
        )


def stays_in_review(scene: Scene, suggestion: Suggested) -> None:
    """Tell that no filter will do, and whom the best one leaves over."""
    with scene.teller.chapter("None of them will do: the district stays in review"):
        left = suggestion.coverage.none + suggestion.coverage.several
        scene.teller.say(
            f"No filter gives every student exactly one section. The closest is {suggestion.label}; it "
            f"leaves {counted(left, 'student')} without exactly one class:"
        )
        scene.teller.table(terminal_story.leftovers_table(suggestion.said))
        more = suggestion.said["leftover_groups"] - terminal_story.LISTED
        if more > 0:
            scene.teller.say(f"And {counted(more, 'more school and grade', 'more schools and grades')}.")
        scene.teller.say(
            "Nothing is committed until every student has exactly one class. You can follow the causes, "
            "check "
            "the sections of these students and try your own filter, or ask the district for sharing rules "
            "that select one section per student."
        )


def no_suggestion(scene: Scene) -> None:
    """Tell that the filter is not what has to change."""
    with scene.teller.chapter("No filter would help: the district stays in review"):
        scene.teller.say(
            "The review has no suggestions. Fix the causes it names; the commit follows when the last "
            "error is "
            "gone."
        )


async def filter_set(scene: Scene, suggestion: Suggested) -> Decided:
    """Put the suggestion in force, as a person does."""
    with scene.teller.chapter("A person sets the filter"):
        scene.teller.say(
            "So far nothing has changed: suggestions are never applied automatically. A person decides. "
            f"{scene.actor} now sets the filter with `rostering filter set`."
        )
        version = await scene.live.set_filter(suggestion.section_filter, scene.actor, suggestion.label)
        scene.teller.say(
            f"Version {version} of the district's filter is set, and the whole district is evaluated again:"
        )
        scene.teller.line(suggestion.said["text"], "green")
        return await scene.decision({Outcome.COMMIT} if scene.invented else {*Outcome})


async def other_errors(scene: Scene, decided: Decided) -> None:
    """Tell what else is wrong where the filter alone did not do."""
    with scene.teller.chapter("Other errors remain: the district stays in review"):
        if decided.outcome is Outcome.REVIEW:
            review = await scene.review(decided)
            scene.teller.table(terminal_story.review_table(review))
            scene.causes(review)
        scene.teller.say(
            "Every student now has exactly one class, but there are other errors, so still nothing is "
            "committed. `rostering show` has the details. The commit follows when the last error is gone."
        )


async def first_commit(scene: Scene, decided: Decided) -> None:
    """Show the first commit, and prove it."""
    with scene.teller.chapter(f"No errors: commit {decided.sequence}"):
        await scene.commit(decided.sequence)
        scene.teller.say(
            "This consumer only has the messages. It applied the changes and computed the digest of the "
            "result. Both digests are equal: it has exactly the district's roster."
        )
