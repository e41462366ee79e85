"""What the first suggestion is worth in each generated district: `python -m tests.suggest.verdicts`."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Final

from pydantic import BaseModel

from tests.suggest.surveys import suggestions
from tests.support.districts.habits import HABITS, District, Habit
from tests.support.districts.habits.verdict import Judgment, judge
from worker.domain.roster.records import RecordKind
from worker.domain.roster.section_filter import Condition, SectionFilter
from worker.suggest.suggestions import Suggestion

PATIENCE: Final = 60
PATIENCE_WITH_HOPELESS: Final = 1
"""Seconds, in which nothing is found however long it takes."""
LONG_ENOUGH_TO_TELL: Final = 4
"""Letters of a name's beginning by which people know whose it is."""


def suggested(habit: Habit, district: District) -> list[Suggestion]:
    """Return what is suggested to a habit's district."""
    finds_nothing = habit.is_hopeless and habit.partial is None
    seconds = PATIENCE_WITH_HOPELESS if finds_nothing else PATIENCE
    return suggestions(district.records, district.today, seconds=seconds)


def judge_first(district: District, found: Sequence[Suggestion]) -> Judgment:
    """Judge the suggestion that is put first, if there is one."""
    return judge(district, found[0].section_filter if found else None)


def names_told(district: District, found: Sequence[Suggestion]) -> set[str]:
    """Return the words in suggestions that are people's names or the beginning of one.

    A word of a school's name is no beginning: Rivera may teach at River High School.
    """
    told = {word for one in found for text in _texts(one) for word in words_of(text)}
    schools = {word for name in _school_names(district) for word in words_of(name)}
    beginnings = {word for word in told - schools if _begins_one(word, district.names)}
    return (told & district.names) | beginnings


def words_of(text: str) -> list[str]:
    """Return the words of a text, without case."""
    return re.findall(r"[^\W\d_]+", text.casefold())


def rules_of(section_filter: SectionFilter) -> str:
    """Return a filter in one line."""
    rules = " | ".join(" & ".join(map(_told, rule.all)) for rule in section_filter.rules) or "everything"
    extras: list[str] = [section_filter.strategy] if section_filter.strategy != "union" else []
    extras += ["current terms"] if section_filter.current_term_only else []
    extras += [f"grades {','.join(section_filter.scope.grades)}"] if section_filter.scope.grades else []
    extras += [f"{len(section_filter.scope.schools)} schools"] if section_filter.scope.schools else []
    return f"{rules} ({'; '.join(extras)})" if extras else rules


def _told(condition: Condition) -> str:
    value = condition.value if isinstance(condition.value, str) else "/".join(condition.value)
    return f"{condition.field} {condition.op} '{value}'"


def _school_names(district: District) -> list[str]:
    return [
        record.get("name", "") for (kind, _), record in district.records.items() if kind is RecordKind.SCHOOL
    ]


def _begins_one(word: str, names: frozenset[str]) -> bool:
    return len(word) >= LONG_ENOUGH_TO_TELL and any(name.startswith(word) for name in names)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from _texts(value.model_dump())
    elif is_dataclass(value):
        for one in fields(value):
            yield from _texts(getattr(value, one.name))
    elif isinstance(value, dict):
        yield from (text for one in value.values() for text in _texts(one))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (text for one in value for text in _texts(one))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each habit and seed, and the totals."""
    parser = argparse.ArgumentParser(prog="python -m tests.suggest.verdicts", description=__doc__)
    parser.add_argument("habits", nargs="*", help="names of habits; all if left out")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    chosen = parser.parse_args(arguments)
    totals: Counter[str] = Counter()
    for habit in HABITS:
        if habit.name in chosen.habits or not chosen.habits:
            for seed in chosen.seeds:
                _print_verdict(habit, seed, totals)
    _say(", ".join(f"{name}: {count}" for name, count in sorted(totals.items())))


def _print_verdict(habit: Habit, seed: int, totals: Counter[str]) -> None:
    district = habit.district(seed)
    started = time.process_time()
    found = suggested(habit, district)
    seconds = time.process_time() - started
    judged = judge_first(district, found)
    totals[judged.verdict] += 1
    told = names_told(district, found)
    totals["names told"] += bool(told)
    rules = rules_of(found[0].section_filter) if found else "no suggestion"
    marks = "  NAMES TOLD" if told else ""
    _say(f"{habit.name:32} {seed:2} {judged.verdict:13} {judged.share:6.1%} {seconds:5.2f} s  {rules}{marks}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
