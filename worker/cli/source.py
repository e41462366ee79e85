"""Commands on where a district comes from: `resync` and `purge`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from worker.adapters.clever.saved import SavedPageFolder
from worker.bootstrap import broker as outside
from worker.bootstrap import clever as clever_module
from worker.bootstrap.store import Stores
from worker.cli.context import CommandContext
from worker.cli.terminal import progress_bars
from worker.cli.terminal_output import say
from worker.operations import resync as reading
from worker.operations.purge_district import Purge
from worker.runtime.count_text import counted
from worker.runtime.errors import SettingsError
from worker.runtime.metrics import Metrics


@click.command()
@click.argument("district")
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Read from this folder of saved Clever list pages (*.json) instead of from Clever.",
)
@click.option(
    "--accept-fewer",
    is_flag=True,
    help="Accept a read with far fewer records than are stored; otherwise it is refused.",
)
@click.option(
    "--over-newer",
    is_flag=True,
    help="Overwrite stored records that are newer than what is read; otherwise they are kept.",
)
@click.pass_obj
def resync(
    ctx: CommandContext, district: str, folder: Path | None, accept_fewer: bool, over_newer: bool
) -> None:
    """Read the whole district again, from Clever or saved pages. A running worker then evaluates it."""
    work = (
        partial(_from_clever, ctx)
        if folder is None
        else partial(_from_pages, ctx.actor, SavedPageFolder(folder))
    )
    choices = {"accept_fewer": accept_fewer, "over_newer": over_newer}
    read = ctx.on_district(district, partial(work, **choices), may_be_new=True, quiet=True)
    say(f"Read {counted(read.records, 'record')} of {district}. The district is being evaluated.")
    for line in report_lines(read):
        say(line)


@click.command()
@click.argument("district")
@click.option("--yes", is_flag=True, help="Confirm; otherwise nothing is deleted.")
@click.pass_obj
def purge(ctx: CommandContext, district: str, yes: bool) -> None:
    """Delete all of a district's data. The audit log keeps how much was deleted."""
    if not yes:
        raise click.UsageError(f"this deletes all data of {district} for good; confirm with --yes")
    deleted, is_connected = ctx.on_district(district, partial(_purge, ctx), is_final=True)
    rows = ", ".join(f"{table} {count:,}" for table, count in deleted.items()) or "nothing"
    say(f"Deleted of {district}: {rows}.")
    if is_connected:
        say(
            "The district is still connected in Clever: a worker with a Clever source will read it again.",
            err=True,
        )


def report_lines(read: reading.ReadWhole) -> list[str]:
    """Return what a person who ordered the reading should know of it, a line each."""
    lines = []
    if read.run.repeated:
        lines.append(
            f"{counted(read.run.repeated, 'row')} repeated a record: the most recently modified version "
            "is kept, or of equal ones the one read last."
        )
    if read.ahead:
        lines.append(
            f"{counted(read.ahead, 'row')} with a modification time in the future: the time was ignored."
        )
    if read.older.older:
        lines.append(
            f"{counted(read.older.older, 'row')} {_are(read.older.older)} older than the stored version and "
            "changed nothing; use --over-newer to overwrite."
        )
    if read.older.kept:
        them = "it" if read.older.kept == 1 else "them"
        lines.append(
            f"{counted(read.older.kept, 'stored record')} {_are(read.older.kept)} newer than the pages "
            f"and not in them; kept (--over-newer removes {them})."
        )
    return lines


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


async def _from_clever(
    ctx: CommandContext, store: Stores, district_id: str, *, accept_fewer: bool, over_newer: bool
) -> reading.ReadWhole:
    async with (
        outside.open_publisher(ctx.settings, store) as publisher,
        clever_module.open_source(ctx.settings, store, publisher, Metrics()) as source,
    ):
        if source is None:
            raise SettingsError(
                "ROSTERING_CLEVER__CLIENT_ID and ROSTERING_CLEVER__CLIENT_SECRET: expected the app's "
                "credentials, to read from Clever; or use saved pages with --from"
            )
        with progress_bars() as progress:
            read = await reading.from_clever(
                source,
                district_id,
                f"requested by {ctx.actor}",
                progress,
                accept_fewer=accept_fewer,
                over_newer=over_newer,
            )
        detail = {"from": "clever", "records": read.records, "over_newer": over_newer}
        await store.districts.note(district_id, "district.resync", ctx.actor, detail)
    return read


async def _from_pages(
    actor: str,
    saved: SavedPageFolder,
    store: Stores,
    district_id: str,
    *,
    accept_fewer: bool,
    over_newer: bool,
) -> reading.ReadWhole:
    with progress_bars() as progress:
        async with reading.sole_reader(store.connections, district_id):
            read = await reading.from_pages(
                store.baselines,
                saved,
                district_id,
                progress,
                accept_fewer=accept_fewer,
                over_newer=over_newer,
            )
    detail = {"from": "pages", "records": read.records, "over_newer": over_newer}
    await store.districts.note(district_id, "district.resync", actor, detail)
    return read


async def _purge(ctx: CommandContext, store: Stores, district_id: str) -> tuple[dict[str, int], bool]:
    source = (await store.districts.show(district_id))["source"]
    async with outside.open_dead_letters(ctx.settings, store) as dead_letters:
        purge = Purge(store.districts, dead_letters, store.quarantine, outside.message_files(ctx.settings))
        deleted = await purge.district(district_id, ctx.actor)
    return deleted, source is not None and source["disconnected_at"] is None
