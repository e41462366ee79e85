"""Commands on what operations were told: `alerts list`, `alerts retry`, `alerts discard`."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console

from schemas.timestamps import instant
from worker.alerts.delivery_store import ChannelLine, DeadDelivery, OpenIncident
from worker.bootstrap.store import Stores
from worker.cli.context import CommandContext
from worker.cli.tables import plain_table
from worker.cli.terminal import moment
from worker.cli.terminal_output import say
from worker.runtime.count_text import counted

_channel = click.option("--channel", metavar="NAME", help="Only this channel, as shown by `alerts list`.")


@click.group()
def alerts() -> None:
    """List open incidents; retry or discard undelivered alerts."""


@alerts.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(ctx: CommandContext, *, as_json: bool) -> None:
    """List open incidents, waiting alerts and failed deliveries."""
    incidents, channels, dead = ctx.on_store(_list, quiet=True)
    if as_json:
        say(json.dumps(_as_json(incidents, channels, dead), indent=2))
        return
    _print(ctx.console, "open incidents", incidents, _incident_row, ("incident", "district", "since", "what"))
    _print(
        ctx.console,
        "waiting alerts",
        channels,
        _channel_row,
        ("channel", "waiting", "dead", "oldest", "problem"),
    )
    _print(
        ctx.console,
        "failed deliveries",
        dead,
        _dead_row,
        ("failed at", "channel", "alert", "attempts", "problem"),
    )


@alerts.command()
@_channel
@click.pass_obj
def retry(ctx: CommandContext, channel: str | None) -> None:
    """Retry failed deliveries. An alert is left out if a later one of its incident was delivered."""
    taken, left = ctx.on_store(lambda store: _retry(store, channel, ctx.actor))
    say(f"{counted(taken, 'alert')} will be delivered again.")
    if left:
        say(
            f"{counted(left, 'alert')} not retried: a later alert of the same incident was delivered. "
            "Run `rostering alerts discard` to delete them."
        )


@alerts.command()
@_channel
@click.option("--waiting", is_flag=True, help="Also deliveries that are still waiting; requires --channel.")
@click.pass_obj
def discard(ctx: CommandContext, channel: str | None, *, waiting: bool) -> None:
    """Delete failed deliveries. Alerts that were delivered elsewhere stay there."""
    if waiting and channel is None:
        raise click.UsageError("--waiting: requires --channel")
    gone = ctx.on_store(lambda store: _discard(store, channel, ctx.actor, waiting=waiting))
    say(f"{counted(gone, 'alert')} discarded.")


async def _list(store: Stores) -> tuple[list[OpenIncident], list[ChannelLine], list[DeadDelivery]]:
    told = store.deliveries
    return await told.incidents(), await told.channels(), await told.dead()


async def _retry(store: Stores, channel: str | None, actor: str) -> tuple[int, int]:
    taken, left = await store.deliveries.retry(channel)
    await store.districts.note(None, "alerts.retry", actor, {"channel": channel, "alerts": taken})
    return taken, left


async def _discard(store: Stores, channel: str | None, actor: str, *, waiting: bool) -> int:
    gone = await store.deliveries.discard(channel, waiting=waiting)
    await store.districts.note(None, "alerts.discard", actor, {"channel": channel, "alerts": gone})
    return gone


def _as_json(
    incidents: list[OpenIncident], channels: list[ChannelLine], dead: list[DeadDelivery]
) -> dict[str, Any]:
    return {
        "incidents": [
            {
                "code": each.code,
                "district_id": each.district_id or None,
                "since": instant(each.since),
                "summary": each.summary,
                "flapping": each.is_flapping,
            }
            for each in incidents
        ],
        "channels": [
            {
                "channel": each.channel,
                "waiting": each.waiting,
                "dead": each.dead,
                "since": instant(each.since),
                "problem": each.problem,
            }
            for each in channels
        ],
        "dead": [
            {
                "channel": each.channel,
                "alert_id": each.alert_id,
                "dedup_key": each.dedup_key,
                "status": each.status,
                "dead_at": instant(each.dead_at),
                "attempts": each.attempts,
                "problem": each.problem,
            }
            for each in dead
        ],
    }


def _print(console: Console, what: str, items: list[Any], row: Any, columns: tuple[str, ...]) -> None:
    if not items:
        console.print(f"No {what}.")
        return
    table = plain_table(*columns)
    for item in items:
        table.add_row(*row(item))
    console.print(table)


def _incident_row(each: OpenIncident) -> tuple[str, ...]:
    flapping = " (flapping)" if each.is_flapping else ""
    return each.code, each.district_id or "-", moment(instant(each.since)), each.summary + flapping


def _channel_row(each: ChannelLine) -> tuple[str, ...]:
    since = moment(instant(each.since))
    return each.channel, f"{each.waiting:,}", f"{each.dead:,}", since, each.problem or ""


def _dead_row(each: DeadDelivery) -> tuple[str, ...]:
    told = f"{each.status} {each.dedup_key}"
    return moment(instant(each.dead_at)), each.channel, told, str(each.attempts), each.problem or ""
