"""Texts from outside cannot control the terminal that they are printed on."""

from __future__ import annotations

import io

import pytest
from rich.console import Group
from rich.table import Table
from rich.text import Text

from worker.cli.terminal_console import TerminalConsole
from worker.cli.terminal_output import escaped, say

RENAMES_THE_WINDOW = "\x1b]0;owned\x07"
TURNS_THE_LINE = "\u202egnp.exe"


def printed(console_prints: object) -> str:
    stream = io.StringIO()
    TerminalConsole(file=stream, force_terminal=True, width=200, highlight=False).print(console_prints)
    return stream.getvalue()


@pytest.mark.parametrize("text", [RENAMES_THE_WINDOW, TURNS_THE_LINE, "\x9b31m", "a\rb", "a\x00b", "\ud800"])
def test_what_controls_a_terminal_is_shown_as_its_escape(text: str) -> None:
    assert not set(escaped(text)) & set("\x1b\x07\u202e\x9b\r\x00\ud800")
    assert "\\u" in escaped(text)


@pytest.mark.parametrize("text", ["José Núñez", "李小龍", "line\nline\ttab", "👩\u200d🏫", "\u05d0\u05d1"])
def test_what_people_are_called_stays_as_it_is(text: str) -> None:
    assert escaped(text) == text


def test_a_console_escapes_texts_of_every_kind_and_keeps_its_own_styles() -> None:
    table = Table("name")
    table.add_row(RENAMES_THE_WINDOW)

    out = printed(Group(table, Text(RENAMES_THE_WINDOW, "bold red"), RENAMES_THE_WINDOW))

    assert out.count("\\u001b]0;owned") == 3  # the library itself takes out the bell
    assert "\x1b]" not in out
    assert "\x1b[1;31m" in out


def test_a_line_that_is_said_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    say(RENAMES_THE_WINDOW)
    say(TURNS_THE_LINE, err=True)

    out, err = capsys.readouterr()
    assert out == "\\u001b]0;owned\\u0007\n"
    assert "\u202e" not in err
