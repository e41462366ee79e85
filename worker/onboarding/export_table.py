"""Districts in onboarding as a table (CSV): a row a district, nobody's address in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from schemas.timestamps import instant
from worker.onboarding.district_store import Record
from worker.onboarding.export_left_out import log_left_out
from worker.onboarding.todo import waits_of
from worker.runtime.spreadsheet_cells import csv_lines, no_formula

COLUMNS: Final = (
    *("district_id", "name", "state", "since", "waits_for", "with_what", "launch", "opens", "zone"),
    "contacts",
)


def table(records: Iterable[Record]) -> bytes:
    """Return the file; days are those of the district's own time zone."""
    return b"".join([head(), *map(line, records)])


def head() -> bytes:
    """Return the file's first line."""
    return csv_lines([COLUMNS])


def line(record: Record) -> bytes:
    """Return the line of one district; its id alone where the rest cannot be written."""
    try:
        return csv_lines([_row(record)])
    except Exception as error:  # noqa: BLE001 — one district that cannot be written keeps no other out
        log_left_out("table", record.district_id, error)
        return csv_lines([[no_formula(record.district_id), *[""] * (len(COLUMNS) - 1)]])


def _row(record: Record) -> list[str]:
    waiting = next(iter(waits_of(record)), None)
    return [
        no_formula(record.district_id),
        no_formula(record.name or ""),
        record.onboarding.state.value,
        instant(record.since),
        waiting.who.value if waiting else "",
        waiting.what if waiting else "",
        record.launch_at.date().isoformat() if record.launch_at else "",
        record.opens_at.date().isoformat() if record.opens_at else "",
        record.time_zone,
        str(len(record.contacts)),
    ]
