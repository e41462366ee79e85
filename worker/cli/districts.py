"""Commands on districts: `districts`, `show`, `flush`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import click
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from schemas.timestamps import instant
from worker.bootstrap import settings
from worker.bootstrap.store import Stores
from worker.cli import approvals
from worker.cli.context import CommandContext
from worker.cli.reviews import findings_table, forecast_text, review_details
from worker.cli.terminal import moment
from worker.cli.terminal_output import say
from worker.domain.preflight.approval import plan_text
from worker.domain.preflight.window import WindowLimits
from worker.operations.district_queries import DistrictRow, DistrictsAsked
from worker.runtime.count_text import counted

STYLES = {
    "review": "yellow",
    "rostered": "green",
    "waiting": "dim",
    "on_hold": "yellow",
    "parked": "red",
    "disconnected": "red",
    "purged": "dim",
}
_NUMBERS: Final = ("students", "blocked", "errors", "rostered", "commits", "reviews")
_COLUMNS: Final = ("name", "district", "status", *_NUMBERS, "last decision (UTC)")
_EXPENDABLE: Final = ("reviews", "commits", "rostered", "last decision (UTC)")
"""Columns that a narrow terminal goes without, the first of them first."""
_LONGEST_NAME, _SHORTEST_NAME = 28, 12


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one district per line.")
@click.pass_obj
def districts(ctx: CommandContext, as_json: bool) -> None:
    """List the districts with their status."""
    lines = ctx.on_store(lambda store: store.views.districts(DistrictsAsked())).rows
    if as_json:
        for line in lines:
            say(json.dumps(_as_json(line), ensure_ascii=False))
    elif lines:
        ctx.console.print(DistrictTable(lines))
    else:
        say("No districts yet. Publish a district's events, for example with `rostering publish`.")


@click.command()
@click.argument("district")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(ctx: CommandContext, district: str, as_json: bool) -> None:
    """Show one district: its status, counts, findings and causes.

    If its window is open, you also see a forecast of the next decision.
    """
    details = ctx.on_district(district, partial(_show, settings.window_limits(ctx.settings)))
    if as_json:
        say(json.dumps(details, indent=2, ensure_ascii=False))
    else:
        ctx.console.print(district_details(details))


@click.command()
@click.argument("district")
@click.pass_obj
def flush(ctx: CommandContext, district: str) -> None:
    """Close a district's window and evaluate it now. This also retries a parked district."""
    ctx.on_district(district, lambda store, chosen: store.districts.flush(chosen, ctx.actor))
    say(f"{district} is being evaluated now.")


class DistrictTable:
    """The districts as a table that leaves out what matters least where a terminal is too narrow for all."""

    def __init__(self, lines: Sequence[DistrictRow]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the widest table that fits, with what room there is for the names."""
        room = 0
        columns = list(_COLUMNS)
        for expendable in ("", *_EXPENDABLE):
            columns = [column for column in columns if column != expendable]
            bare = self._table([column for column in columns if column != "name"], 0)
            room = (
                options.max_width - bare.__rich_measure__(console, options.update(max_width=1000)).maximum - 2
            )
            if room >= _SHORTEST_NAME:
                break
        yield self._table(columns, max(1, min(_LONGEST_NAME, room)))

    def _table(self, columns: list[str], name_width: int) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            if column == "name":
                table.add_column(column, overflow="ellipsis", no_wrap=True, max_width=name_width)
            else:
                table.add_column(column, no_wrap=True, justify="right" if column in _NUMBERS else "left")
        for line in self._lines:
            cells = _cells(line)
            table.add_row(*(cells[column] for column in columns))
        return table


def _cells(line: DistrictRow) -> dict[str, str | Text]:
    return {
        "district": line.district_id,
        "name": Text(line.name or ""),
        "status": Text(line.status, STYLES.get(line.status, "")),
        "students": f"{line.tally.students:,}",
        "blocked": f"{line.tally.blocked:,}",
        "errors": f"{line.tally.errors:,}",
        "rostered": f"{line.committed.get('students', 0):,}",
        "commits": f"{line.commits:,}",
        "reviews": f"{line.reviews:,}",
        "last decision (UTC)": f"{line.decided_at:%Y-%m-%d %H:%M:%S}" if line.decided_at else "",
    }


def district_details(details: dict[str, Any]) -> RenderableType:
    """Return one district for a terminal."""
    students, roster = details["students"], details["roster"]
    status = Text(details["status"], STYLES.get(details["status"], ""))
    facts = Table.grid(padding=(0, 2))
    facts.add_row("district", f"{details['name'] or ''}  {details['district_id']}".strip())
    facts.add_row("status", status + Text(_standing(details)))
    for label, text in approvals.restraints(details):
        facts.add_row(label, text)
    facts.add_row(
        "students",
        f"{students['total']:,} in scope, {students['ready']:,} ready, {students['blocked']:,} blocked, "
        f"{students['outside_scope']:,} out of scope",
    )
    facts.add_row(
        "rostered",
        ", ".join(
            f"{roster.get(kind, 0):,} {kind}" for kind in ("schools", "teachers", "classes", "students")
        ),
    )
    facts.add_row("roster digest", roster["digest"])
    facts.add_row("plan", plan_text(details["plan"]["counts"]))
    facts.add_row("plan digest", details["plan"]["digest"])
    facts.add_row("last decision", _decision(details["last_decision"]))
    version = details["filter_version"]
    facts.add_row("filter", f"version {version}" if version else "not set: every shared section counts")
    facts.add_row("window", _window(details["window"]))
    if details["source"]:
        facts.add_row("clever", _source(details["source"]))
    if details["fields_not_kept"]:
        lacking = ", ".join(details["fields_not_kept"])
        facts.add_row("fields", Text(f"{lacking}: not stored yet; needs a resync", "yellow"))
    if details["sync"]["warning"]:
        facts.add_row("sync", Text(details["sync"]["warning"], "yellow"))
    for incident in details["incidents"]:
        facts.add_row("incident", Text(f"{incident['code']} since {moment(incident['since'])}", "red"))
    if details["quarantined"]:
        facts.add_row("quarantined", counted(details["quarantined"], "unreadable event"))
    if details["evaluation_failures"]["count"]:
        failures = details["evaluation_failures"]
        facts.add_row(
            "failures", f"{counted(failures['count'], 'evaluation')} failed, the last with {failures['last']}"
        )
    if details["forecast"]:
        facts.add_row("forecast", forecast_text(details["forecast"], details["findings"]["by_code"]))
    review = details["review"]
    parts: list[RenderableType] = [facts, Text(), findings_table(details["findings"], review)]
    if review:
        parts += [Text(), review_details(review)]
    return Group(*parts)


def _standing(details: dict[str, Any]) -> str:
    since = details["standing_since"]
    if since is None or details["status"] == "review":
        return f" since {moment(since)}" if since else ""
    return f", in review since {moment(since)}"


def _decision(decision: dict[str, Any] | None) -> str:
    if decision is None:
        return "none yet"
    published = "published" if decision["published_at"] else "not published yet"
    return f"{decision['outcome']} {decision['sequence']}, {moment(decision['decided_at'])}, {published}"


def _window(window: dict[str, Any] | None) -> str:
    if window is None:
        return "closed"
    put_off = f", deferred since {moment(window['deferred_since'])}" if window["deferred_since"] else ""
    return f"open since {moment(window['opened_at'])}, {counted(window['events'], 'event')}{put_off}"


def _source(source: dict[str, Any]) -> RenderableType:
    if source["disconnected_at"]:
        return Text(f"disconnected since {moment(source['disconnected_at'])}; its data is kept", "red")
    parts = [f"connected since {moment(source['connected_at'])}"]
    if source["baseline"]:
        records = counted(source["baseline"]["records"], "record")
        is_read = source["baseline"]["ready_at"]
        parts.append(
            f"a baseline of {records} is waiting to be evaluated"
            if is_read
            else f"baseline in progress, {records}"
        )
    elif source["resync"]:
        parts.append(f"next baseline due: {source['resync']}")
    whole = source["baseline_at"]
    parts.append(f"last baseline {moment(whole)}" if whole else "no baseline yet")
    if source["feed_read_at"]:
        parts.append(f"feed last read {moment(source['feed_read_at'])}")
    facts = Text("; ".join(parts))
    if source["problem"]:
        facts.append(f"\n{source['problem']} (failed {counted(source['turns_failed'], 'time')})", "yellow")
    return facts


def _as_json(line: DistrictRow) -> dict[str, Any]:
    return {
        "district_id": line.district_id,
        "name": line.name,
        "status": line.status,
        "students": line.tally.students,
        "blocked": line.tally.blocked,
        "errors": line.tally.errors,
        "warnings": line.tally.warnings,
        "by_code": line.tally.by_code(),
        "rostered": line.committed,
        "commits": line.commits,
        "reviews": line.reviews,
        "waiting_events": line.window.events if line.window else 0,
        "hold": line.hold,
        "standing_since": instant(line.standing_since) if line.standing_since else None,
        "decided_at": instant(line.decided_at) if line.decided_at else None,
    }


async def _show(limits: WindowLimits, store: Stores, district_id: str) -> dict[str, Any]:
    from worker.operations.dry_run import forecast  # noqa: PLC0415 — slow to import

    details = await store.districts.show(district_id)
    has_events = details["window"] is not None and details["window"]["events"]
    warning = await forecast(store.evaluations, district_id, limits) if has_events else None
    return {**details, "forecast": warning}
