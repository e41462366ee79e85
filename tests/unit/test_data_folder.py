"""Which data folder a command uses where no setting names one."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.data_folder import nearest
from worker.cli.context import CommandContext

NAME = Path(".rostering")


def test_a_command_in_a_subfolder_finds_the_folder_above_it(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    below = tmp_path / "exports" / "today"
    below.mkdir(parents=True)

    assert nearest(NAME, below) == tmp_path / NAME


def test_the_nearest_one_is_used(tmp_path: Path) -> None:
    below = tmp_path / "other"
    for folder in (tmp_path, below):
        (folder / NAME).mkdir(parents=True)

    assert nearest(NAME, below) == below / NAME


def test_where_there_is_none_it_is_that_of_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()  # a file is no data folder

    assert nearest(NAME, tmp_path / "below") == tmp_path / "below" / NAME


def test_a_setting_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")

    found = CommandContext(None).settings.data_dir
    monkeypatch.setenv("ROSTERING_DATA_DIR", ".rostering")
    said = CommandContext(None).settings.data_dir

    assert found == tmp_path / NAME
    assert said == NAME
