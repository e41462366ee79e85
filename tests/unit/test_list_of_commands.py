"""The list of commands says of each what the command itself says, though it imports none."""

from __future__ import annotations

import inspect

import click
import pytest

from worker.cli.commands import COMMANDS
from worker.cli.filters import filter_group
from worker.cli.lazy_group import LazyGroup
from worker.cli.main import rostering

LISTED = [*((rostering, name) for name in COMMANDS), (filter_group, "suggest")]


@pytest.mark.parametrize(("group", "name"), LISTED, ids=lambda each: getattr(each, "name", each))
def test_a_command_is_listed_with_the_beginning_of_its_own_help(group: LazyGroup, name: str) -> None:
    command = group.get_command(click.Context(group), name)

    assert command is not None
    assert command.name == name
    assert not command.hidden
    assert command.deprecated is False
    first = inspect.cleandoc(command.help or "").partition("\n\n")[0]
    assert " ".join(first.split()) == group.places[name].says


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_list_is_what_it_would_be_if_every_command_were_imported(width: int) -> None:
    for group in (rostering, filter_group):
        eager, lazy = (click.HelpFormatter(width=width) for _ in range(2))
        context = click.Context(group)

        click.Group.format_commands(group, context, eager)
        group.format_commands(context, lazy)

        assert lazy.getvalue() == eager.getvalue()
        assert len(lazy.getvalue().splitlines()) > len(group.list_commands(context))


def test_the_list_of_a_terminal_of_80_columns_cuts_no_text_off() -> None:
    groups: list[tuple[click.Group, str]] = [(rostering, "rostering")]
    for group, name in groups:
        formatter, context = click.HelpFormatter(width=78), click.Context(group)

        group.format_commands(context, formatter)

        assert "..." not in formatter.getvalue(), name
        found = ((group.get_command(context, each), each) for each in group.list_commands(context))
        groups += [(command, name) for command, name in found if isinstance(command, click.Group)]
