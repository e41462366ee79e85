"""Which tests fit a mutant: those that were seen to run the function or the statement that is changed.

Where no test was seen to run a function, they are found by imports: the tests that import its module, then
those that import what imports it. A statement that no test was seen to run has none.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Container
from functools import cache, cached_property
from itertools import accumulate
from pathlib import Path
from typing import Final

from tests.mutants.edit import Mutant
from tests.mutants.executed import FUNCTIONS, STATEMENTS, Executed
from tests.mutants.groups import SQL

FAST: Final = ("unit", "properties", "repository", "suggest")
REAL: Final = ("contract", "model", "cases", "sandbox")
MOST: Final = 6
"""Files of a round that needs servers."""
SPECIAL: Final = 25
"""Tests of a first round: those that run little else."""
MOST_OF_STATEMENT: Final = 60
"""Tests that are tried on a statement."""
LONGEST: Final = 150
"""Seconds that the tests of a round take together, at most."""
FAR: Final = 3
"""Steps along the imports, or the calls, after which a test does not fit."""
STORE: Final = re.compile("store|database|site|console|page|Feed")
"""What a test names that has a PostgreSQL."""
ALSO: Final = {
    "worker/pipeline/evaluate/candidate/": ("tests/model/test_evaluation.py",),
    "worker/pipeline/evaluate/record_decision.py": ("tests/model/test_evaluation.py",),
    "worker/pipeline/evaluate/stage.py": ("tests/model/test_evaluation.py",),
    "worker/pipeline/ingest/stage.py": ("tests/contract/test_intake_under_faults.py",),
}
"""Tests that fit by what they do, by a part of the path."""


class FittingTests:
    """The test files of a tree."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tests = {tier: sorted((root / "tests" / tier).glob("test_*.py")) for tier in (*FAST, *REAL)}
        self._executed = {what: Executed(root, what) for what in (FUNCTIONS, STATEMENTS)}
        self._helpers = {file.stem: file for file in sorted((root / "tests").rglob("*.py"))}

    def rounds(self, mutant: Mutant) -> list[list[str]]:
        """Return files to run, round by round: first those that take least and fit best."""
        if seen := self._by_running(mutant):
            return seen
        rounds = self._by_imports(mutant)
        also = [self._root / file for part, files in ALSO.items() if part in mutant.path for file in files]
        rounds[-1] += [file for file in also if file not in rounds[-1] and file.exists()]
        return [[file.relative_to(self._root).as_posix() for file in files] for files in rounds if files]

    def of_statement(self, mutant: Mutant) -> list[str]:
        """Return tests that run a statement: those that run little of other files, then one of each file."""
        files = [file for tier in REAL for file in self._tests[tier] if STORE.search(_text(file))]
        executed, file = self._executed[STATEMENTS], statements_file(mutant.path)
        tests = executed.tests_of(files, f"{file}::{mutant.scope}", near=f"{file}::")
        order = [*tests[:SPECIAL], *_of_every_file(tests[SPECIAL:], ())]
        return _in_time(order[:MOST_OF_STATEMENT], executed)

    def of_function(self, mutant: Mutant) -> list[str]:
        """Return tests that run a function in the process of the tests, those first that take least."""
        return list(dict.fromkeys(test for tests in self._by_running(mutant)[:2] for test in tests))

    def _by_running(self, mutant: Mutant) -> list[list[str]]:
        """Return the tests that run a function: fast ones, those that run little else, others."""
        real = [file for tier in REAL for file in self._tests[tier]]
        near = {file for part, also in ALSO.items() if part in mutant.path for file in also}
        executed, what = self._executed[FUNCTIONS], f"{mutant.path}::{mutant.scope}"
        fast = executed.tests_of((file for tier in FAST for file in self._tests[tier]), what)
        tests = executed.tests_of(real, what)
        rest = _of_every_file(tests[SPECIAL:], near)
        rounds = [_in_time(fast, executed), tests[:SPECIAL], _in_time(rest, executed)]
        return [tests for tests in rounds if tests]

    def _by_imports(self, mutant: Mutant) -> list[list[Path]]:
        distances = self._distances(_module(mutant.path))
        names = [name for name in mutant.scope.split(".") if name != "__init__"][-2:]

        def rank(file: Path) -> tuple[int, int]:
            near = min((distances[name] for name in self._imports(file) if name in distances), default=FAR)
            return near, -sum(len(re.findall(rf"\b{name}\b", _text(file))) for name in names)

        fast = sorted((rank(file), file) for tier in FAST for file in self._tests[tier])
        real = sorted((rank(file), file) for tier in REAL for file in self._tests[tier])
        return [
            [file for (near, _), file in fast if near < 2],
            [file for (near, _), file in fast if 2 <= near < FAR],
            [file for (near, found), file in real if near == 0 or (near < FAR and found)][:MOST],
        ]

    def _distances(self, module: str) -> dict[str, int]:
        """Return how far each module of the program is from one, along its imports, if it is not far."""
        distances = {module: 0}
        for distance in range(1, FAR):
            distances |= {
                name: distance
                for name, imported in self._modules.items()
                if name not in distances and not imported.isdisjoint(distances)
            }
        return distances

    @cached_property
    def _modules(self) -> dict[str, frozenset[str]]:
        """What every module of the program imports."""
        files = sorted((self._root / "worker").rglob("*.py"))
        return {_module(file.relative_to(self._root).as_posix()): _imported(file) for file in files}

    def _imports(self, test: Path) -> set[str]:
        """Return what a test imports, itself or through a helper of the tests."""
        seen: set[str] = set()
        waiting = [test]
        while waiting:
            for name in _imported(waiting.pop()):
                if name not in seen:
                    seen.add(name)
                    if name in self._helpers:
                        waiting.append(self._helpers[name])
        return seen


def statements_file(path: str) -> str:
    """Return a file of statements as `statements.load` takes it."""
    return path.removeprefix(f"{SQL}/").removesuffix(".sql")


def _of_every_file(tests: list[str], near: Container[str]) -> list[str]:
    """Order tests anew: those of near files first, and there the first of every file, then the second."""
    seen = Counter[str]()
    order: dict[str, tuple[bool, int]] = {}
    for test in tests:
        file = test.partition("::")[0]
        seen[file] += 1
        order[test] = file not in near, seen[file]
    return sorted(order, key=lambda test: order[test])


def _in_time(tests: list[str], executed: Executed) -> list[str]:
    """Leave out those with which it would take too long."""
    took = accumulate(executed.seconds(test) for test in tests)
    return [test for test, seconds in zip(tests, took, strict=True) if seconds < LONGEST]


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(_text(file))


@cache
def _imported(file: Path) -> frozenset[str]:
    names: list[str] = []
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return frozenset(names)
