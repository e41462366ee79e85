"""The story: what happens to a district from its arrival to its first changes, chapter by chapter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from worker.decisions import Decided
from worker.demo import candidates, telling
from worker.demo.candidates import BY_SUBJECT, CANDIDATES, Trial
from worker.demo.consumer import Json
from worker.demo.live import LiveDistrict, StoryFailed
from worker.demo.telling import Teller, number
from worker.domain.decision import Outcome
from worker.domain.filter import KEEP_ALL, SectionFilter
from worker.sandbox import changes
from worker.sandbox.changes import Feed
from worker.sandbox.district import District

BLANKED: Final = "sis_id"
"""The required field that one student loses: without it a product cannot find him again."""
CHANGES_A_DAY: Final = 25


@dataclass(slots=True)
class Story:
    """One district's story; `invented` says that we made the district, so that we know how it turns out."""

    teller: Teller
    live: LiveDistrict
    district: District
    feed: Feed
    actor: str
    invented: bool
    section_filter: SectionFilter = KEEP_ALL

    async def tell(self) -> None:
        """Tell it to its end, which for a district that we did not make may be the review it stays in.

        Raises `StoryFailed` where something else came than the story says.
        """
        decided = await self._arrival()
        if decided.outcome is Outcome.REVIEW:
            if not await self._review(decided):
                return None
            if not (trial := await self._trials()).coverage.is_complete:
                return await self._stays_in_review(trial)
            decided = await self._set(trial)
            if decided.outcome is not Outcome.COMMIT:
                return await self._other_errors(decided)
        await self._first_commit(decided)
        await self._school_day()
        student, good = await self._broken_student()
        await self._repair(student, good)
        return None

    async def _arrival(self) -> Decided:
        sizes = {name: len(records) for name, records in self.district.collections.items()}
        students = sum(1 for _ in self.district.students())
        total = sum(sizes.values())
        with self.teller.chapter("A district arrives"):
            self.teller.say(
                f"District {self.district.id} shares everything it has: "
                f"{number(students, 'student')}, {number(sizes['users'] - students, 'other user')}, "
                f"{number(sizes['sections'], 'section')}, {number(sizes['schools'], 'school')}. "
                'Every record comes as one "created" event.'
            )
            with self.teller.counting("events", total) as progress:
                count = await self.live.publish(
                    self.feed, changes.arrival(self.district, self.feed), progress
                )
            self.teller.say(f"{number(count, 'event')} published and stored; the feed was read to its end.")
            return await self._decision({Outcome.REVIEW} if self.invented else _EITHER)

    async def _review(self, decided: Decided) -> bool:
        """Show the review; return whether there are students to find a filter for."""
        with self.teller.chapter(f"The preflight finds errors: review {decided.sequence}"):
            review = await self.live.review(decided)
            self.teller.table(telling.review_table(review))
            self.teller.say(
                f"Every student must belong to exactly one class. {self._sections_a_student()} One error "
                "blocks the whole district, warnings are only told: so nothing is committed, this review "
                "tells why, and an alert goes to operations."
            )
            return bool(review["students"]["total"])

    def _sections_a_student(self) -> str:
        counts = {len(self.district.sections_of(one["id"])) for one in self.district.students()}
        if not counts:
            return "There is none to be rostered, and no filter can change that."
        most, least = number(max(counts), "section"), min(counts)
        return f"Now every section counts, and each student sits in {least} to {most}."

    async def _trials(self) -> Trial:
        with self.teller.chapter("Looking for a section filter"):
            self.teller.say(
                "A filter says which sections count. Each of these is tried on the whole district, which "
                "changes nothing. How many students then have exactly one section, none, or several?"
            )
            with self.teller.waiting("trying filters"):
                trials = await self.live.try_filters(CANDIDATES, lambda _what, _count: None)
            best = candidates.best(trials)
            self.teller.table(telling.trials_table(trials, best))
            if best.coverage.is_complete:
                self.teller.say("Of those that serve every student the first is taken, as the simplest.")
                self._why_not_by_subject(trials, best)
            elif self.invented:
                raise StoryFailed("expected a filter that gives every student one section, there is none")
            return best

    def _why_not_by_subject(self, trials: list[Trial], best: Trial) -> None:
        by_subject = next(trial for trial in trials if trial.candidate is BY_SUBJECT)
        wrong = by_subject.coverage.none + by_subject.coverage.several
        if not wrong:
            return
        kept = candidates.kept_sections(self.district, BY_SUBJECT.section_filter)
        also = kept.keys() - candidates.kept_sections(self.district, best.candidate.section_filter).keys()
        self.teller.say(
            "The subject is the obvious choice, and not good enough: of the "
            f"{number(len(kept), 'section')} it keeps, {len(also):,} are not kept by the best filter. "
            f"With them {number(by_subject.coverage.several, 'student')} would sit in several, and "
            f"{by_subject.coverage.none:,} in none."
        )

    async def _stays_in_review(self, trial: Trial) -> None:
        with self.teller.chapter("None of them will do: the district stays in review"):
            left = candidates.leftovers(self.district, trial.candidate.section_filter)
            self.teller.say(
                f"No filter gives every student exactly one section. The closest is {trial.candidate.label}; "
                f"it leaves {number(sum(map(len, left.values())), 'student')} over:"
            )
            self.teller.table(telling.leftovers_table(left))
            self.teller.say(
                "Nothing is committed until every student has one. What to do: look at the sections of these "
                "students, write a filter of your own and try it (the command is below); or ask the "
                "district for sharing rules that name one section for each student."
            )

    async def _set(self, trial: Trial) -> Decided:
        """Put the best filter in force."""
        with self.teller.chapter("The filter is set"):
            self.section_filter = trial.candidate.section_filter
            version = await self.live.set_filter(self.section_filter, self.actor)
            self.teller.say(
                f"Version {version} of the district's filter is in force: {trial.candidate.label}. The whole "
                "district is judged anew by it."
            )
            return await self._decision({Outcome.COMMIT} if self.invented else {*Outcome})

    async def _other_errors(self, decided: Decided) -> None:
        with self.teller.chapter("Other errors remain: the district stays in review"):
            if decided.outcome is Outcome.REVIEW:
                self.teller.table(telling.review_table(await self.live.review(decided)))
            self.teller.say(
                "Every student has exactly one section now, but something else is wrong, so that still "
                "nothing is committed. What to do: have it put right in the district's student information "
                "system. `rostering show` tells how it stands. When the change that removes the last error "
                "arrives, the commit follows."
            )

    async def _first_commit(self, decided: Decided) -> None:
        with self.teller.chapter(f"No error: commit {decided.sequence}"):
            commit = await self._commit(decided)
            self._prove(commit)
            self.teller.say(
                "This consumer knows nothing but the messages. It applied the changes and took the digest of "
                "what it had then. The two are equal: it has the district's roster to the letter."
            )

    async def _school_day(self) -> None:
        with self.teller.chapter("A school day"):
            kept = candidates.kept_sections(self.district, self.section_filter)
            events = changes.day_of_changes(
                self.district, self.feed, seed=1, count=CHANGES_A_DAY, kept=frozenset(map(str, kept))
            )
            if not events:
                self.teller.say("The district is too small for anything to happen in it.")
                return
            await self.live.publish(self.feed, events)
            self.teller.say("Students move, come and leave, data is corrected, teachers take over sections:")
            self.teller.table(telling.events_table(events))
            decided = await self._decision(
                {Outcome.COMMIT} if self.invented else {Outcome.COMMIT, Outcome.UNCHANGED}
            )
            if decided.outcome is Outcome.UNCHANGED:
                self.teller.say("Nothing of it changes the roster, so that nothing is published.")
                return
            self.teller.say(
                f"One batch, and commit {decided.sequence} with what it changes in the roster. The rest is "
                "in sections that do not count, or in fields that are not committed."
            )
            self._prove(await self._commit(decided))

    async def _broken_student(self) -> tuple[str, object]:
        student = self.live.consumer.ids("student")[0]
        good = self.district.users[student]["roles"]["student"].get(BLANKED)
        with self.teller.chapter("One student's data breaks"):
            events = changes.blank_field(self.district, self.feed, student, BLANKED)
            self.teller.say(f"An update of student {student} comes with a blank {BLANKED}.")
            await self.live.publish(self.feed, events)
            decided = await self._decision({Outcome.REVIEW})
            review = await self.live.review(decided)
            self.teller.table(telling.findings_table(review))
            blocked, total = review["students"]["blocked"], review["students"]["total"]
            _expect("blocked students", 1, blocked)
            self.teller.say(
                f"{blocked} of {total:,} students is blocked, and that holds the whole district back. "
                f"Review {decided.sequence} tells {number(review['findings']['new'], 'new error')}, with the "
                "student by id only. What was committed stays as it is."
            )
        return student, good

    async def _repair(self, student: str, good: object) -> None:
        with self.teller.chapter("What comes meanwhile waits; the repair lets it through"):
            await self._newcomer(student)
            events = changes.set_field(self.district, self.feed, student, BLANKED, good)
            await self.live.publish(self.feed, events)
            decided = await self._decision({Outcome.COMMIT})
            self.teller.say(
                f"Then the {BLANKED} is put right, and commit {decided.sequence} holds all that waited. The "
                "repaired student is not in it: the record is again what was committed before, and what is "
                "unchanged is never sent."
            )
            self._prove(await self._commit(decided))
            status = (await self.live.show())["status"]
            _expect("status of the district", "rostered", status)
            self.teller.say(f"The review is over and the alert resolved: the district is {status}.")

    async def _newcomer(self, classmate: str) -> None:
        """Let a new student come while the district stands in review."""
        role = self.district.users[classmate]["roles"]["student"]
        sections = self.district.sections_of(classmate)
        events = changes.new_student(
            self.district, self.feed, role["school"], role.get("grade") or "", sections
        )
        before = self.live.consumer.sequence
        await self.live.publish(self.feed, events)
        await self._decision({Outcome.UNCHANGED})
        details = await self.live.show()
        _expect("commits", before, details["commits"])
        waiting = sum(sum(counts.values()) for counts in details["plan"]["counts"].values())
        self.teller.say(
            f"A new student comes and joins {number(len(sections), 'section')}: "
            f"{number(len(events), 'event')}. The error is still the same, so that nothing is published; "
            f"{number(waiting, 'change')} of the roster {'waits' if waiting == 1 else 'wait'}."
        )

    async def _decision(self, expected: Collection[Outcome]) -> Decided:
        with self.teller.waiting("waiting for the decision"):
            return await self.live.decision(expected)

    async def _commit(self, decided: Decided) -> Json:
        with self.teller.waiting("waiting for the commit"):
            commit = await self.live.commit(decided)
        self.teller.table(telling.commit_table(commit))
        return commit

    def _prove(self, commit: Json) -> None:
        self.teller.say("The digest of the roster, as the commit says it and as a consumer has it:")
        self.teller.line(f"commit    {commit['roster']['digest']}", "green")
        self.teller.line(f"consumer  {self.live.consumer.digest}", "green")


_EITHER: Final = frozenset({Outcome.REVIEW, Outcome.COMMIT})


def _expect(what: str, expected: object, came: object) -> None:
    if expected != came:
        raise StoryFailed(f"{what}: expected {expected}, came {came}")
