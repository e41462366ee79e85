"""`python -m tests.mutants`: see the package."""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import groupby
from queue import SimpleQueue
from typing import Final

from tests.mutants.edit import Mutant
from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.groups import DISTRICTS, GROUPS, ROOT, sample
from tests.mutants.outcome import INVALID, NOTICED, SURVIVED, TIMED_OUT, Outcome
from tests.mutants.reruns import Trial, trials_of, tried
from tests.mutants.runner import Runner, copied

ENOUGH: Final = 0.95
"""Of the mutants that matter, those that must be noticed."""
KNOWN: Final = "equivalent"


def main() -> int:
    """Try a sample, print what became of it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make mutants", description="Put small faults into the program.")
    parser.add_argument("--mutants", type=int, default=60, help="how many to try")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another sample")
    parser.add_argument("--only", default="", help="only files whose path has this in it")
    parser.add_argument("--group", default="", choices=["", *GROUPS, DISTRICTS], help="only this group")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--list", action="store_true", help="print the sample and try nothing")
    options = parser.parse_args()
    chosen = sample(options.mutants, options.seed, options.only, group=options.group)
    if options.list:
        _say(*(f"{group}: {mutant.name}" for group, mutant in chosen))
        return 0
    return report(_tried(chosen, options.jobs))


def _tried(chosen: list[tuple[str, Mutant]], jobs: int) -> list[tuple[str, Mutant, Outcome]]:
    """Try each that matters in a run of pytest a job, and then what is left of Python in copies of the tree.

    A class, a default, and what another process runs can be changed only there.
    """
    mutants = [mutant for _, mutant in chosen if mutant.name not in EQUIVALENT]
    found = {mutant.name: Outcome(KNOWN) for _, mutant in chosen}
    found |= _tried_in_place(mutants, jobs)
    left = [m for m in mutants if m.path.endswith(".py") and found[m.name].what == SURVIVED]
    found |= _tried_in_copies(left, jobs)
    return [(group, mutant, found[mutant.name]) for group, mutant in chosen]


def _tried_in_place(mutants: list[Mutant], jobs: int) -> dict[str, Outcome]:
    """Try all of one statement, or of one function, in the same run."""
    parts: defaultdict[int, list[Trial]] = defaultdict(list)
    trials = sorted(trials_of(ROOT, mutants), key=_target)
    for at, (_, of_one) in enumerate(groupby(trials, _target)):
        parts[at % jobs] += of_one
    with ThreadPoolExecutor(jobs) as pool:
        found = {
            trial.name: trial.outcome
            for part in pool.map(lambda part: tried(ROOT, part), parts.values())
            for trial in part
        }
    for name, outcome in found.items():
        _say_outcome(name, outcome)
    return found


def _target(trial: Trial) -> str:
    return trial.target


def _tried_in_copies(mutants: list[Mutant], jobs: int) -> dict[str, Outcome]:
    """Try mutants of Python, some at a time, each of these in a copy of its own."""
    with ExitStack() as stack, ThreadPoolExecutor(jobs) as pool:
        free: SimpleQueue[Runner] = SimpleQueue()
        for _ in range(jobs if mutants else 0):
            free.put(stack.enter_context(closing(Runner(stack.enter_context(copied())))))

        def outcome(mutant: Mutant) -> Outcome:
            runner = free.get()
            try:
                found = runner.outcome(mutant)
            finally:
                free.put(runner)
            _say_outcome(mutant.name, found)
            return found

        return dict(zip((mutant.name for mutant in mutants), pool.map(outcome, mutants), strict=True))


def _say_outcome(name: str, found: Outcome) -> None:
    _say(f"{found.what:<10} {found.seconds:5.0f} s  {name}  [{found.by or f'{found.tries} tried'}]")


def report(tried: list[tuple[str, Mutant, Outcome]]) -> int:
    """Print the table and those that survived; return 1 where too few were noticed."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for group, _, found in tried:
        counts[group][found.what] += 1
        counts["all"][found.what] += 1
    columns = (NOTICED, TIMED_OUT, SURVIVED, KNOWN, INVALID)
    _say("", f"{'':<10}" + "".join(f"{column:>12}" for column in columns) + "   share noticed")
    for group in sorted(counts, key="all".__eq__):
        figures = "".join(f"{counts[group][column]:>12}" for column in columns)
        _say(f"{group:<10}{figures}   {share(counts[group]):.0%}")
    for group, mutant, found in tried:
        if found.what == SURVIVED:
            _say("", f"survived ({group}, {found.tries} tests or files tried):", f"  {mutant.name}")
    return 0 if share(counts["all"]) >= ENOUGH else 1


def share(counts: Counter[str]) -> float:
    """Return how many were noticed of those that matter."""
    noticed = counts[NOTICED] + counts[TIMED_OUT]
    return noticed / max(1, noticed + counts[SURVIVED])


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
