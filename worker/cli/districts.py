"""Commands on districts: `districts`, `show`, `flush`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from worker import app
from worker.cli import people
from worker.cli.context import CommandContext
from worker.cli.reviews import findings_table, forecast_text, review_details
from worker.domain.approval import plan_text
from worker.forecast import forecast
from worker.ports.desk import DistrictLine

STYLES = {
    "review": "yellow",
    "rostered": "green",
    "waiting": "dim",
    "on_hold": "yellow",
    "parked": "red",
    "disconnected": "red",
    "purged": "dim",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one district a line.")
@click.pass_obj
def districts(ctx: CommandContext, as_json: bool) -> None:
    """List the districts with their status."""
    lines = ctx.run(_districts(ctx))
    if as_json:
        for line in lines:
            click.echo(json.dumps(_as_json(line), ensure_ascii=False))
    elif lines:
        ctx.console.print(district_table(lines))
    else:
        click.echo("No district yet: publish a district's events, for example with `rostering publish`.")


@click.command()
@click.argument("district")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(ctx: CommandContext, district: str, as_json: bool) -> None:
    """Show one district: status, counts, findings, causes, and what would come of an open window."""
    details = ctx.run(_show(ctx, district))
    if as_json:
        click.echo(json.dumps(details, indent=2, ensure_ascii=False))
    else:
        ctx.console.print(district_details(details))


@click.command()
@click.argument("district")
@click.pass_obj
def flush(ctx: CommandContext, district: str) -> None:
    """Close the district's window now; a parked district gets another try."""
    ctx.run(_flush(ctx, district))
    click.echo(f"The window of {district} closes now.")


def district_table(lines: list[DistrictLine]) -> RenderableType:
    """Return the districts as a table for a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("district", no_wrap=True)
    table.add_column("name", overflow="ellipsis", no_wrap=True, max_width=28)
    table.add_column("status")
    for column in ("students", "blocked", "errors", "rostered", "commits", "reviews"):
        table.add_column(column, justify="right")
    table.add_column("last decision", no_wrap=True)
    for line in lines:
        table.add_row(
            line.district_id,
            line.name or "",
            Text(line.status, STYLES.get(line.status, "")),
            f"{line.tally.students:,}",
            f"{line.tally.blocked:,}",
            f"{line.tally.errors:,}",
            f"{line.committed.get('students', 0):,}",
            f"{line.commits:,}",
            f"{line.reviews:,}",
            _moment(line.decided_at),
        )
    return table


def district_details(details: dict[str, Any]) -> RenderableType:
    """Return one district for a terminal."""
    students, roster = details["students"], details["roster"]
    status = Text(details["status"], STYLES.get(details["status"], ""))
    facts = Table.grid(padding=(0, 2))
    facts.add_row("district", f"{details['district_id']}  {details['name'] or ''}")
    facts.add_row("status", status + Text(_standing(details)))
    for label, text in people.restraints(details):
        facts.add_row(label, text)
    facts.add_row(
        "students",
        f"{students['total']:,} in scope, {students['ready']:,} ready, {students['blocked']:,} blocked",
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
    facts.add_row("window", _window(details["window"]))
    if details["source"]:
        facts.add_row("clever", _source(details["source"]))
    if details["sync"]["warning"]:
        facts.add_row("sync", Text(details["sync"]["warning"], "yellow"))
    for incident in details["incidents"]:
        facts.add_row("incident", Text(f"{incident['code']} since {incident['since']}", "red"))
    if details["quarantined"]:
        facts.add_row("quarantined", f"{details['quarantined']:,} unreadable events")
    if details["evaluation_failures"]["count"]:
        failures = details["evaluation_failures"]
        facts.add_row("failures", f"{failures['count']} evaluations raised, the last {failures['last']}")
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
        return f" since {since}" if since else ""
    return f", in review since {since}"


def _decision(decision: dict[str, Any] | None) -> str:
    if decision is None:
        return "none yet"
    published = "published" if decision["published_at"] else "waits to be published"
    return f"{decision['outcome']} {decision['sequence']}, {decision['decided_at']}, {published}"


def _window(window: dict[str, Any] | None) -> str:
    if window is None:
        return "closed"
    put_off = f", put off since {window['deferred_since']}" if window["deferred_since"] else ""
    return f"open since {window['opened_at']}, {window['events']:,} events{put_off}"


def _source(source: dict[str, Any]) -> RenderableType:
    if source["disconnected_at"]:
        return Text(f"disconnected since {source['disconnected_at']}; nothing was deleted", "red")
    parts = [f"connected since {source['connected_at']}"]
    if source["baseline"]:
        records = f"{source['baseline']['records']:,} records"
        is_read = source["baseline"]["ready_at"]
        parts.append(
            f"a baseline of {records} waits to be judged" if is_read else f"baseline under way, {records}"
        )
    elif source["resync"]:
        parts.append(f"baseline wanted: {source['resync']}")
    parts.append(f"read whole at {source['baseline_at']}" if source["baseline_at"] else "not read whole yet")
    if source["feed_read_at"]:
        parts.append(f"feed read at {source['feed_read_at']}")
    facts = Text("; ".join(parts))
    if source["problem"]:
        facts.append(f"\n{source['problem']} ({source['turns_failed']} times)", "yellow")
    return facts


def _as_json(line: DistrictLine) -> dict[str, Any]:
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
        "waiting_events": line.waiting_events,
        "hold": line.hold,
        "standing_since": line.standing_since.isoformat() if line.standing_since else None,
        "decided_at": line.decided_at.isoformat() if line.decided_at else None,
    }


def _moment(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else ""


async def _districts(ctx: CommandContext) -> list[DistrictLine]:
    async with app.open_store(ctx.settings) as store:
        return await store.desk.districts()


async def _show(ctx: CommandContext, district_id: str) -> dict[str, Any]:
    async with app.open_store(ctx.settings) as store:
        details = await store.desk.show(district_id)
        has_events = details["window"] is not None and details["window"]["events"]
        limits = app.window_limits(ctx.settings)
        warning = await forecast(store.evaluations, district_id, limits) if has_events else None
        return {**details, "forecast": warning}


async def _flush(ctx: CommandContext, district_id: str) -> None:
    async with app.open_store(ctx.settings) as store:
        await store.desk.flush(district_id, ctx.actor)
