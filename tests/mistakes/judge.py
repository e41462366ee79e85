"""Whether a review tells the truth of a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.mistakes.bases import where
from tests.mistakes.district import District, Json
from tests.mistakes.mistake import Mistake
from tests.mistakes.world import Judged, Told, World
from tests.support.sampling import part_of, tries_all
from worker.domain.roster.texts import folded

RIGHT: Final = "right"
NAME: Final = "name told"
FORBIDDEN: Final = "forbidden advice"
OWNER: Final = "wrong owner"
CAUSE: Final = "wrong cause"
SCHOOL: Final = "school not named"
GRAVEST_FIRST: Final = (NAME, FORBIDDEN, OWNER, CAUSE, SCHOOL)


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a review; nothing, where it is right."""

    faults: tuple[tuple[str, str], ...]
    """What kind of fault, and which."""
    said: tuple[str, ...]
    """What the review said: each cause with its owner, then the suggestions."""

    @property
    def summary(self) -> str:
        kinds = {kind for kind, _ in self.faults}
        return next((kind for kind in GRAVEST_FIRST if kind in kinds), RIGHT)

    @property
    def text(self) -> str:
        """All of it, for a person."""
        faults = [f"{kind}: {what}" for kind, what in self.faults]
        return "\n".join([*(faults or [RIGHT]), *(f"    {line}" for line in self.said)])


_NAMED: Final = re.compile(r"(?<=named )(?:“[^”]+”(?: with |, | and )?)+")
"""What sections are said to be named."""
_LEFT_OUT: Final = re.compile(r"Those named (.+?) were not classes at the last commit: let the filter leave")
"""What a rule is said to leave out."""
_KIND: Final = re.compile(r"“([^”]+)”(?: with “([^”]+)”)?")

PARTS: Final = 3


def is_mended(case: Mistake) -> bool:
    """Tell whether what the review says is done as well: for one mistake in three, or for all."""
    return tries_all() or part_of(case.name, PARTS) == 0


async def tried(world: World, number: int, case: Mistake, *, mends: bool = True) -> Verdict:
    """Make the mistake at a district of its own, judge the review, do what it should say, and judge again."""
    told = world.new(number) if case.is_first_load else await world.committed(number, case.base)
    try:
        base = case.base()
        classes = await told.classes()
        changed = base.copy()
        case.change(changed)
        judged = await told.becomes(changed)
        if not case.owners or judged.outcome != "review":
            return Verdict(tuple(_outcome_faults(case, judged)), tuple(_said(judged.review)))
        faults = [*_review_faults(case, judged.review, [base, changed])]
        if mends:
            after = await told.becomes(_mended(case, base, changed))
            faults += _fix_faults(case, judged, after)
            faults += await _rule_faults(told, changed, judged.review)
            if moved := await _moved_by_first_suggestion(told, changed, judged.review, classes):
                faults.append((FORBIDDEN, f"the first suggestion takes {moved} students out of their class"))
        return Verdict(tuple(faults), tuple(_said(judged.review)))
    finally:
        await told.close()


def _mended(case: Mistake, base: District, changed: District) -> District:
    """Return the district once what the review should say was done."""
    if case.fix is None:
        return base
    mended = changed.copy()
    case.fix(mended)
    return mended


async def _rule_faults(told: Told, changed: District, review: Json) -> list[tuple[str, str]]:
    """Leave out what a cause says that the filter should leave out; tell how many students stay without."""
    for cause in review["causes"]:
        if (advice := _LEFT_OUT.search(cause["advice"])) is None:
            continue
        tried = changed.copy()
        kinds = [second or first for first, second in _KIND.findall(advice[1])]
        left_out = [where("name", "not_contains", kind) for kind in kinds]
        for rule in tried.filter["rules"]:
            rule["all"] = [*rule["all"], *left_out]
        now = await told.becomes(tried)
        ready = now.review["students"]["ready"] if now.outcome == "review" else review["students"]["total"]
        if ready < review["students"]["ready"] + cause["unblocks"]:
            return [(FORBIDDEN, f"without {kinds} only {ready} students are ready")]
    return []


async def _moved_by_first_suggestion(
    told: Told, changed: District, review: Json, classes: dict[str, str | None]
) -> int:
    """Set the first filter suggested; return how many students it takes from a class that lists them."""
    first = next((one for one in review["suggestions"] if not one["in_force"]), None)
    if first is None:
        return 0
    listed = {section["id"]: section["students"] for section in changed.all_of("sections")}
    changed = changed.copy()
    changed.filter = first["filter"]
    await told.becomes(changed)
    return sum(
        now not in {None, classes.get(student)} and student in listed.get(classes.get(student), ())
        for student, now in (await told.classes()).items()
    )


def _outcome_faults(case: Mistake, judged: Judged) -> Iterator[tuple[str, str]]:
    if case.owners:
        yield CAUSE, f"no review: {judged.outcome}"
    elif judged.outcome not in {"commit", "unchanged"}:
        yield CAUSE, f"no error, but {judged.outcome}"


def _review_faults(case: Mistake, review: Json, seen: list[District]) -> Iterator[tuple[str, str]]:
    causes = review["causes"]
    main = max(causes, key=_weight)
    yield from _harm(case, review, seen)
    if main["owner"] not in case.owners:
        yield OWNER, f"{main['owner']}, not {' or '.join(case.owners)}"
    for cause in causes:
        if cause is not main:
            yield CAUSE, f"a second cause, {cause['code']}"
    for fact in case.says:
        if not re.search(fact.pattern, main["advice"], re.IGNORECASE):
            yield SCHOOL if fact.is_school else CAUSE, f"does not tell {fact.what}"
    if review["students"]["blocked"] != case.blocked:
        yield CAUSE, f"{review['students']['blocked']} students blocked, not {case.blocked}"
    wanted = case.blocked if case.unblocks is None else case.unblocks
    if main["unblocks"] != wanted:
        yield CAUSE, f"unblocks {main['unblocks']}, not {wanted}"


def _harm(case: Mistake, review: Json, seen: list[District]) -> Iterator[tuple[str, str]]:
    """Tell what should not be in a review, in whichever of its causes it is."""
    told = " ".join(cause["advice"] for cause in review["causes"])
    text = told.casefold()
    for name in _names(seen):
        # Of hundreds of names hardly one is in the text, and a pattern for each takes far longer.
        if name.casefold() in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", told, re.IGNORECASE):
            yield NAME, name
    names = [folded(section["name"]) for district in seen for section in district.all_of("sections")]
    for run in re.findall(r"“([^”]+)”", " ".join(_NAMED.findall(told))):
        if not any(folded(run) in name for name in names):
            yield FORBIDDEN, f"no section is named {run!r}"
    for pattern in case.never:
        if found := re.search(pattern, told, re.IGNORECASE):
            yield FORBIDDEN, f"{found.group()!r}"
    if review["suggestions"] and not case.suggests:
        yield FORBIDDEN, f"{len(review['suggestions'])} filters suggested"


def _fix_faults(case: Mistake, judged: Judged, after: Judged) -> Iterator[tuple[str, str]]:
    """Tell where the fix of the table does not do what the table says: then the table is wrong."""
    blocked = after.review["students"]["blocked"] if after.outcome == "review" else 0
    made_ready = judged.review["students"]["blocked"] - blocked
    wanted = case.blocked if case.unblocks is None else case.unblocks
    if made_ready != wanted:
        yield CAUSE, f"the fix makes {made_ready} students ready, not {wanted}"
    if after.outcome == "review" and not case.blocked:
        codes = ", ".join(after.review["findings"]["by_code"])
        yield CAUSE, f"the fix leaves {codes}"


def _weight(cause: Json) -> int:
    """Return how many students a cause is about."""
    return int(cause["students"] + (cause["removed"] or 0) + (cause["class_changes"] or 0))


def _names(seen: list[District]) -> set[str]:
    """Return what would tell who somebody is: names, addresses and numbers of people, names of sections."""
    names = set[str]()
    for district in seen:
        names |= {section["name"] for section in district.all_of("sections")}
        for user in district.all_of("users"):
            names |= {user["name"].get("last", ""), user["name"].get("first", ""), user["email"]}
            role = user["roles"].get("student") or {}
            names |= {role.get(field, "") for field in ("sis_id", "student_number", "state_id", "dob")}
    return names - {""}


def _said(review: Json) -> Iterator[str]:
    for cause in review.get("causes", ()):
        figures = (
            f"{name}={cause[name]}"
            for name in ("students", "unblocks", "removed", "class_changes")
            if cause[name] is not None
        )
        yield f"[{cause['owner']}] {cause['code']} ({', '.join(figures)}) {cause['advice']}"
    for suggestion in review.get("suggestions", ()):
        yield f"suggested: {suggestion['text']}"
