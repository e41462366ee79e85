"""Mutants are tried in a copy, by pytest itself."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from mutants.python_mutants import python_mutants
from mutants.runner import NOTICED, Runner


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
    (mutant,) = (m for m in python_mutants(source, "worker/toy.py") if m.text == ">")

    with closing(Runner(tmp_path)) as runner:
        outcome = runner.outcome(mutant)

    assert (outcome.what, outcome.by) == (
        NOTICED,
        "tests/unit/test_toy.py::test_that_can_tell[as old - and no older]",
    )
    assert module.read_text() == source


def written(file: Path, text: str) -> Path:
    """Write a file, in a folder of its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file
