"""Runs tests against one mutant of the program after another, in a copy of the tree."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.mutants.edit import Mutant
from tests.mutants.fitting_tests import FittingTests
from tests.mutants.groups import ROOT
from tests.mutants.outcome import NOTICED, SURVIVED, TIMED_OUT, Outcome
from tests.mutants.warm import WarmPytest

TEST_SECONDS: Final = 60
"""A test that takes longer hangs."""
ROUND_SECONDS: Final = 420
"""A round of tests that takes longer noticed nothing in time: its mutant survived."""
LEFT_BEHIND: Final = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", "build", "dist", "screenshots"
)
INTERNAL_ERROR: Final = 3
"""Pytest's exit code for a fault of its own, or of its process, which says nothing of the mutant."""
FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (tests/\S+\.py(?:::\w+)*(?:\[.*?\](?= - |$))?)", re.MULTILINE)
"""A test that failed, by its id, which may have blanks within its brackets."""


@contextmanager
def copied(root: Path = ROOT) -> Iterator[Path]:
    """Lend a copy of the tree, in which anything may be changed."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(root, tree, ignore=LEFT_BEHIND, symlinks=True)
        shared = root.parent / "shared"
        if shared.exists():
            (Path(folder) / "shared").symlink_to(shared.resolve())
        yield tree


@dataclass
class Runner:
    """Tries mutants in one copy of the tree, one at a time."""

    tree: Path
    _sound: dict[str, bool] = field(default_factory=dict)
    """Whether a test passes on the program as it is."""

    def __post_init__(self) -> None:
        self._fitting = FittingTests(self.tree)
        self._warm = WarmPytest(self.tree)

    def outcome(self, mutant: Mutant) -> Outcome:
        """Run the tests that fit a mutant until one notices it."""
        self._warm.start()
        began = time.monotonic()
        files = 0
        for tests in self._fitting.rounds(mutant):
            files += len(tests)
            what, by = self._round(mutant, tests)
            if what != SURVIVED:
                return Outcome(what, by, files, time.monotonic() - began)
        return Outcome(SURVIVED, "", files, time.monotonic() - began)

    def _round(self, mutant: Mutant, tests: list[str]) -> tuple[str, str]:
        """Run one round; again without a test that fails without the mutant, or not each time with it."""
        by_chance: list[str] = []
        while True:
            with self._mutated(mutant):
                code, output = self._pytest(*tests, *self._unsound(), *by_chance)
            if code in {0, 5, None}:
                return SURVIVED, ""
            match = FAILED.search(output)
            if match is None:
                if code == INTERNAL_ERROR:
                    raise RuntimeError(f"pytest failed on {mutant.name}:\n{output[-4000:]}")
                return NOTICED, f"pytest ended with {code}"
            failed = match[1]
            if not self._is_sound(failed):
                continue
            with self._mutated(mutant):
                again, _ = self._pytest(failed)
            if again == 0:
                by_chance.append(f"--deselect={failed}")
                continue
            return (TIMED_OUT if "Timeout (>" in output else NOTICED), failed

    def _is_sound(self, test: str) -> bool:
        if test not in self._sound:
            code, _ = self._pytest(test)
            self._sound[test] = code == 0
        return self._sound[test]

    def _unsound(self) -> list[str]:
        return [f"--deselect={test}" for test, sound in self._sound.items() if not sound]

    @contextmanager
    def _mutated(self, mutant: Mutant) -> Iterator[None]:
        file = self.tree / mutant.path
        source = file.read_text(encoding="utf-8")
        try:
            _write(file, mutant.apply(source))
            yield
        finally:
            _write(file, source)

    def _pytest(self, *arguments: str) -> tuple[int | None, str]:
        """Return pytest's exit code, None if it had to be ended, and what it wrote."""
        command = ["-x", "-q", "--tb=short", "-p", "no:cacheprovider", f"--timeout={TEST_SECONDS}"]
        command += ["--hypothesis-profile", "usual"]
        return self._warm.run([*command, *arguments], ROUND_SECONDS)

    def close(self) -> None:
        """Stop what it started."""
        self._warm.close()


def _write(file: Path, source: str) -> None:
    """Write a source, and forget its bytecode: two versions of one second and one size would pass for one."""
    file.write_text(source, encoding="utf-8")
    for stale in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        stale.unlink()
