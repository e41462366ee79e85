"""The command `publish`."""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from worker.bootstrap.broker import is_taken, open_publisher
from worker.bootstrap.store import Stores, open_store
from worker.cli.context import CommandContext
from worker.cli.terminal import progress_bars
from worker.cli.terminal_output import say
from worker.messaging.event_files import read_events
from worker.messaging.publish_events import publish_events
from worker.operations.row_report import RowReport
from worker.runtime.count_text import counted
from worker.runtime.errors import Unavailable

COMPARED: Final = 2_000
"""Rows that are compared with what is staged in one go."""


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE..."
)
@click.pass_obj
def publish(ctx: CommandContext, files: tuple[Path, ...]) -> None:
    """Publish events from files.

    A file has one event per line (NDJSON), or is a saved page of a Clever list, whose records are
    published as created events.

    Without a broker, events go directly into the database in the data folder. If a record appears twice,
    the version changed last is kept.
    """
    count, report, is_evaluated = ctx.run(_publish(ctx, files), quiet=True)
    say(f"Published {counted(count, 'event')}.")
    for line in report_lines(report):
        say(line)
    if not is_evaluated:
        say(
            "No worker is running on this data. Start one with `rostering run` to evaluate the events.",
            err=True,
        )


def report_lines(report: RowReport) -> list[str]:
    """Return what a person who published rows of lists should know of them, a line each."""
    lines = []
    if report.repeated:
        lines.append(
            f"{counted(report.repeated, 'row')} repeated a record: the most recently modified version "
            "is kept, or of equal ones the one read last."
        )
    if report.unreadable:
        goes = "goes" if report.unreadable == 1 else "go"
        lines.append(f"{counted(report.unreadable, 'row')} without a record {goes} to the dead letters.")
    if report.ahead:
        lines.append(
            f"{counted(report.ahead, 'row')} with a modification time in the future: the time was ignored."
        )
    if report.older:
        are = "is" if report.older == 1 else "are"
        lines.append(
            f"{counted(report.older, 'row')} {are} older than the stored version, and will change nothing."
        )
    return lines


async def _publish(ctx: CommandContext, files: tuple[Path, ...]) -> tuple[int, RowReport, bool]:
    """Return how many events were published, what is to be said of rows, and whether a worker is there."""
    now = datetime.now(UTC)
    report = RowReport(now)
    async with AsyncExitStack() as stack:
        staged = _Staged(ctx, stack)
        # The whole of it is checked before the first event leaves.
        for event in read_events(files, now):
            report.add(event)
            if len(report.versions) >= COMPARED:
                await staged.compare(report)
        if report.versions:
            await staged.compare(report)
        has_broker = ctx.settings.broker_url is not None
        store = staged.store if has_broker else await staged.opened()
        publisher = await stack.enter_async_context(open_publisher(ctx.settings, store))
        with progress_bars() as progress:
            count = await publish_events(
                publisher, read_events(files, now), lambda confirmed: progress("events", confirmed)
            )
        return count, report, await is_taken(publisher, store)


@dataclass
class _Staged:
    """The store that the events are for, opened when it is first needed."""

    ctx: CommandContext
    stack: AsyncExitStack
    store: Stores | None = None

    async def opened(self) -> Stores:
        """Return the store."""
        if self.store is None:
            self.store = await self.stack.enter_async_context(open_store(self.ctx.settings))
        return self.store

    async def compare(self, report: RowReport) -> None:
        """Count the rows that are older than what is staged, where the store is known here and answers."""
        settings = self.ctx.settings
        with suppress(Unavailable):  # the broker may well be there, and takes the events
            if settings.broker_url is None or settings.database_url is not None:
                report.older += await (await self.opened()).baselines.older_than_staged(report.versions)
        report.versions.clear()
