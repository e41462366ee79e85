"""Which tests run which functions and which named statements, seen once and kept outside the repository.

`pytest -p tests.mutants.executed` is the plugin that sees it: it traces the calls of the program's functions,
or lends every adapter statements that say when they are asked for. What is seen of a test file holds until
that file changes. What a process runs that a test starts is not seen.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType
from typing import Final, TypedDict

import pytest

SEEN_IN: Final = "MUTANTS_SEEN_IN"
"""The variable that names the file in which the plugin writes what it saw."""
SEES: Final = "MUTANTS_SEES"
"""The variable that says what it sees: `FUNCTIONS` or `STATEMENTS`."""
FUNCTIONS: Final = "functions"
STATEMENTS: Final = "statements"
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


class Seen(TypedDict):
    """What one test did: how long it took, and what it ran.

    That is statements, as `<file>::<name>`, or functions, as `<path>::<scope>`, with their classes.
    """

    seconds: float
    ran: list[str]


class SeenFile(TypedDict):
    """The tests of one file, by their ids, with a digest of the file."""

    digest: str
    tests: dict[str, Seen]


@dataclass
class Executed:
    """What the test files of a tree run; the cache has it, or they are run for it."""

    root: Path
    what: str
    cache: Path = CACHE
    _seen: dict[str, SeenFile] = field(default_factory=dict)

    def tests_of(self, files: Iterable[Path], name: str, near: str = "") -> list[str]:
        """Return the ids of the tests that run a function or a statement: first those that run little else.

        Little of what is not near, that is: whose name does not begin so. None in a tree without this module,
        which has no tests that could be looked at.
        """
        if not (self.root / "tests" / "mutants" / "executed.py").exists():
            return []
        found = {
            test: (_share_of_others(seen["ran"], near) if near else len(seen["ran"]), seen["seconds"])
            for file in self._looked_at(files)
            for test, seen in file["tests"].items()
            if name in seen["ran"]
        }
        return sorted(found, key=lambda test: (found[test], test))

    def seconds(self, test: str) -> float:
        """Return how long a test took."""
        return self._seen[test.partition("::")[0]]["tests"][test]["seconds"]

    def _looked_at(self, files: Iterable[Path]) -> Iterator[SeenFile]:
        """Return what is known of files; those that are new, or changed, are run first."""
        digests = {file.relative_to(self.root).as_posix(): _digest(file) for file in files}
        cache = self.cache / f"rostering-mutants-{self.what}.json"
        if not self._seen and cache.exists():
            self._seen = json.loads(cache.read_text())
        known = {name: seen["digest"] for name, seen in self._seen.items()}
        new = [name for name in digests if known.get(name) != digests[name]]
        if new:
            tests = self._run(new)
            for name in new:
                of_file = {test: tests[test] for test in tests if test.partition("::")[0] == name}
                self._seen[name] = SeenFile(digest=digests[name], tests=of_file)
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps(self._seen))
        return (self._seen[name] for name in digests)

    def _run(self, files: list[str]) -> dict[str, Seen]:
        sys.stdout.write(f"Looking once which {self.what} {len(files)} test files run.\n")
        sys.stdout.flush()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", __spec__.name]
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder) / "seen.json"
            subprocess.run(
                [*command, *files],
                cwd=self.root,
                env=os.environ | {"PYTHONPATH": str(self.root), SEEN_IN: str(written), SEES: self.what},
                stdout=subprocess.DEVNULL,
                check=False,
            )
            tests: dict[str, Seen] = json.loads(written.read_text())
        return tests


def _share_of_others(ran: list[str], near: str) -> float:
    return sum(not name.startswith(near) for name in ran) / len(ran)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


class _Plugin:
    """Sees what is run while a test runs."""

    def __init__(self, written: Path) -> None:
        self._written = written
        self._now = ""
        self._ran: defaultdict[str, set[str]] = defaultdict(set)
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def asked(self, statement: str) -> None:
        self._ran[self._now].add(statement)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._now = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        tests = {
            test: Seen(seconds=round(seconds, 2), ran=sorted(self._ran[test]))
            for test, seconds in self._seconds.items()
        }
        self._written.write_text(json.dumps(tests))


class _Tracer(_Plugin):
    """Sees the functions of the program that are called while a test runs."""

    def __init__(self, written: Path, root: Path) -> None:
        super().__init__(written)
        self._root = root
        self._codes: dict[int, CodeType] = {}
        """By their ids: a code object is slow to compare, and these live as long as the test."""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        super().pytest_runtest_logstart(nodeid)
        self._codes = {}
        # Anew for each test: whoever else traces leaves nothing behind.
        threading.settrace(self._call)
        sys.settrace(self._call)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        sys.settrace(None)
        threading.settrace(None)
        program = f"{self._root / 'worker'}/"
        self._ran[nodeid] = {
            f"{Path(code.co_filename).relative_to(self._root).as_posix()}::{scope}"
            for code in self._codes.values()
            if code.co_filename.startswith(program)
            for scope in _scopes(code.co_qualname)
        }

    def _call(self, frame: FrameType, _event: str, _argument: object) -> None:
        self._codes[id(frame.f_code)] = frame.f_code


def _scopes(name: str) -> Iterator[str]:
    """Yield a function's scope and those around it, as mutants have them."""
    parts = [part for part in name.split(".") if not part.startswith("<")]
    yield from accumulate(parts, "{}.{}".format)


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
    """Begin to see; the adapters, which are not imported yet, are lent statements that are seen."""
    written = Path(os.environ[SEEN_IN])
    if os.environ[SEES] == FUNCTIONS:
        early_config.pluginmanager.register(_Tracer(written, early_config.rootpath))
        return
    from worker.adapters.postgres import statements as sql  # noqa: PLC0415 — only where it is a plugin

    plugin = _Plugin(written)
    early_config.pluginmanager.register(plugin)
    load = sql.load
    lent: dict[str, dict[str, str]] = {}

    def seen(file: str) -> dict[str, str]:
        return lent.setdefault(file, _Statements(file, load(file), plugin))

    sql.load = seen  # type: ignore[assignment]
