"""Commands on dead letters: `dead-letters list|show|replay|discard`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import click
from rich.table import Table

from schemas.timestamps import instant
from worker.bootstrap import broker as outside
from worker.bootstrap import store as app
from worker.cli.approvals import spoken
from worker.cli.context import CommandContext
from worker.cli.district_argument import district_id_of
from worker.cli.terminal import moment
from worker.cli.terminal_output import say
from worker.messaging.broker import Publisher
from worker.messaging.dead_letters import DeadLetter, DeadLetters
from worker.operations import dead_letters
from worker.operations.dead_letters import DeadLetterListing, DeadLetterQuery, LetterLine, Settled
from worker.runtime.count_text import counted
from worker.runtime.errors import OrderRefused

LISTED: Final = 200
SHOWN: Final = 12
"""Hex digits of an id in the table: enough to name a letter by."""
_ID: Final = re.compile(r"[0-9a-f]{8,64}")


@click.group(name="dead-letters")
def dead_letters_group() -> None:
    """List, show, replay or discard unreadable messages."""


@dead_letters_group.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one dead letter per line.")
@click.option(
    "--limit",
    type=click.IntRange(1, dead_letters.AT_ONCE),
    default=LISTED,
    show_default=True,
    help="Maximum number to list.",
)
@click.pass_obj
def list_letters(ctx: CommandContext, *, as_json: bool, limit: int) -> None:
    """List dead letters, oldest first, without their content."""
    listing = ctx.run(_list(ctx, limit))
    if as_json:
        for line in listing.dead_letters:
            say(json.dumps(_as_json(line), ensure_ascii=False))
        return
    if not listing.dead_letters:
        say("No dead letters. Every message could be read.")
        return
    ctx.console.print(letters_table(listing))
    if listing.more:
        say(f"And {listing.more:,} more.")


def letters_table(listing: DeadLetterListing) -> Table:
    """Return the letters for a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "district", "reason", "received"):
        table.add_column(column, no_wrap=True)
    table.add_column("bytes", justify="right")
    table.add_column("details", overflow="fold", min_width=24)
    for line in listing.dead_letters:
        when = moment(instant(line.died_at)) if line.died_at else ""
        shown = line.id[:SHOWN]
        table.add_row(shown, line.district_id or "", line.reason, when, f"{line.size:,}", line.why)
    return table


def _ids(_ctx: click.Context, _argument: click.Parameter, ids: tuple[str, ...]) -> tuple[str, ...]:
    for one in ids:
        if not _ID.fullmatch(one.lower()):
            raise click.BadParameter(
                "expected a dead letter ID, or at least its first 8 digits, from `dead-letters list`, "
                f"got {one!r}"
            )
    return tuple(one.lower() for one in ids)


@dead_letters_group.command(name="show")
@click.argument("letter", callback=lambda ctx, parameter, value: _ids(ctx, parameter, (value,))[0])
@click.pass_obj
def show_letter(ctx: CommandContext, letter: str) -> None:
    """Print a dead letter. It may contain student names; your view is recorded in the audit log."""
    body = ctx.run(_show(ctx, letter)).body
    sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
    sys.stdout.buffer.flush()


def _choosing(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what letters are chosen by, and why."""
    for option in (
        click.option(
            "--reason", required=True, metavar="TEXT", callback=spoken, help="Reason, kept in the audit log."
        ),
        click.option("--unreadable-for", metavar="CODE", help="All dead letters with this reason."),
        click.option("--district", metavar="DISTRICT", help="All dead letters of this district."),
        click.option("--all", "is_all", is_flag=True, help="All dead letters."),
        click.argument("letters", nargs=-1, callback=_ids, metavar="[LETTER]..."),
    ):
        command = option(command)
    return command


@dead_letters_group.command(name="replay")
@_choosing
@click.pass_obj
def replay(ctx: CommandContext, /, reason: str, **chosen: Any) -> None:
    """Publish dead letters again.

    Those that can be read now unblock their districts; the others come back.
    """
    settled = ctx.run(_replay(ctx, _choice(**chosen), reason))
    _report(settled, "Replayed", ": those that can be read now unblock their districts, others come back")


@dead_letters_group.command(name="discard")
@_choosing
@click.pass_obj
def discard(ctx: CommandContext, /, reason: str, **chosen: Any) -> None:
    """Delete dead letters for good. Their content is not part of any roster."""
    _report(ctx.run(_discard(ctx, _choice(**chosen), reason)), "Discarded")


def _choice(
    *, letters: tuple[str, ...], is_all: bool, district: str | None, unreadable_for: str | None
) -> DeadLetterQuery:
    given = bool(letters), is_all, bool(district or unreadable_for)
    if sum(given) != 1:
        raise click.UsageError("expected dead letter IDs, or --district or --unreadable-for, or --all")
    return DeadLetterQuery(letters, district, unreadable_for)


def _report(settled: Settled, done: str, besides: str = "") -> None:
    say(f"{done} {counted(settled.processed, 'dead letter')}{besides}.")
    if settled.unseen:
        say(f"{settled.unseen:,} more not processed yet: run the command again.")
    if settled.missing:
        told = ", ".join(sorted(settled.missing))
        raise OrderRefused(f"no such dead letter: {told}")


def _as_json(line: LetterLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "district_id": line.district_id,
        "unreadable_for": line.reason,
        "died_at": instant(line.died_at) if line.died_at else None,
        "bytes": line.size,
        "routing_key": line.routing_key,
        "why": line.why,
    }


@dataclass(frozen=True, slots=True)
class _Opened:
    """What an order on dead letters works with."""

    store: app.Stores
    dead_letters: DeadLetters
    publisher: Publisher


@asynccontextmanager
async def _opened(ctx: CommandContext) -> AsyncIterator[_Opened]:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(app.open_store(ctx.settings))
        broker = await stack.enter_async_context(outside.open_publisher(ctx.settings, store))
        yield _Opened(store, outside.dead_letters(broker, store), broker)


async def _list(ctx: CommandContext, limit: int) -> DeadLetterListing:
    async with outside.open_dead_letters(ctx.settings) as opened:
        return await dead_letters.listed(opened, limit)


async def _show(ctx: CommandContext, letter_id: str) -> DeadLetter:
    async with _opened(ctx) as districts:
        letter = await dead_letters.found(districts.dead_letters, letter_id)
        if letter is None:
            raise OrderRefused(f"no such dead letter: {letter_id}")
        detail = {"record": letter.id}
        await districts.store.districts.note(letter.district_id, "lookup.dead-letters", ctx.actor, detail)
    return letter


async def _replay(ctx: CommandContext, choice: DeadLetterQuery, reason: str) -> Settled:
    async with _opened(ctx) as districts:
        meant = await _meant(districts, choice)
        return await dead_letters.replay(
            districts.dead_letters, districts.publisher, districts.store.quarantine, meant, ctx.actor, reason
        )


async def _discard(ctx: CommandContext, choice: DeadLetterQuery, reason: str) -> Settled:
    async with _opened(ctx) as districts:
        meant = await _meant(districts, choice)
        return await dead_letters.discard(
            districts.dead_letters, districts.store.quarantine, meant, ctx.actor, reason
        )


async def _meant(districts: _Opened, choice: DeadLetterQuery) -> DeadLetterQuery:
    """Return the choice with whole ids in the place of their beginnings, of letters and of the district."""
    district = choice.district_id
    if district is not None:
        district = await district_id_of(districts.store, district, may_be_new=True)
    return replace(
        choice, ids=await dead_letters.whole_ids(districts.dead_letters, choice.ids), district_id=district
    )
