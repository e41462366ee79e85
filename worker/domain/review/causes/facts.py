"""What causes are folded from: figures, never records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from worker.domain.preflight.policy import Code
from worker.domain.review.causes.former_classes import FormerClassFate
from worker.domain.review.causes.labels import Label
from worker.domain.review.causes.new_classes import NewClass
from worker.domain.review.causes.new_homes import NewHome
from worker.domain.roster.records import Term
from worker.domain.roster.section_filter import SectionFilter
from worker.domain.roster.student_fields import ALWAYS_KEPT

WORTH_COUNTING: Final = 5
"""Students of one school from which it is worth asking how many there are in all."""


class ErrorKey(NamedTuple):
    """What tells one kind of error of a student from another."""

    code: Code
    field: str = ""


class Sign(StrEnum):
    """What is to be seen of a student's sections and is no matter of the section filter."""

    TERM_NOT_RUNNING = "term_not_running"
    """In none of a current term, and one that the rules match would count if its term ran."""
    TERM_AHEAD = "term_ahead"
    """The same, where the terms of all that would count begin later."""
    CLASS_OVER = "class_over"
    """In others of a current term, and one that the rules match would count if its term were not over."""
    CLASS_AHEAD = "class_ahead"
    """The same, where the terms of all that would count begin later."""
    TERM_UNKNOWN = "term_unknown"
    """In several, and only one, or of one term, would be left without those whose term is not known."""
    REISSUED = "reissued"
    """There under two ids: one is committed, and a newcomer agrees in a number, or in name and grade."""
    CO_TAUGHT = "co_taught"
    """In several that list the same students and differ by their teachers alone."""
    DOUBLED = "doubled"
    """In several that list the same students and differ by their own numbers alone."""


@dataclass(frozen=True, slots=True)
class Copies:
    """What else some students are in who are in sections that are alike."""

    others: int
    """Sections that are none of those."""
    copied: int
    """Of these, the sections of which there is another one that differs by its own numbers alone."""
    with_term: int
    """Of those that are alike, the sections that have a term."""

    @property
    def are_all(self) -> bool:
        """Whether most other sections are there twice as well."""
        return self.copied * 100 > self.others * _MOST_PERCENT


_MOST_PERCENT: Final = 50


@dataclass(frozen=True, slots=True)
class SameValues:
    """What students with the same value in a unique field have in common, in numbers of values."""

    values: int
    of_one: int = 0
    """All who have it have the same name."""
    of_others: int = 0
    """All have different names."""
    were_apart: int = 0
    """All had different values in the last commit."""
    one_listed: int = 0
    """Two have it, and one of these is in a section."""
    one_old: int = 0
    """Two have it, and one of these was in the last commit."""
    one_of_both: int = 0
    """Two have it, and the one in a section is the one that was in the last commit."""

    @property
    def are_of_one(self) -> bool:
        """Whether two records of one student have each value."""
        return self.of_one == self.values

    @property
    def are_rewritten(self) -> bool:
        """Whether most values are other ones than in the last commit."""
        return self.were_apart * 100 > self.values * _MOST_PERCENT


class TermState(StrEnum):
    """Whether a section's term is current."""

    CURRENT = "current"
    OVER = "over"
    """It has ended, or its days are the wrong way round."""
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class TermFacts:
    """What a cause says of terms, as of one day."""

    today: date
    ended: Term | None = None
    """The term of the sections concerned that ended last, None where none did."""
    following: Term | None = None
    """The next term; else the one that runs now, of which they are in no section; None where none is."""
    reversed: Sequence[Term] = ()
    """Terms of the sections concerned whose days are the wrong way round."""
    begun: Term | None = None
    """The term that began after `ended` and runs now, of which they are in no section."""


class SchoolGrade(NamedTuple):
    """A grade of a school; None where the students have none."""

    school_id: str | None
    grade: str | None


@dataclass(frozen=True, slots=True)
class Blocked:
    """So many students of one grade of a school who have just the same errors.

    `labels` say, where they are in several classes and the filter has rules, of what kinds these are;
    `is_listed`, where they are in none, whether any shared section lists them.
    """

    since: Mapping[ErrorKey, datetime]
    """Each of their errors with the oldest finding of it."""
    students: int
    place: SchoolGrade
    labels: tuple[Label, ...] = ()
    is_listed: bool = True
    sign: Sign | None = None
    former: FormerClassFate | None = None
    """Where they are in no class: what became of the one that they had in the last commit."""
    is_added: bool = False
    """Where they are in several classes: whether each of these was a class in the last commit already."""
    came_from: str | None = None
    """The school of the last commit, if it was another one: of students in no class, of students in several
    who are no longer at that one, where it is asked, and of students whose school is blank."""
    class_schools: tuple[str, ...] = ()
    """Where they are in several classes: the schools of these, if they are two or more."""
    is_new: bool = False
    """Where they are in no class: whether they were not in the last commit."""
    lost: tuple[str, ...] = ()
    """The required fields that are blank now, and were not in the last commit."""
    was_grade: str | None = None
    """Where they are in no class, or their grade is blank: that of the last commit, if it was another one."""
    news: NewClass | None = None
    """Where they are in several classes of which one was a class in the last commit: what the others are."""
    home: NewHome | None = None
    """Where they are in no class: why a new section is not kept that lists them, and nobody who has one."""


@dataclass(frozen=True, slots=True)
class Others:
    """Errors of one code that are on no student: how many, on what (some of it), the oldest of them."""

    code: Code
    findings: int
    record_ids: Sequence[str]
    since: datetime
    waiting: int = 0
    """Of quarantined events: how many."""
    records: Sequence[str] = ()
    """Of kinds that vanished: which, as in teachers."""


@dataclass(frozen=True, slots=True)
class Removed:
    """So many committed students of one grade of a school whom the plan removes.

    `is_staged`: they are still shared, and out of our filter's scope.
    """

    place: SchoolGrade
    students: int
    is_staged: bool = False
    grade_now: str | None = None
    """Of those still shared: their grade now."""
    listed: int = 0
    """How many of them are still listed by shared sections."""
    reissued: int = 0
    """How many of them come back under another id: a newcomer agrees in a number, or in name and grade."""
    moved_to: str | None = None
    """Of those still shared: the school that they are at now, if it is another one."""


@dataclass(frozen=True, slots=True)
class Removals:
    """What the plan removes, where it removes too much."""

    students: Sequence[Removed]
    gone_schools: frozenset[str] = frozenset()
    """Schools whose own record was deleted."""
    classes_committed: int = 0
    classes_removed: int = 0
    classes_new: int = 0
    newcomers: Mapping[str, int] = field(default_factory=dict)
    """Students that the plan adds, by school."""
    regraded: int = 0
    """Committed students whom the plan removes, or has in another grade; 0 where no grade is out of scope."""
    others_at: Mapping[str, int] = field(default_factory=dict)
    """Of the schools out of scope that students moved to: how many others sections there list, by school."""


class Fate(StrEnum):
    """What became of the class that a student was in; the values come from the store."""

    NEW_ID = "new_id"
    """Its section was deleted, and is there again under another id, with the same SIS id."""
    RENEWED = "renewed"
    """Its section was deleted, and one like it takes its place."""
    UNSHARED = "unshared"
    """Its section is no longer shared; he falls into another one."""
    NOT_KEPT = "not_kept"
    """Its section is shared and lists him still; the filter keeps another one of his."""
    TERM_OVER = "term_over"
    """The term of its section is over, and only sections of current terms count."""
    MOVED = "moved"
    """Its section was deleted, and the student is in one like it at another school."""
    LEFT = "left"
    """Its section is shared and no longer lists the student."""
    MADE_ANEW = "made_anew"
    """Its section was deleted, and a new one with the same students takes its place."""
    MERGED = "merged"
    """Its section was deleted, and all of its students are in one other class that was there before."""


@dataclass(frozen=True, slots=True)
class ClassChange:
    """So many committed students of one grade of a school whom the plan puts into another class."""

    place: SchoolGrade
    students: int
    fate: Fate
    is_promoted: bool = False
    """Whether their grade changes with it."""
    sections: Sequence[str] = ()
    """Some of the classes that they would sit in."""
    moved_to: str | None = None
    """The school that they are at now, if it is another one."""


@dataclass(frozen=True, slots=True)
class SharedSections:
    """What is shared of sections in all; asked for where no student has a class."""

    sections: int
    are_lists_filled: bool
    """Whether any of them lists a student."""
    only_subject: str | None = None
    """The subject that all of them have, if that is not homeroom; None where there are several, or few."""
    have_homerooms: bool = True
    """Whether the name or the subject of any of them has a word for the class of every student."""

    @property
    def are_all_empty(self) -> bool:
        """Whether there are sections, and none lists a student."""
        return self.sections > 0 and not self.are_lists_filled


@dataclass(frozen=True, slots=True)
class CauseFacts:
    """All that causes depend on."""

    district_id: str
    students: int
    """Students in scope."""
    plan_digest: str
    students_committed: int = 0
    """Students in the last commit."""
    was_rostered: bool = False
    is_filter_new: bool = False
    """Whether the filter in force is another version than that of the last commit."""
    committed_fields: frozenset[str] = frozenset()
    """Student fields that were demanded at the last commit, besides those that are always kept."""
    blank_before: frozenset[str] = frozenset()
    """Required fields that were blank in the last commit already: they were not required then."""
    same_values: Mapping[str, SameValues] = field(default_factory=dict)
    """By the unique field: what students with the same value have in common."""
    has_rules: bool = False
    homeroom_words: Sequence[str] = ()
    """What its rules look for that means the class of every student."""
    filter_fields: Sequence[str] = ()
    """The fields of sections that its rules read."""
    today: date | None = None
    running_terms: Sequence[Term] = ()
    """Terms with dates that run today; asked for where many change class, or are in several current ones."""
    overlapping_terms: Sequence[Term] = ()
    """Where only current terms count: the term of the former classes of students in several, and the one
    that begins and ends later and has all of their other sections; none where it is not so."""
    sections_without_term: int = 0
    """Where only current terms count: classes of students in several that lost their term, if most did."""
    new_without_term: int = 0
    """The same: classes of students in several that are new and have no term, if all others have one."""
    copies: Copies | None = None
    """Where students are in sections that are alike: what else they are in."""
    are_all_without_term: bool = False
    """Of students in several: whether none of their classes has a term, or is known to have one."""
    undated_terms: Sequence[str | None] = ()
    """Of sections whose term has no dates: what the terms are called, None of one that is not known."""
    scope_text: str = ""
    """The filter's scope: grade 3 at two schools."""
    unmatched_grades: Sequence[str] = ()
    """Grades of the scope that no shared student has."""
    unmatched_schools: Sequence[str] = ()
    """Schools of the scope, as they are written there, that no shared student is at."""
    current_term_only: bool = False
    has_scope: bool = False
    is_scope_by_grade: bool = False
    blocked: Sequence[Blocked] = ()
    cohorts: Mapping[SchoolGrade, int] = field(default_factory=dict)
    """Students in scope of each grade of the schools that `schools_to_count` and removals named."""
    sections: Mapping[tuple[Label, ...], Mapping[str, int]] = field(default_factory=dict)
    """By the kinds of their several classes: some of the sections, each with how many students are in it."""
    lessons: frozenset[Label] = frozenset()
    """Kinds that say a lesson, a special or a break, as math and lunch do, if no class was of them: no class
    that everybody has."""
    new_kinds: Sequence[Label] = ()
    """Kinds of the several classes of students, of which no class of the last commit was."""
    new_classes: Mapping[NewClass, Sequence[str]] = field(default_factory=dict)
    """By what they are: kept sections of students in several that were no classes in the last commit."""
    new_homes: Mapping[NewHome, Sequence[str]] = field(default_factory=dict)
    """By why they are not kept: new sections that list students in no class, and nobody who has one."""
    offers: Sequence[SectionFilter] = ()
    """Filters by which such sections would not count, or would."""
    former_classes: Mapping[FormerClassFate, Sequence[str]] = field(default_factory=dict)
    """By what became of them: the former classes of students in no class, those of most students first."""
    shared_sections: SharedSections | None = None
    schools_without_sections: frozenset[str] = frozenset()
    """Of the schools that students in no class came to: those of which no section is shared."""
    school_names: Mapping[str, str] = field(default_factory=dict)
    """Of the schools concerned that are shared or committed: what they are called, "" of one without name."""
    shares_schools: bool = False
    """Whether any school's own record is shared."""
    others: Sequence[Others] = ()
    removals: Removals | None = None
    class_changes: Sequence[ClassChange] = ()
    has_shared_students: bool = False
    """Whether any student is shared at all; asked for where none is in scope."""
    is_connected: bool = False
    """Whether the district can be read from Clever; asked for where a new reading would help."""
    signs: Mapping[Sign, Sequence[str]] = field(default_factory=dict)
    """The sections in which each sign is seen."""
    terms: TermFacts | None = None
    """Where a term that does not run is such a sign."""

    @property
    def lacks_homerooms(self) -> bool:
        """Whether a first load has no section of what the filter looks for, nor of what else means that."""
        shared = self.shared_sections
        return bool(self.homeroom_words and shared and not shared.have_homerooms) and not self.was_rostered

    @property
    def is_filter_old(self) -> bool:
        """Whether the filter in force is that of the last commit, by which each student was in one class."""
        return self.was_rostered and not self.is_filter_new

    def is_newly_required(self, name: str) -> bool:
        """Whether a required field of students was not required at the last commit."""
        was_kept = name in self.committed_fields or name in ALWAYS_KEPT
        return self.was_rostered and (name in self.blank_before or not was_kept)


_OF_SCHOOLS: Final = frozenset({Code.NO_SECTION, Code.FIELD_MISSING, Code.MULTIPLE_SECTIONS})


def schools_to_count(blocked: Sequence[Blocked]) -> set[str]:
    """Return the schools of which it matters whether nearly all their students have an error."""
    counts: Counter[tuple[str, ErrorKey]] = Counter()
    for group in blocked:
        for key in group.since:
            if group.place.school_id and key.code in _OF_SCHOOLS:
                counts[group.place.school_id, key] += group.students
    return {school for (school, _), students in counts.items() if students >= WORTH_COUNTING}


def schools_to_name(facts: CauseFacts) -> set[str]:
    """Return the schools that a cause may name."""
    removed = facts.removals.students if facts.removals else ()
    moved = [(group.place.school_id, group.moved_to) for group in facts.class_changes]
    moved += [(group.place.school_id, group.moved_to) for group in removed]
    places = [(group.place.school_id, group.came_from, *group.class_schools) for group in facts.blocked]
    named = {school for schools in (*places, *moved) for school in schools if school}
    named |= {one.now for one in facts.new_classes if one.field == "school" and one.now}
    return named | {*(facts.removals.newcomers if facts.removals else ())}
