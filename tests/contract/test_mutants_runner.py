"""Mutants are tried in a copy, by pytest itself."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from tests.mutants.executed import FUNCTIONS, Executed
from tests.mutants.groups import ROOT
from tests.mutants.outcome import INVALID, NOTICED, SURVIVED, TIMED_OUT
from tests.mutants.python_mutants import python_mutants
from tests.mutants.reruns import Trial, tried
from tests.mutants.runner import Runner

CONFTEST = "from hypothesis import settings\n\nsettings.register_profile('usual')\n"


@pytest.mark.full
def test_only_a_test_that_passes_without_a_mutant_notices_it(tmp_path: Path) -> None:
    source = "def is_due(age):\n    return age >= 1\n"
    module = written(tmp_path / "worker" / "toy.py", source)
    written(tmp_path / "worker" / "__init__.py", "")
    written(
        tmp_path / "tests" / "unit" / "test_toy.py",
        "import pytest\n\nfrom worker.toy import is_due\n\n"
        "def test_that_always_fails():\n    assert is_due(0)\n\n"
        "@pytest.mark.parametrize('age', [2, 1], ids=['much older', 'as old - and no older'])\n"
        "def test_that_can_tell(age):\n    assert is_due(age)\n",
    )
    written(tmp_path / "tests" / "conftest.py", CONFTEST)
    (mutant,) = (m for m in python_mutants(source, "worker/toy.py") if m.text == ">")

    with closing(Runner(tmp_path)) as runner:
        outcome = runner.outcome(mutant)

    assert (outcome.what, outcome.by) == (
        NOTICED,
        "tests/unit/test_toy.py::test_that_can_tell[as old - and no older]",
    )
    assert module.read_text() == source


@pytest.mark.full
def test_the_tests_that_run_a_function_are_known_with_its_class_and_looked_for_once(tmp_path: Path) -> None:
    written(
        tmp_path / "worker" / "toy.py",
        "class Toy:\n    def is_due(self):\n        return self.age()\n\n"
        "    def age(self):\n        return 1\n",
    )
    file = written(
        tmp_path / "tests" / "unit" / "test_toy.py",
        "from worker.toy import Toy\n\n"
        "def test_both():\n    assert Toy().is_due()\n\n"
        "def test_one():\n    assert Toy().age()\n\n"
        "def test_none():\n    assert Toy\n",
    )
    shutil.copytree(ROOT / "tests" / "mutants", tmp_path / "tests" / "mutants")
    names = ("Toy", "Toy.age", "Toy.is_due")

    def running() -> list[list[str]]:
        executed = Executed(tmp_path, FUNCTIONS, tmp_path / "cache")
        tests = [executed.tests_of([file], f"worker/toy.py::{name}") for name in names]
        return [[test.partition("::")[2] for test in found] for found in tests]

    assert running() == [["test_one", "test_both"], ["test_one", "test_both"], ["test_both"]]
    shutil.rmtree(tmp_path / "worker")
    assert running() == [["test_one", "test_both"], ["test_one", "test_both"], ["test_both"]]


def test_a_statement_is_changed_while_tests_run_and_one_that_fails_notices(tmp_path: Path) -> None:
    written(
        tmp_path / "tests" / "contract" / "test_toy.py",
        "import os\n\n"
        "from worker.adapters.postgres import statements\n\n"
        "SQL = statements.load('mail/mails')\n"
        "SOUND = SQL['take']\n\n"
        "def test_that_always_fails():\n    assert False\n\n"
        "def test_that_cannot_tell():\n    assert SQL['take']\n\n"
        "def test_that_can_tell():\n    assert SQL['take'] != 'other'\n\n"
        "def test_that_asks_postgresql():\n"
        "    assert SQL['take'] != 'nonsense', 'PostgresSyntaxError'\n\n"
        "def test_that_ends():\n    if SQL['take'] == 'deadly':\n        os._exit(9)\n",
    )
    written(tmp_path / "tests" / "conftest.py", CONFTEST)
    (tmp_path / "worker").symlink_to(ROOT / "worker")
    shutil.copytree(ROOT / "tests" / "mutants", tmp_path / "tests" / "mutants")
    tests = ["always_fails", "cannot_tell", "can_tell", "asks_postgresql", "ends"]
    names = [f"tests/contract/test_toy.py::test_that_{test}" for test in tests]
    trials = [
        Trial(text, "mail/mails::take", text, some)
        for text, some in (
            *((text, names) for text in ("other", "nonsense", "unseen", "deadly")),
            ("never run", []),
        )
    ]

    found = {trial.name: (trial.what, trial.by) for trial in tried(tmp_path, trials)}

    assert found == {
        "other": (NOTICED, names[2]),
        "nonsense": (INVALID, names[3]),
        "unseen": (SURVIVED, ""),
        "deadly": (TIMED_OUT, names[4]),
        "never run": (SURVIVED, ""),
    }


@pytest.mark.full
def test_a_function_runs_other_code_while_a_test_runs_and_forgets_what_it_remembers(tmp_path: Path) -> None:
    source = (
        "from functools import cache\n\n"
        "class Toy:\n    @property\n    def is_due(self):\n        return age(self) >= 1\n\n"
        "@cache\ndef age(toy):\n    while toy.years > 3:\n        pass\n    return toy.years + 0\n"
    )
    written(
        tmp_path / "tests" / "unit" / "test_toy.py",
        "from tests.toy import Toy, age\n\n"
        "TOY = Toy()\nTOY.years = 1\n\n"
        "def test_that_cannot_tell():\n    assert age(TOY)\n\n"
        "def test_that_can_tell():\n    assert TOY.is_due\n    assert age(TOY) == 1\n",
    )
    written(tmp_path / "tests" / "toy.py", source)
    written(tmp_path / "tests" / "conftest.py", CONFTEST)
    (tmp_path / "worker").symlink_to(ROOT / "worker")
    shutil.copytree(ROOT / "tests" / "mutants", tmp_path / "tests" / "mutants")
    names = [f"tests/unit/test_toy.py::test_that_{test}" for test in ("cannot_tell", "can_tell")]
    wanted = {">": "Toy.is_due", "-": "age", "1": "age", "<": "age"}
    trials = [
        Trial(f"{mutant.scope} {mutant.text}", f"tests/toy.py::{mutant.scope}", mutant.text, names, span)
        for mutant in python_mutants(source, "tests/toy.py")
        for span in [(mutant.start, mutant.end)]
        if wanted.get(mutant.text) == mutant.scope
    ]

    found = {trial.name: (trial.what, trial.by) for trial in tried(tmp_path, trials)}

    assert found == {
        "Toy.is_due >": (NOTICED, names[1]),
        "age -": (SURVIVED, ""),
        "age 1": (NOTICED, names[1]),
        "age <": (TIMED_OUT, names[0]),
    }


def written(file: Path, text: str) -> Path:
    """Write a file, in a folder of its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file
