"""The first chapters: a district connects in Clever, and what it takes until its first commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from worker.decisions import Decided
from worker.demo import candidates, telling
from worker.demo.candidates import BY_SUBJECT, CANDIDATES, Trial
from worker.demo.live import Baseline, StoryFailed
from worker.demo.scene import Scene, expect
from worker.demo.telling import number
from worker.domain.decision import Outcome
from worker.ports.clever import COLLECTIONS
from worker.sandbox.district import District

_EITHER: Final = frozenset({Outcome.REVIEW, Outcome.COMMIT})


async def connected(scene: Scene) -> Decided:
    """Let the worker find the district and read it whole."""
    sizes = {name: len(scene.district.collections[name]) for name in COLLECTIONS}
    students = scene.clever.students
    with scene.teller.chapter("A district connects in Clever"):
        scene.teller.say(
            f"Clever is our sandbox here, a server at {scene.address} that answers as Clever does. District "
            f"{scene.clever.id} has connected our application and shares {number(students, 'student')}, "
            f"{number(sizes['users'] - students, 'other user')}, {number(sizes['sections'], 'section')} and "
            f"{number(sizes['schools'], 'school')}."
        )
        with scene.teller.waiting("waiting for the worker to find the district"):
            await scene.live.found()
        scene.teller.say(
            "The worker has found it by its token, in Clever's list of connected districts, and reads it "
            "whole, page by page. That is its baseline:"
        )
        baseline = await _baseline(scene, sum(sizes.values()))
        expect("records read", sizes, baseline.records)
        scene.teller.table(telling.records_table(baseline.records))
        scene.teller.say(
            f"{number(sum(sizes.values()), 'record')}, all of them read {baseline.seconds:.1f} s after the "
            "district was found. From now on the worker follows the district's feed of events, and "
            "everything below happens in Clever."
        )
        return await scene.decision({Outcome.REVIEW} if scene.invented else _EITHER)


async def _baseline(scene: Scene, total: int) -> Baseline:
    with scene.teller.counting("records", total) as progress:
        return await scene.live.baseline(progress)


async def review(scene: Scene, decided: Decided) -> bool:
    """Show the review; return whether there are students to find a filter for."""
    with scene.teller.chapter(f"The preflight finds errors: review {decided.sequence}"):
        review = await scene.review(decided)
        scene.teller.table(telling.review_table(review))
        scene.teller.say(
            f"Every student must belong to exactly one class. {_sections_a_student(scene.district)} One "
            "error blocks the whole district, warnings are only told: so nothing is committed, this review "
            "tells why, and an alert goes to operations."
        )
        return bool(review["students"]["total"])


def _sections_a_student(district: District) -> str:
    counts = {len(district.sections_of(one["id"])) for one in district.students()}
    if not counts:
        return "There is none to be rostered, and no filter can change that."
    most, least = number(max(counts), "section"), min(counts)
    return f"Now every section counts, and each student sits in {least} to {most}."


async def trials(scene: Scene) -> Trial:
    """Try filters; return the best."""
    with scene.teller.chapter("Looking for a section filter"):
        scene.teller.say(
            "A filter says which sections count. Each of these is tried on the whole district, which "
            "changes nothing. How many students then have exactly one section, none, or several?"
        )
        with scene.teller.waiting("trying filters"):
            tried = await scene.live.try_filters(CANDIDATES, lambda _what, _count: None)
        best = candidates.best(tried)
        scene.teller.table(telling.trials_table(tried, best))
        if best.coverage.is_complete:
            scene.teller.say("Of those that serve every student the first is taken, as the simplest.")
            _why_not_by_subject(scene, tried, best)
        elif scene.invented:
            raise StoryFailed("expected a filter that gives every student one section, there is none")
        return best


def _why_not_by_subject(scene: Scene, tried: Sequence[Trial], best: Trial) -> None:
    by_subject = next(trial for trial in tried if trial.candidate is BY_SUBJECT)
    wrong = by_subject.coverage.none + by_subject.coverage.several
    if not wrong:
        return
    kept = candidates.kept_sections(scene.district, BY_SUBJECT.section_filter)
    also = kept.keys() - candidates.kept_sections(scene.district, best.candidate.section_filter).keys()
    scene.teller.say(
        "The subject is the obvious choice, and not good enough: of the "
        f"{number(len(kept), 'section')} it keeps, {len(also):,} are not kept by the best filter. "
        f"With them {number(by_subject.coverage.several, 'student')} would sit in several, and "
        f"{by_subject.coverage.none:,} in none."
    )


def stays_in_review(scene: Scene, trial: Trial) -> None:
    """Tell that no filter will do, and whom the closest one leaves over."""
    with scene.teller.chapter("None of them will do: the district stays in review"):
        left = candidates.leftovers(scene.district, trial.candidate.section_filter)
        scene.teller.say(
            f"No filter gives every student exactly one section. The closest is {trial.candidate.label}; "
            f"it leaves {number(sum(map(len, left.values())), 'student')} over:"
        )
        scene.teller.table(telling.leftovers_table(left))
        scene.teller.say(
            "Nothing is committed until every student has one. What to do: look at the sections of these "
            "students, write a filter of your own and try it (the command is below); or ask the "
            "district for sharing rules that name one section for each student."
        )


async def filter_set(scene: Scene, trial: Trial) -> Decided:
    """Put the best filter in force."""
    with scene.teller.chapter("The filter is set"):
        scene.section_filter = trial.candidate.section_filter
        version = await scene.live.set_filter(scene.section_filter, scene.actor)
        scene.teller.say(
            f"Version {version} of the district's filter is in force: {trial.candidate.label}. The whole "
            "district is judged anew by it."
        )
        return await scene.decision({Outcome.COMMIT} if scene.invented else {*Outcome})


async def other_errors(scene: Scene, decided: Decided) -> None:
    """Tell what else is wrong where the filter alone did not do."""
    with scene.teller.chapter("Other errors remain: the district stays in review"):
        if decided.outcome is Outcome.REVIEW:
            scene.teller.table(telling.review_table(await scene.review(decided)))
        scene.teller.say(
            "Every student has exactly one section now, but something else is wrong, so that still "
            "nothing is committed. What to do: have it put right in the district's student information "
            "system. `rostering show` tells how it stands. When the change that removes the last error "
            "arrives, the commit follows."
        )


async def first_commit(scene: Scene, decided: Decided) -> None:
    """Show the first commit, and prove it."""
    with scene.teller.chapter(f"No error: commit {decided.sequence}"):
        await scene.commit(decided)
        scene.teller.say(
            "This consumer knows nothing but the messages. It applied the changes and took the digest of "
            "what it had then. The two are equal: it has the district's roster to the letter."
        )
