"""Tries mutants of statements within one run of pytest: a test is run again with each mutant of what it runs.

`pytest -p tests.mutants.reruns` is the plugin that does it: every adapter has statements that it can change,
and nothing is written or imported anew. A mutant takes as long as the tests that are tried on it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from _pytest.nodes import Node
from _pytest.runner import runtestprotocol

from tests.mutants.edit import Mutant
from tests.mutants.fitting_tests import FittingTests, statements_file
from tests.mutants.outcome import INVALID, NOTICED, SURVIVED, TIMED_OUT, Outcome
from tests.mutants.sql_mutants import STATEMENT

PLAN: Final = "MUTANTS_PLAN"
"""The variable that names the file with what is to be tried, and in which the outcomes are written."""
RUNNING: Final = "running"
"""What becomes of a mutant while a test is tried on it."""
TEST_SECONDS: Final = 30
"""A test that takes longer hangs."""
ENDS: Final = (0, 1, 5)
"""Exit codes of a pytest that ran the tests, of which it counts none, as the plugin reports none."""
UNPREPARABLE: Final = re.compile(
    r"PostgresSyntaxError|GroupingError|DatatypeMismatchError|AmbiguousParameterError|IndeterminateDatatypeError"
    r"|UndefinedFunctionError|InvalidColumnReferenceError|WindowingError"
)


@dataclass
class Trial:
    """A mutant with the tests that are tried on it, in their order, and what became of it."""

    name: str
    statement: str
    """As `<file>::<name>`."""
    text: str
    """The mutated statement."""
    tests: list[str]
    what: str = SURVIVED
    by: str = ""
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        return Outcome(self.what, self.by, len(self.tests), self.seconds)


def trials_of(root: Path, mutants: Iterable[Mutant]) -> list[Trial]:
    """Return mutants of statements with the tests that fit each."""
    fitting = FittingTests(root)
    return [
        Trial(
            mutant.name,
            f"{statements_file(mutant.path)}::{mutant.scope}",
            _mutated(root, mutant),
            fitting.of_statement(mutant),
        )
        for mutant in mutants
    ]


def tried(root: Path, trials: list[Trial]) -> list[Trial]:
    """Run every test that is named, each with the mutants that name it, until one notices a mutant."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        while waiting := [trial for trial in trials if trial.what == SURVIVED and trial.tests]:
            plan.write_text(json.dumps([asdict(trial) for trial in waiting]))
            code, said = _pytest(root, plan, _in_order(waiting))
            found = {one["name"]: Trial(**one) for one in json.loads(plan.read_text())}
            trials = [found.get(trial.name, trial) for trial in trials]
            if code in ENDS:
                break
            ended = [trial for trial in trials if trial.what == RUNNING]
            if not ended:
                raise RuntimeError(f"pytest ended with {code}:\n{said[-4000:]}")
            for trial in ended:  # it took the process of the tests with it
                trial.what = TIMED_OUT
    return trials


def _in_order(trials: list[Trial]) -> list[str]:
    """Return all tests: those first that are the first of a mutant."""
    places: dict[str, int] = {}
    for trial in trials:
        for place, test in enumerate(trial.tests):
            places[test] = min(place, places.get(test, place))
    return sorted(places, key=lambda test: (places[test], test))


def _pytest(root: Path, plan: Path, tests: list[str]) -> tuple[int, str]:
    """Run tests with the plugin; return the exit code and what was printed."""
    listed = plan.with_name("tests.txt")
    listed.write_text("\n".join(tests))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", __spec__.name]
    done = subprocess.run(
        [*command, "--hypothesis-profile", "usual", f"@{listed}"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), PLAN: str(plan)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def _mutated(root: Path, mutant: Mutant) -> str:
    source = mutant.apply(_source(root / mutant.path))
    _, *pieces = STATEMENT.split(source)
    return dict(zip(pieces[::2], map(str.strip, pieces[1::2]), strict=True))[mutant.scope]


@cache
def _source(file: Path) -> str:
    return file.read_text(encoding="utf-8")


class _TooLong(BaseException):
    """A test hangs; it is no `Exception`, so that nothing that is tried takes it for one of its own."""


@dataclass(frozen=True)
class _Again:
    """Stands for the test that comes next, so that pytest keeps all fixtures but those of the test itself."""

    item: pytest.Item

    def listchain(self) -> list[Node]:
        return self.item.listchain()[:-1]


@dataclass
class _Plugin:
    """Runs each test as often as there are mutants for it that no test has noticed yet."""

    plan: Path
    trials: list[Trial]
    changed: dict[str, str] = field(default_factory=dict)
    """The statement that is changed, with its text, while a test runs."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        waiting = [t for t in self.trials if t.what == SURVIVED and item.nodeid in t.tests]
        if waiting and not self._run(item)[0]:
            waiting = []  # it fails on the sound program
        failed = [trial for trial in waiting if self._fails(item, trial)]
        if failed and not self._run(item)[0]:
            for trial in failed:  # one of them left something behind, or it fails by chance
                trial.what, trial.by = SURVIVED, ""
        item.session._setupstate.teardown_exact(nextitem)
        return True

    def _fails(self, item: pytest.Item, trial: Trial) -> bool:
        trial.what, trial.by = RUNNING, item.nodeid
        self._write()
        self.changed[trial.statement] = trial.text
        try:
            passed, said, seconds = self._run(item)
        finally:
            self.changed.clear()
        trial.what, trial.by = SURVIVED, ""
        trial.seconds = round(trial.seconds + seconds, 2)
        if not passed:
            trial.by = item.nodeid
            trial.what = TIMED_OUT if not said else INVALID if UNPREPARABLE.search(said) else NOTICED
        return not passed

    def _run(self, item: pytest.Item) -> tuple[bool, str, float]:
        """Return whether a test passes, what its failure says (nothing if it hangs), and its seconds."""
        try:
            with _deadline():
                reports = runtestprotocol(item, log=False, nextitem=_Again(item))  # type: ignore[arg-type]
        except _TooLong:
            return False, "", TEST_SECONDS
        said = "\n".join(str(report.longrepr) for report in reports if report.failed)
        return not any(r.failed for r in reports), said, sum(r.duration for r in reports)

    def pytest_sessionfinish(self) -> None:
        self._write()

    def _write(self) -> None:
        """Keep what is known, in case that the next mutant ends this process."""
        self.plan.write_text(json.dumps([asdict(trial) for trial in self.trials]))


@contextmanager
def _deadline() -> Iterator[None]:
    def end(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(TEST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class _Statements(dict[str, str]):
    """The statements of a file, of which one may be changed."""

    def __init__(self, file: str, statements: dict[str, str], changed: dict[str, str]) -> None:
        super().__init__(statements)
        self._file, self._changed = file, changed

    def __getitem__(self, name: str) -> str:
        return self._changed.get(f"{self._file}::{name}") or super().__getitem__(name)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Lend the adapters, which are not imported yet, statements that can be changed."""
    from worker.adapters.postgres import statements as sql  # noqa: PLC0415 — only where it is a plugin

    plan = Path(os.environ[PLAN])
    plugin = _Plugin(plan, [Trial(**trial) for trial in json.loads(plan.read_text())])
    early_config.pluginmanager.register(plugin)
    load = sql.load
    lent: dict[str, dict[str, str]] = {}

    def changeable(file: str) -> dict[str, str]:
        return lent.setdefault(file, _Statements(file, load(file), plugin.changed))

    sql.load = changeable  # type: ignore[assignment]
