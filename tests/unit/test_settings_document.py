"""The page and the example file of the settings say what config/settings.py says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import document
from config.loading import describe, load
from config.settings import Settings

COMMENTED_OUT = re.compile(r"^#(?=\w)", re.MULTILINE)


def test_the_files_in_the_repository_are_what_the_settings_say() -> None:
    assert document.differing() == [], f"run: {document.COMMAND}"


def test_check_names_each_file_that_differs_and_writing_repairs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document.main([], tmp_path)
    (tmp_path / "docs/settings.md").unlink()
    (tmp_path / "config/example.env").write_text("ROSTERING_DATA_DIR=elsewhere\n")

    assert document.main(["--check"], tmp_path) == 1
    assert [line.split()[0] for line in capsys.readouterr().err.splitlines()] == [
        "docs/settings.md",
        "config/example.env",
    ]
    assert document.main([], tmp_path) == 0
    assert document.main(["--check"], tmp_path) == 0


def test_every_setting_is_there_with_its_form_and_meaning() -> None:
    settings = document.settings()

    assert [each.variable for each in settings if not each.meaning or not each.form] == []
    assert {each.variable for each in settings} == {variable for variable, _, _ in describe(Settings())}


def test_every_variable_of_the_example_environment_may_be_uncommented() -> None:
    lines = COMMENTED_OUT.sub("", document.example_env()).splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    environment = {name: value.strip("'") for name, _, value in pairs}

    assert _without_stand_ins(load(environment)) == _without_stand_ins(Settings())
    assert environment.keys() == {each.variable for each in document.settings()}


def test_the_stand_ins_are_for_settings_without_a_default_and_for_no_others() -> None:
    assert {each.key for each in document.settings() if each.default is None} == set(
        document.INSTEAD_OF_UNSET
    )


def _without_stand_ins(settings: Settings) -> dict[str, object]:
    """Return the settings without those that the example file shows at no default of theirs."""
    values: dict[str, object] = {}
    for name, value in settings.model_dump().items():
        members = value.items() if isinstance(value, dict) else [(None, value)]
        values |= {
            f"{name}.{key}": member
            for key, member in members
            if (key or name) not in document.INSTEAD_OF_UNSET
        }
    return values
