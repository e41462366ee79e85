"""Commands on e-mails to districts: `mails list|show|preview|settle|retry|cancel`.

Addresses are printed for the person who asks for one mail; they are in no list, no JSON and no log.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import click

from schemas.timestamps import instant
from worker.bootstrap.store import Stores
from worker.cli.context import CommandContext
from worker.cli.tables import plain_table
from worker.cli.terminal import moment
from worker.cli.terminal_output import say
from worker.domain.mail.mails import MailKind
from worker.mail.mail_store import KeptMail, MailState
from worker.runtime.count_text import counted

_id = click.argument("mail_id", metavar="ID", type=click.UUID)
MOMENTS = ("created_at", "handed_at", "sent_at", "bounced_at", "dead_at", "cancelled_at", "settled_at")


@click.group()
def mails() -> None:
    """List, show and manage e-mails to districts."""


@mails.command("list")
@click.argument("district", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, without addresses.")
@click.pass_obj
def list_(ctx: CommandContext, district: str | None, *, as_json: bool) -> None:
    """List the newest e-mails, of DISTRICT or of all districts."""
    found = (
        ctx.on_store(lambda store: store.mail_orders.newest(None), quiet=True)
        if district is None
        else ctx.on_district(district, lambda store, chosen: store.mail_orders.newest(chosen), quiet=True)
    )
    if as_json:
        say(json.dumps([_as_json(each) for each in found], indent=2))
        return
    if not found:
        ctx.console.print("No e-mails.")
        return
    table = plain_table("created", "district", "kind", "state", "id", "details")
    for each in found:
        table.add_row(
            moment(instant(each.created_at)),
            each.district_id,
            each.kind.value,
            f"{each.state.value}{' (!)' if each.needs_person else ''}",
            str(each.mail_id),
            what_is(each),
        )
    ctx.console.print(table)
    if any(each.needs_person for each in found):
        ctx.console.print("\n(!) needs attention: `rostering mails show ID` shows what you can do.")


@mails.command()
@_id
@click.pass_obj
def show(ctx: CommandContext, mail_id: uuid.UUID) -> None:
    """Show one e-mail: recipients, state and content."""
    mail = ctx.on_store(lambda store: _show(store, mail_id, ctx.actor), quiet=True)
    ctx.console.print("\n".join(_shown(mail)))


@mails.command()
@click.argument("kind", type=click.Choice([kind.value for kind in MailKind]))
@click.option("--html", "as_html", is_flag=True, help="Print the HTML version.")
@click.pass_obj
def preview(ctx: CommandContext, kind: str, *, as_html: bool) -> None:
    """Print an e-mail of this KIND with sample values. It is written from the current templates."""
    from worker.bootstrap import mail as postbox  # noqa: PLC0415 — slow to import

    made = postbox.composer(ctx.settings).preview(MailKind(kind))
    say(made.html if as_html else f"Subject: {made.subject}\n\n{made.text}", nl=False)


@mails.command()
@_id
@click.option("--arrived", is_flag=True, help="It arrived, or the bounce is resolved.")
@click.option("--again", is_flag=True, help="It did not arrive: send it again.")
@click.pass_obj
def settle(ctx: CommandContext, mail_id: uuid.UUID, *, arrived: bool, again: bool) -> None:
    """Resolve an e-mail whose delivery is unknown, or that bounced.

    Ask the district whether it arrived, or search the mail server's log for its Message-ID.
    """
    if arrived == again:
        raise click.UsageError("expected either --arrived or --again")
    say(_outcome(ctx.on_store(lambda store: store.mail_orders.settle(mail_id, ctx.actor, arrived=arrived))))


@mails.command()
@_id
@click.pass_obj
def retry(ctx: CommandContext, mail_id: uuid.UUID) -> None:
    """Send an e-mail again that failed or was refused."""
    say(_outcome(ctx.on_store(lambda store: store.mail_orders.retry(mail_id, ctx.actor))))


@mails.command()
@_id
@click.pass_obj
def cancel(ctx: CommandContext, mail_id: uuid.UUID) -> None:
    """Cancel an e-mail that is waiting or that failed."""
    say(_outcome(ctx.on_store(lambda store: store.mail_orders.cancel(mail_id, ctx.actor))))


async def _show(store: Stores, mail_id: uuid.UUID, actor: str) -> KeptMail:
    mail = await store.mail_orders.show(mail_id)
    await store.districts.note(mail.district_id, "lookup.mail", actor, {"record": str(mail_id)})
    return mail


def what_is(mail: KeptMail) -> str:
    """Say in a few words, and without an address, what became of a mail."""
    match mail.state:
        case MailState.WAITING if mail.wait_for_sync and not mail.attempts:
            return "will be sent once the roster is in sync"
        case MailState.WAITING:
            due = f"due {moment(instant(mail.next_attempt_at))}"
            return f"{due}; {mail.problem}" if mail.problem else due
        case MailState.SENT:
            return f"to {counted(len(mail.recipients), 'recipient')}"
        case MailState.BOUNCED:
            missed = len({*mail.refused, *mail.bounced})
            return f"not delivered to {missed} of {counted(len(mail.recipients), 'recipient')}"
        case _:
            return mail.problem or ""


def _outcome(mail: KeptMail) -> str:
    return f"E-mail {mail.mail_id} is now {mail.state.value}."


def _shown(mail: KeptMail) -> list[str]:
    stamps = [(name.removesuffix("_at"), getattr(mail, name)) for name in MOMENTS]
    lines = [
        f"mail       {mail.mail_id}",
        f"district   {mail.district_id}",
        f"kind       {mail.kind.value}, for {mail.occasion}",
        f"state      {mail.state.value}; {what_is(mail) or 'no details'}",
        *(f"to         {recipient}" for recipient in mail.recipients),
        *(f"refused    {address}: {code}" for address, code in sorted(mail.refused.items())),
        *(f"bounced    {address}: {code}" for address, code in sorted(mail.bounced.items())),
        *(f"{name:<10} {moment(instant(at))}" for name, at in stamps if at is not None),
    ]
    if mail.settled_by:
        lines.append(f"by         {mail.settled_by}")
    if mail.needs_person:
        lines += ["", NEXT[mail.state]]
    return [*lines, "", f"Subject: {mail.subject}", "", mail.text]


NEXT = {
    MailState.UNCERTAIN: "Delivery unknown. Ask the district whether it arrived, or search the mail\n"
    "server's log for the ID. Then run `rostering mails settle ID --arrived` or `--again`.\n"
    "Later e-mails to the district wait.",
    MailState.DEAD: "Not sent. Fix the cause, then run `rostering mails retry ID`, or\n"
    "`rostering mails cancel ID`.",
    MailState.BOUNCED: "Not delivered to all recipients. Correct the address and inform the recipient.\n"
    "Then run `rostering mails settle ID --arrived`.",
}


def _as_json(mail: KeptMail) -> dict[str, Any]:
    moments = {name: getattr(mail, name) for name in MOMENTS}
    return {
        "mail_id": str(mail.mail_id),
        "district_id": mail.district_id,
        "kind": mail.kind.value,
        "occasion": mail.occasion,
        "state": mail.state.value,
        "needs_person": mail.needs_person,
        "subject": mail.subject,
        "recipients": len(mail.recipients),
        "refused": sorted(mail.refused.values()),
        "bounced": sorted(mail.bounced.values()),
        "attempts": mail.attempts,
        "next_attempt_at": instant(mail.next_attempt_at) if mail.state is MailState.WAITING else None,
        **{name: instant(at) if at is not None else None for name, at in moments.items()},
        "problem": mail.problem,
    }
