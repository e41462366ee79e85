"""Which tests run which named statement, seen once and kept outside the repository.

`pytest -p mutants.executed` is the plugin that sees it: it lends every adapter statements that say when they
are asked for. What is seen of a test file holds until that file changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypedDict

import pytest

SEEN_IN: Final = "MUTANTS_SEEN_IN"
"""The variable that names the file in which the plugin writes what it saw."""
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rostering-mutants.json"


class Seen(TypedDict):
    """What one test did: how long it took, and the statements it ran, as `<file>::<name>`."""

    seconds: float
    statements: list[str]


class SeenFile(TypedDict):
    """The tests of one file, by their ids, with a digest of the file."""

    digest: str
    tests: dict[str, Seen]


@dataclass
class Executed:
    """What the test files of a tree run; the cache has it, or they are run for it."""

    root: Path
    cache: Path = CACHE
    _seen: dict[str, SeenFile] = field(default_factory=dict)

    def tests_of(self, files: Iterable[Path], statement: str) -> list[str]:
        """Return the ids of the tests that run a statement: first those that run little else.

        None in a tree without this module, which has no tests that could be looked at.
        """
        if not (self.root / "tests" / "mutants" / "executed.py").exists():
            return []
        found = {
            test: (len(seen["statements"]), seen["seconds"])
            for file in self._looked_at(files)
            for test, seen in file["tests"].items()
            if statement in seen["statements"]
        }
        return sorted(found, key=lambda test: (found[test], test))

    def seconds(self, test: str) -> float:
        """Return how long a test took."""
        return self._seen[test.partition("::")[0]]["tests"][test]["seconds"]

    def _looked_at(self, files: Iterable[Path]) -> Iterator[SeenFile]:
        """Return what is known of files; those that are new, or changed, are run first."""
        digests = {file.relative_to(self.root).as_posix(): _digest(file) for file in files}
        if not self._seen and self.cache.exists():
            self._seen = json.loads(self.cache.read_text())
        known = {name: seen["digest"] for name, seen in self._seen.items()}
        new = [name for name in digests if known.get(name) != digests[name]]
        if new:
            tests = self._run(new)
            for name in new:
                of_file = {test: tests[test] for test in tests if test.partition("::")[0] == name}
                self._seen[name] = SeenFile(digest=digests[name], tests=of_file)
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            self.cache.write_text(json.dumps(self._seen))
        return (self._seen[name] for name in digests)

    def _run(self, files: list[str]) -> dict[str, Seen]:
        sys.stdout.write(f"Looking once which statements {len(files)} test files run.\n")
        sys.stdout.flush()
        written = self.root / "statements_seen.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "mutants.executed"]
        environment = {"PYTHONPATH": f"{self.root}:{self.root / 'tests'}", SEEN_IN: str(written)}
        subprocess.run(
            [*command, *files],
            cwd=self.root,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        tests: dict[str, Seen] = json.loads(written.read_text())
        return tests


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


class _Plugin:
    """Sees the statements that are asked for while a test runs."""

    def __init__(self, written: Path) -> None:
        self._written = written
        self._now = ""
        self._statements: defaultdict[str, set[str]] = defaultdict(set)
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def asked(self, statement: str) -> None:
        self._statements[self._now].add(statement)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._now = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        tests = {
            test: Seen(seconds=round(seconds, 2), statements=sorted(self._statements[test]))
            for test, seconds in self._seconds.items()
        }
        self._written.write_text(json.dumps(tests))


class _Statements(dict[str, str]):
    """The statements of a file, which say when they are asked for."""

    def __init__(self, file: str, statements: dict[str, str], plugin: _Plugin) -> None:
        super().__init__(statements)
        self._file, self._plugin = file, plugin

    def __getitem__(self, name: str) -> str:
        self._plugin.asked(f"{self._file}::{name}")
        return super().__getitem__(name)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Lend the adapters, which are not imported yet, statements that are seen."""
    from worker.adapters.postgres import sql  # noqa: PLC0415 — only where it is a plugin

    plugin = _Plugin(Path(os.environ[SEEN_IN]))
    early_config.pluginmanager.register(plugin)
    load = sql.load
    lent: dict[str, dict[str, str]] = {}

    def seen(file: str) -> dict[str, str]:
        return lent.setdefault(file, _Statements(file, load(file), plugin))

    sql.load = seen  # type: ignore[assignment]
