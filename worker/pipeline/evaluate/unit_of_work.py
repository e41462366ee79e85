"""One district's evaluation at a time: its window, its events, what is decided on it and what goes out.

`worker.adapters.postgres` answers, inside one transaction. Everything here takes and gives plain values of
the domain; every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from worker.domain.alerts.incidents import Problem
from worker.domain.preflight.approval import Approval, Ended
from worker.domain.preflight.checks import ErrorChanges, StandingFinding
from worker.domain.preflight.turnover import SchoolLimits, Turnovers
from worker.domain.preflight.window import WindowLimits
from worker.domain.review.causes.facts import (
    Blocked,
    ClassChange,
    Copies,
    Others,
    Removals,
    SameValues,
    SchoolGrade,
    SharedSections,
    Sign,
)
from worker.domain.review.causes.former_classes import FormerClass
from worker.domain.review.causes.labels import ConcernedSection, Label, SectionsTogether
from worker.domain.review.causes.new_classes import KeptText
from worker.domain.review.kept_suggestions import KeptSuggestions
from worker.domain.roster.records import Json
from worker.domain.roster.section_filter import SectionView
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.evaluate.rosters import EvaluatedRoster, OpenFinding
from worker.pipeline.evaluate.section_signs import NO_SIGNS, SectionSigns
from worker.pipeline.evaluate.state import Adopted, ClosedWindow, Conclusion, DistrictState

if TYPE_CHECKING:  # NumPy is slow to load, and most commands count nothing
    from worker.suggest.picture_builder import PictureBuilder


class SuggestionMemory(Protocol):
    """What was suggested to the district under evaluation, and what new suggestions are found in."""

    async def advice(self) -> KeptSuggestions | None:
        """Return what was suggested last; None where nothing was."""

    async def keep_advice(self, advice: KeptSuggestions) -> None:
        """Keep what was suggested, in the place of what was before."""

    async def standing_classes(self) -> dict[str, int]:
        """Return the classes of the last commit, with how many of its students each section still lists."""

    async def picture(self) -> PictureBuilder:
        """Read the district as it is staged in this evaluation."""


class SectionFigures(Protocol):
    """What the sections of blocked students have in common."""

    async def concerned_sections(self) -> list[ConcernedSection]:
        """Return the kept sections of students who are in several."""

    async def sections_together(self) -> list[SectionsTogether]:
        """Return the sets of kept sections that two or more students are in, those of most students first."""

    async def kept_texts(self, but: Collection[str]) -> list[KeptText]:
        """Return what conditions may read of the sections that the filter keeps, but for some."""

    async def new_homes(self) -> list[SectionView]:
        """Return sections that are new since the last commit, and list students in none but nobody in one.

        Looks at some new sections.
        """

    async def teacher_names(self) -> dict[str, tuple[str | None, ...]]:
        """Return every name of the known teachers of sections, and of the committed ones, by id."""

    def sections_of_bare_students(self) -> AsyncIterator[SectionView]:
        """Yield the live sections of the students in no kept one, without their students."""

    async def sections_of_unknown_terms(self) -> dict[str, str]:
        """Return kept sections of students in several whose term has no days, with the ids of the terms."""

    async def alike(
        self, together: Sequence[SectionsTogether], *, is_filtered: bool
    ) -> dict[tuple[str, ...], Sign]:
        """Return which of these sets have the same students and are co-taught, or doubled.

        Unless a filter picks sections of one kind (`is_filtered`), they must have a subject or a course.
        """

    async def copies(self, sets: Sequence[Sequence[str]]) -> Copies:
        """Return what else students of such sets of sections are in.

        Looks at one student of some of them.
        """

    async def sections_by_labels(
        self, labels: Mapping[str, Label]
    ) -> dict[tuple[Label, ...], dict[str, int]]:
        """Return some of the sections of students with the same kinds of them, and how many are in each."""

    async def former_classes(self) -> list[FormerClass]:
        """Return the classes of the last commit of students who are in no class now, the largest first."""

    async def classmates_placed(self, classes: Collection[str]) -> dict[str, int]:
        """Return how many students of these classes the plan puts into another class of their school."""

    async def schools_without_sections(self, schools: Collection[str]) -> list[str]:
        """Return which of these schools have no shared section."""

    async def shared_sections(self) -> SharedSections:
        """Return what is shared of sections in all; reads every section."""

    async def school_names(self, schools: Collection[str]) -> dict[str, str]:
        """Return what these schools are called, as shared or as committed; "" of one without a name."""

    async def shares_schools(self) -> bool:
        """Return whether any school's own record is shared."""


class ErrorFigures(SectionFigures, Protocol):
    """Figures of the open errors of the district under evaluation: what causes are folded from."""

    async def students_with_two_ids(self) -> list[str]:
        """Return the committed students, and the newcomers, who agree in a number, or in name and grade.

        Looks at every committed student.
        """

    async def blocked_students(
        self, labels: Mapping[str, Label] | None, signs: SectionSigns = NO_SIGNS
    ) -> list[Blocked]:
        """Return the blocked students; `labels` say of what kind the sections are (None: not asked)."""

    async def blank_before(self) -> list[str]:
        """Return the required fields that are blank, and were so in the last commit for some of the students.

        Looks at some students with each field.
        """

    async def same_values(self) -> dict[str, SameValues]:
        """Return what students with the same value in a unique field have in common, by the field.

        Looks at some students with each field.
        """

    async def other_errors(self) -> list[Others]:
        """Return the errors on everything but students."""

    async def cohorts(self, schools: Collection[str]) -> dict[SchoolGrade, int]:
        """Return how many students in scope each grade of these schools has."""

    async def removals(self, classes_committed: int) -> Removals:
        """Return what the plan removes."""

    async def class_changes(self, today: date | None) -> list[ClassChange]:
        """Return whom the plan puts into another class, and what became of the classes they were in.

        `today` tells which terms are over, None where that is no matter.
        """

    async def is_connected(self) -> bool:
        """Return whether the district is connected in Clever, so that it can be read from there."""

    async def has_shared_students(self) -> bool:
        """Return whether Clever shares any student, in scope or not."""


class Guards(Protocol):
    """What guards count of the district under evaluation, over some hours."""

    async def turnovers(
        self, after: datetime, committed: int, limits: SchoolLimits
    ) -> tuple[Turnovers, Turnovers]:
        """Return what commits after this moment with the plan removed or moved, and what the plan alone.

        `committed` are the students committed now. Schools are those that more students than the floor left,
        or changed class at; of one that is within the limits it is only known that it is.
        """

    async def most_moved(self, after: datetime, committed: int, limits: SchoolLimits) -> Turnovers:
        """Return what both counts of `turnovers` are at most, of rosters that are at least so large.

        It costs a fraction of the counts themselves.
        """

    async def restart_count(self) -> None:
        """Forget all that commits moved so far: what comes next is counted from here."""

    async def end_confirmation(self) -> None:
        """Use up what a person confirmed of a filter."""


class BaselineAdoption(Protocol):
    """A baseline that waits to be adopted, and what is demanded of the next one."""

    async def adopt_baseline(self, limit: int) -> Adopted | None:
        """Stage what a baseline that is ready has read, in the place of what is staged; None without one.

        The floor of the feed rises to its seed. At most `limit` changes come back.
        """

    async def keep_demanded_fields(self) -> None:
        """Keep what the policy in force demands of students, and delete what only another one did."""

    async def demand_fields(self) -> None:
        """Have a connected district read again where fields are demanded that were not kept."""

    async def mend_floor(self) -> int | None:
        """Bring a floor that lies ahead of now down to what is stored, and have the district read again.

        Returns how many records were staged by it; None where the floor is sound.
        """


class DistrictReads(Protocol):
    """What is asked of the district under evaluation before it is decided."""

    async def district_record(self) -> Json | None:
        """Return what Clever last told of the district itself and its sync."""

    async def remaining_events(self) -> int:
        """Return how many of the district's events still wait in the inbox."""

    async def changed_errors(self) -> ErrorChanges:
        """Return how many errors are new, and how many resolved, since the district's last review."""

    async def first_findings(self, limit: int) -> list[StandingFinding]:
        """Return open findings with their age, errors first, in a stable order."""

    def plan_changes(self, *, names_replaced: bool) -> AsyncIterator[str]:
        """Yield the plan's changes as JSON, in the order a commit has them.

        With `names_replaced` a student who comes in the place of one who goes names that one.
        """

    async def is_on_hold(self) -> bool:
        """Whether a person has stopped the district's commits; if not, nobody does before this ends."""

    async def open_approval(self) -> Approval | None:
        """Return the approval of a plan of the district that is open."""

    async def findings_before(self) -> Sequence[OpenFinding]:
        """Return the open findings on the district and its schools, as the last evaluation left them."""


class DecisionWrites(Protocol):
    """What a decision writes."""

    async def note_incidents(self, found: Mapping[str, Problem | None], batch_id: str) -> None:
        """Note what is wrong with the district now, by code, None where nothing is; tell what is news."""

    async def mark_reported(self) -> None:
        """Take the open errors for the ones that the last review told."""

    async def forget_reported(self) -> None:
        """Forget what the last review told, since the district left it."""

    async def end_approval(self, approval: Approval, ended: Ended) -> None:
        """End an approval, for good."""

    async def enqueue(self, messages: Sequence[OutboxMessage]) -> None:
        """Put messages into the outbox, behind those that are there: what is too much to conclude with."""

    async def set_parts(self, parts: int) -> None:
        """Tell the parts of this evaluation's commit how many they are."""

    async def write_conclusion(self, conclusion: Conclusion) -> None:
        """Write what the evaluation ends with, save `state`, and close the window.

        The window stays open for what came meanwhile, or was put off.
        """

    async def close_window(self) -> None:
        """Close the window, whose request is answered; keep open what came meanwhile."""


class Evaluation(
    EvaluatedRoster,
    SuggestionMemory,
    ErrorFigures,
    Guards,
    BaselineAdoption,
    DistrictReads,
    DecisionWrites,
    Protocol,
):
    """One evaluation: the district's lock and a transaction, committed when the context is left well."""

    window: ClosedWindow
    state: DistrictState


class Evaluations(Protocol):
    """Where districts whose window is due come from."""

    def next(self, limits: WindowLimits) -> AbstractAsyncContextManager[Evaluation | None]:
        """Lock the district that has been due for longest; None while none is.

        Districts that time alone gives reason to judge anew become due first.
        """

    async def failed(self, district_id: str, error: str, back_off: timedelta, limit: int) -> bool:
        """Count an evaluation that raised; return whether the district is parked for it."""

    async def put_off(self, district_id: str, error: str, for_how_long: timedelta) -> None:
        """Let others come first after an evaluation that no fault of the district failed; count nothing."""

    async def wait(self, seconds: float) -> None:
        """Return when somebody says that a window is due, or after `seconds`."""
