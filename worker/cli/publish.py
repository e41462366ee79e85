"""The command `publish`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from worker.app import open_publisher, open_store
from worker.cli.context import CommandContext
from worker.cli.terminal import counted, progress_bars
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
    count, is_evaluated = ctx.run(_publish(ctx, files), quiet=True)
    say(f"Published {counted(count, 'event')}.")
    if not is_evaluated:
        say("No worker runs on this data: `rostering run` starts one, which evaluates what waits.", err=True)


async def _publish(ctx: CommandContext, files: tuple[Path, ...]) -> tuple[int, bool]:
    """Return how many events were published, and whether a worker is there to evaluate them."""
    now = datetime.now(UTC)
    for _ in read_events(files, now):
        pass  # the whole of it is checked before the first event leaves
    async with AsyncExitStack() as stack:
        has_broker = ctx.settings.broker_url is not None
        store = None if has_broker else await stack.enter_async_context(open_store(ctx.settings))
        publisher = await stack.enter_async_context(open_publisher(ctx.settings, store))
        with progress_bars() as progress:
            count = await publish_events(
                publisher, read_events(files, now), lambda confirmed: progress("events", confirmed)
            )
        # With a broker, events wait there for whoever consumes them: how many do is the broker's to show.
        return count, store is None or await store.desk.has_worker()
