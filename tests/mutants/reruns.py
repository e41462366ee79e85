"""Tries mutants within one run of pytest: a test is run again with each mutant of what it runs.

`pytest -p tests.mutants.reruns` is the plugin that does it: every adapter has statements that it can change,
a function runs other code for a while, and nothing is written or imported again. A mutant takes as long as
the tests that are tried on it.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest.nodes import Node
from _pytest.runner import runtestprotocol

from tests.mutants.edit import Mutant
from tests.mutants.fitting_tests import FittingTests, statements_file
from tests.mutants.outcome import INVALID, NOTICED, SURVIVED, TIMED_OUT, Outcome
from tests.mutants.sql_mutants import STATEMENT
from tests.mutants.swapped import swapped

PLAN: Final = "MUTANTS_PLAN"
"""The variable that names the file with what is to be tried."""
OUTCOMES: Final = "outcomes.jsonl"
"""The file beside it in which the outcomes are written, each as soon as it is known."""
RUNNING: Final = "running"
"""What becomes of a mutant while a test is tried on it."""
TEST_SECONDS: Final = 30
"""A test that takes longer hangs."""
QUICKEST_SECONDS: Final = 5
SLOWER: Final = 20
"""With a mutant a test takes so much longer than without, and these seconds, or it hangs."""
GRACE_SECONDS: Final = 5
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
    target: str
    """The statement, as `<file>::<name>`, or the function, as `<path>::<scope>`."""
    text: str
    """The mutated statement, or what stands in the function's file at `span`."""
    tests: list[str]
    span: tuple[int, int] | None = None
    what: str = SURVIVED
    by: str = ""
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        return Outcome(self.what, self.by, len(self.tests), self.seconds)


def trials_of(root: Path, mutants: Iterable[Mutant]) -> list[Trial]:
    """Return mutants with the tests that fit each."""
    fitting = FittingTests(root)
    return [
        Trial(
            mutant.name,
            f"{statements_file(mutant.path)}::{mutant.scope}",
            _mutated(root, mutant),
            fitting.of_statement(mutant),
        )
        if mutant.path.endswith(".sql")
        else Trial(
            mutant.name,
            f"{mutant.path}::{mutant.scope}",
            mutant.text,
            fitting.of_function(mutant),
            (mutant.start, mutant.end),
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
            found = _found(plan)
            trials = [replace(trial, **found.get(trial.name, {})) for trial in trials]
            ended = [trial for trial in trials if trial.what == RUNNING]
            if code in ENDS and not ended:
                break
            if not ended:
                raise RuntimeError(f"pytest ended with {code}:\n{said[-4000:]}")
            for trial in ended:  # it took the process of the tests with it
                trial.what = TIMED_OUT
    return trials


def _found(plan: Path) -> dict[str, dict[str, Any]]:
    """Return what became of each mutant that was tried, by its name; what was written last holds."""
    lines = plan.with_name(OUTCOMES).read_text().splitlines()
    return {(one := json.loads(line))["name"]: one for line in lines}


def _in_order(trials: list[Trial]) -> list[str]:
    """Return all tests: those first that are the first of a mutant."""
    places: dict[str, int] = {}
    for trial in trials:
        for place, test in enumerate(trial.tests):
            places[test] = min(place, places.get(test, place))
    return sorted(places, key=lambda test: (places[test], test))


def _pytest(root: Path, plan: Path, tests: list[str]) -> tuple[int, str]:
    """Run tests with the plugin; return the exit code and what was printed."""
    plan.with_name(OUTCOMES).write_text("")
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

    def __post_init__(self) -> None:
        self._tests = {trial.name: frozenset(trial.tests) for trial in self.trials}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        waiting = [t for t in self.trials if t.what == SURVIVED and item.nodeid in self._tests[t.name]]
        usual = 0.0
        if waiting:
            passed, _, usual = self._run(item)
            waiting = waiting if passed else []  # else it fails on the sound program
        within = min(TEST_SECONDS, QUICKEST_SECONDS + SLOWER * usual)
        failed = [trial for trial in waiting if self._fails(item, trial, within)]
        if failed and not self._run(item)[0]:
            for trial in failed:  # one of them left something behind, or it fails by chance
                trial.what, trial.by = SURVIVED, ""
                self._write(trial)
        item.session._setupstate.teardown_exact(nextitem)
        return True

    def _fails(self, item: pytest.Item, trial: Trial, within: float) -> bool:
        trial.what, trial.by = RUNNING, item.nodeid
        self._write(trial)
        with self._mutated(trial):
            passed, said, seconds = self._run(item, within)
        trial.what, trial.by = SURVIVED, ""
        trial.seconds = round(trial.seconds + seconds, 2)
        if not passed:
            trial.by = item.nodeid
            trial.what = TIMED_OUT if not said else INVALID if self._is_no_statement(trial, said) else NOTICED
        self._write(trial)
        return not passed

    @contextmanager
    def _mutated(self, trial: Trial) -> Iterator[None]:
        if trial.span is not None:
            path, _, scope = trial.target.partition("::")
            start, end = trial.span
            source = _source(Path(path))
            with swapped(path, scope, source[:start] + trial.text + source[end:]):
                yield
            return
        self.changed[trial.target] = trial.text
        try:
            yield
        finally:
            self.changed.clear()

    def _is_no_statement(self, trial: Trial, said: str) -> bool:
        return trial.span is None and UNPREPARABLE.search(said) is not None

    def _run(self, item: pytest.Item, within: float = TEST_SECONDS) -> tuple[bool, str, float]:
        """Return whether a test passes, what its failure says (nothing if it hangs), and its seconds."""
        try:
            with _deadline(within):
                reports = runtestprotocol(item, log=False, nextitem=_Again(item))  # type: ignore[arg-type]
        except _TooLong:
            return False, "", within
        said = "\n".join(str(report.longrepr) for report in reports if report.failed)
        if _TooLong.__name__ in said:
            return False, "", within
        return not any(r.failed for r in reports), said, sum(r.duration for r in reports)

    def _write(self, trial: Trial) -> None:
        """Keep what is known of a mutant, in case that the next one ends this process."""
        known = {"name": trial.name, "what": trial.what, "by": trial.by, "seconds": trial.seconds}
        with self.plan.with_name(OUTCOMES).open("a") as outcomes:
            outcomes.write(f"{json.dumps(known)}\n")


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    def end(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, end)
    # What hangs within one call of C takes no signal: then the process ends.
    faulthandler.dump_traceback_later(seconds + GRACE_SECONDS, exit=True, file=2)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
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
