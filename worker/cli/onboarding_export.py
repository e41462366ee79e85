"""The command `onboarding export`: districts in onboarding for a spreadsheet, or for a calendar."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from worker.cli.context import CommandContext
from worker.cli.terminal_output import say
from worker.onboarding.district_store import Record
from worker.onboarding.export_table import table
from worker.runtime.errors import UsageError

ICS: Final = ".ics"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--csv", "is_csv", is_flag=True, help="A table, one row per district (default).")
@click.option("--ics", "is_ics", is_flag=True, help="A calendar of launch days and opening days.")
@click.pass_obj
def export(ctx: CommandContext, file: Path | None, is_csv: bool, is_ics: bool) -> None:
    """Write the districts in onboarding to FILE. Without FILE, they are written to standard output.

    Without an option, the extension of FILE decides. Contact addresses are not included.
    """
    if is_csv and is_ics:
        raise UsageError("export: expected --csv or --ics, got both")
    as_calendar = is_ics or (not is_csv and file is not None and file.suffix.lower() == ICS)
    body = _written(ctx.on_store(lambda store: store.onboarding.records()), as_calendar=as_calendar)
    if file is None or str(file) == "-":
        sys.stdout.buffer.write(body)
        return
    try:
        file.write_bytes(body)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None
    say(f"{file} written.", err=True)


def _written(records: list[Record], *, as_calendar: bool) -> bytes:
    if not as_calendar:
        return table(records)
    from worker.onboarding import export_calendar  # noqa: PLC0415 — slow to import, and only where it is wanted

    return export_calendar.calendar(records)
