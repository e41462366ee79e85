"""What kind of section a section is, by what tells it apart from the others that its students are in.

People see labels, and reviews carry them, so that a label must never be a teacher's name: a word of a
section's name counts only if it is public (see `worker.domain.roster.public_words`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from worker.domain.roster.name_words import SURNAMES, is_homeroom, words
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import Json, RecordId, Section, Term
from worker.domain.roster.terms import TermCalendar
from worker.domain.roster.texts import is_blank
from worker.domain.roster.written import runs_as_written

LONGEST_SHOWN: Final = 60
"""Characters of a label that a sentence tells."""
COMMON_PERCENT: Final = 60
"""Of the sections concerned: a word in more of them tells nothing apart, unless it is all that there is."""


_SAMPLE: Final = 100
"""Sections of a kind whose names are looked at for how its words are written."""
TELLING_PERCENT: Final = 50
"""Of the students with two homerooms: a word that so many of them have in one only tells the two apart."""


class SectionsTogether(NamedTuple):
    """Kept sections that so many students are in together."""

    sections: Sequence[str]
    students: int


class LabelKind(StrEnum):
    """Where a label was found, the most telling first."""

    WORD = "word"
    SUBJECT = "subject"
    COURSE = "course"
    PERIOD = "period"
    GRADE = "grade"
    TERM = "term"
    OTHER = "other"


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """A kind of section, as students are in it; `several` where they are in two or more of the kind."""

    kind: LabelKind
    text: str
    is_current: bool = True
    several: bool = False
    written: tuple[str, ...] = field(default=(), compare=False)
    """Of words: the runs of them as they stand in the names of most such sections."""

    def __str__(self) -> str:
        """Return it as a sentence names it: words as a rule of a section filter finds them."""
        match self.kind:
            case LabelKind.WORD:
                return " with ".join(f"“{_short(run)}”" for run in self.written or (self.text,))
            case LabelKind.OTHER:
                return "others"
            case _:
                return f"{self.kind} “{_short(self.text)}”"

    def is_part_of(self, other: Label) -> bool:
        """Whether a rule that finds these words finds the other ones, too."""
        return self.kind is other.kind and set(self.text.split()) <= set(other.text.split())


@dataclass(frozen=True, slots=True)
class ConcernedSection:
    """A kept section that a student in several of them is in, as far as a label needs it."""

    id: str
    name: str | None = None
    subject: str | None = None
    course: str | None = None
    period: str | None = None
    grade: str | None = None
    term: Term | None = None
    teachers: Sequence[str] = ()
    school_id: str | None = None
    was_class: bool = False
    """Whether it was a class in the last commit."""
    lost_term: bool = False
    """Whether it had a term then, and has none now."""
    record: Json = field(default_factory=dict)
    """All of it, without its students."""
    is_changed: bool = False
    """Whether it is new since then, or has changed, but for its students."""
    before: Json | None = None
    """Of one that changed: what it was then; None of one that is new."""
    students: int = 0
    """Students in scope for whom it counts."""
    torn: int = 0
    """How many of them are in another kept section as well."""

    @property
    def alone(self) -> int:
        """Students who are in no other kept section."""
        return max(0, self.students - self.torn)

    def counts_by(self, calendar: TermCalendar) -> bool:
        """Whether its term counts."""
        term_id = self.term.id if self.term else None
        school_id = RecordId(self.school_id) if self.school_id else None
        named = Section(RecordId(self.id), school_id=school_id, term_id=term_id)
        return calendar.counts(named, self.term)


def label_sections(
    sections: Sequence[ConcernedSection],
    teacher_words: Collection[str],
    known_teachers: Collection[str],
    calendar: TermCalendar,
    together: Sequence[SectionsTogether] = (),
) -> dict[str, Label]:
    """Return each section's label.

    `teacher_words` are the words of the names of `known_teachers`, ids of teachers of this district.
    Homerooms that students have `together` are told apart by the words that only one of them has.
    """
    vocabulary = vocabulary_of(sections, teacher_words, known_teachers)
    public = {section.id: _public_words(section, vocabulary) for section in sections}
    frequency = Counter(word for found in public.values() for word in set(found) if word)
    common = len(sections) * COMMON_PERCENT / 100
    found = {
        section.id: _label(section, public[section.id], frequency, common, vocabulary, calendar)
        for section in sections
    }
    second = _second_words(found, public, together)
    found = {
        section: replace(label, text=_with_second(label.text, public[section], second)) if second else label
        for section, label in found.items()
    }
    return _as_written(found, {section.id: section.name or "" for section in sections})


def _as_written(labels: Mapping[str, Label], names: Mapping[str, str]) -> dict[str, Label]:
    """Return the labels with their words as they are written in the names of most of some such sections."""
    runs: dict[str, Counter[tuple[str, ...]]] = {}
    for section, label in labels.items():
        if label.kind is LabelKind.WORD:
            found = runs.setdefault(label.text, Counter())
            if found.total() < _SAMPLE:
                found[_runs(names[section], label.text)] += 1
    most = {
        text: min(found, key=lambda run: (-found[run], run != (text,), run)) for text, found in runs.items()
    }
    return {
        section: replace(label, written=most[label.text]) if label.kind is LabelKind.WORD else label
        for section, label in labels.items()
    }


def _runs(name: str, text: str) -> tuple[str, ...]:
    """Return the words of a label as they stand in a name: a homeroom word may stand there as two."""
    wanted, said = set(text.split()), words(name)
    places = {place for place, word in enumerate(said) if word in wanted}
    apart = wanted.difference(said)
    for place, two in enumerate(pairwise(said)):
        if "".join(two) in apart:
            apart.discard("".join(two))
            places |= {place, place + 1}
    return runs_as_written(name, places)


def _second_words(
    labels: Mapping[str, Label], public: Mapping[str, Sequence[str]], together: Sequence[SectionsTogether]
) -> frozenset[str]:
    """Return the words that tell apart sections of one homeroom word that students have together.

    "AM Homeroom" and "PM Homeroom" are two kinds where most students with two homerooms have one of each.
    """
    students, telling = 0, Counter[str]()
    for sections, number in together:
        words_of = [set(public[section]) for section in sections if section in labels]
        texts = {labels[section].text for section in sections if section in labels}
        if len(words_of) < 2 or len(texts) > 1 or not is_homeroom(*texts):  # noqa: PLR2004 — one is no pair
            continue
        students += number
        telling.update(dict.fromkeys(_in_some_only(words_of), number))
    return frozenset(word for word, number in telling.items() if number * 100 >= students * TELLING_PERCENT)


def _in_some_only(words_of: Sequence[set[str]]) -> set[str]:
    first, *others = words_of
    return first.union(*others) - first.intersection(*others) - {""}


def _with_second(text: str, public: Sequence[str], second: Collection[str]) -> str:
    if not is_homeroom(text):
        return text
    told = list(dict.fromkeys(word for word in public if word == text or word in second))
    return " ".join(told if text in told else [text, *told])


def vocabulary_of(
    sections: Sequence[ConcernedSection], teacher_words: Collection[str], known_teachers: Collection[str]
) -> Vocabulary:
    """Return the words of sections, of which it tells which are public."""
    vocabulary = Vocabulary(teacher_words)
    for section in sections:
        knows_one = any(teacher in known_teachers for teacher in section.teachers)
        for text in filter(None, (section.name, section.course, section.period, section.subject)):
            vocabulary.add(text, section.school_id, section.teachers, knows_one=knows_one)
    return vocabulary


def _public_words(section: ConcernedSection, vocabulary: Vocabulary) -> list[str]:
    """Return the words of the name in order, with an empty text in the place of each that is not public."""
    return [word if vocabulary.is_public(word) else "" for word in words(section.name or "")]


def _label(
    section: ConcernedSection,
    public: Sequence[str],
    frequency: Mapping[str, int],
    common: float,
    vocabulary: Vocabulary,
    calendar: TermCalendar,
) -> Label:
    is_now = section.counts_by(calendar)
    homeroom = _homeroom_word(section, vocabulary.teacher_words)
    if homeroom:
        return Label(LabelKind.WORD, homeroom, is_now)
    found = {word for word in public if word}
    telling = {word for word in found if frequency[word] <= common} or found
    if telling:
        word = min(telling, key=lambda one: (-frequency[one], one))
        return Label(LabelKind.WORD, _phrase(public, word, frequency), is_now)
    for kind, text in (
        (LabelKind.SUBJECT, section.subject),
        (LabelKind.COURSE, section.course),
        (LabelKind.PERIOD, section.period),
        (LabelKind.GRADE, section.grade),
        (LabelKind.TERM, section.term.name if section.term else None),
    ):
        if text and not is_blank(text) and vocabulary.is_public_text(text):
            return Label(kind, " ".join(text.split()), is_now)
    return Label(LabelKind.OTHER, "", is_now)


def _homeroom_word(section: ConcernedSection, teacher_words: Collection[str]) -> str | None:
    """Return the word of the name that means the class of every student, written as one."""
    found = words(section.name or "")
    for candidate in (*found, *("".join(two) for two in pairwise(found))):
        if is_homeroom(candidate) and not (candidate in SURNAMES and candidate in teacher_words):
            return candidate
    return None


def _phrase(public: Sequence[str], word: str, frequency: Mapping[str, int]) -> str:
    """Return the word with its neighbours that are in as many sections: they belong to one expression."""
    first = last = public.index(word)
    while first > 0 and frequency.get(public[first - 1]) == frequency[word]:
        first -= 1
    while last + 1 < len(public) and frequency.get(public[last + 1]) == frequency[word]:
        last += 1
    return " ".join(public[first : last + 1])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
