"""A group of commands that imports only the one it is asked for, and none to list them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Place(NamedTuple):
    """A command that is not imported yet."""

    where: str
    """As `module:attribute`."""
    says: str
    """The first paragraph of its help, for the list of commands."""


class LazyGroup(click.Group):
    """Commands by name, in the order in which they are given; listing them imports none."""

    def __init__(self, *args: Any, places: Mapping[str, Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [*self.places, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it; None where there is none of that name."""
        if cmd_name not in self.places:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.places[cmd_name].where.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List all commands with the beginning of what they do."""
        stand_ins = {name: click.Command(name, help=place.says) for name, place in self.places.items()}
        known = {**self.commands, **stand_ins}
        listing = _Listing(commands={name: known[name] for name in self.list_commands(ctx)})
        listing.format_commands(ctx, formatter)


class _Listing(click.Group):
    """Commands in the order in which they are given."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — as click calls it
        return list(self.commands)
