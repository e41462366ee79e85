"""The command `publish`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from worker.app import open_publisher
from worker.cli.context import CommandContext
from worker.cli.terminal import progress_bars
from worker.pages import read_events
from worker.publishing import publish_events
from worker.terminal_output import say


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE..."
)
@click.pass_obj
def publish(ctx: CommandContext, files: tuple[Path, ...]) -> None:
    """Publish events: NDJSON of events, or Clever list pages of records as their created events.

    Without a broker they go straight into the database of the data folder.
    """
    count = ctx.run(_publish(ctx, files), quiet=True)
    say(f"Published {count:,} events.")


async def _publish(ctx: CommandContext, files: tuple[Path, ...]) -> int:
    now = datetime.now(UTC)
    for _ in read_events(files, now):
        pass  # the whole of it is checked before the first event leaves
    async with open_publisher(ctx.settings) as publisher:
        with progress_bars() as progress:
            return await publish_events(
                publisher, read_events(files, now), lambda confirmed: progress("events", confirmed)
            )
