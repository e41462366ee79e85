"""The commands `onboarding …`: districts in onboarding, and what people order of them."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import partial
from typing import Final

import click

from worker.bootstrap import onboarding as rules
from worker.bootstrap.store import Stores
from worker.cli.context import CommandContext
from worker.cli.onboarding_export import export
from worker.cli.onboarding_reports import Journey, LinesReport, as_json, district_report, rules_asked
from worker.cli.terminal_output import say
from worker.domain.onboarding.states import Move, State
from worker.onboarding.district_store import ConnectLink, Description, Record
from worker.onboarding.todo import todos, waits_of
from worker.runtime.count_text import counted
from worker.runtime.errors import UsageError

_district: Final = click.argument("district")
_name: Final = click.option("--name", help="Name, used until Clever provides one.")
_zone: Final = click.option("--time-zone", metavar="ZONE", help="Time zone, such as America/Chicago.")
_no_mail: Final = click.option("--no-mail", is_flag=True, help="Mark as done without sending an e-mail.")
_json: Final = click.option("--json", "is_json", is_flag=True, help="Print JSON.")


def _day(_ctx: click.Context, _option: click.Parameter, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 — a day, wherever it is
    except ValueError:
        raise click.BadParameter(f"expected a date such as 2026-09-15, got {text[:32]}") from None


@click.group()
def onboarding() -> None:
    """Manage districts in onboarding, from chosen to live."""


onboarding.add_command(export)


@onboarding.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in State]), help="Only those in this state."
)
@click.option(
    "--todo", "is_todo", is_flag=True, help="Only districts that need a person; what is overdue is marked."
)
@_json
@click.pass_obj
def list_districts(ctx: CommandContext, state: str | None, is_todo: bool, is_json: bool) -> None:
    """List the districts in onboarding. Each has its next step and the step's owner."""
    records = ctx.on_store(lambda store: store.onboarding.records())
    records = [record for record in records if state is None or record.onboarding.state == state]
    found = todos(records, rules.patience(ctx.settings))
    due = {todo.record.district_id for todo in found if todo.is_due}
    if is_todo:
        waiting = {todo.record.district_id for todo in found}
        records = [record for record in records if record.district_id in waiting]
    if is_json:
        for record in records:
            told = {**as_json(record, waits_of(record)), "is_due": record.district_id in due}
            say(json.dumps(told, ensure_ascii=False))
    elif records:
        ctx.console.print(LinesReport(records, due))
    else:
        say("Nothing to do." if is_todo else "No districts in onboarding.")


@onboarding.command()
@_district
@_json
@click.pass_obj
def show(ctx: CommandContext, district: str, is_json: bool) -> None:
    """Show one district's onboarding.

    You see its history, next step, assessment window, e-mails and link.
    """
    journey = ctx.on_district(district, partial(_journey, ctx.actor))
    if is_json:
        say(json.dumps(journey.as_json(), indent=2, ensure_ascii=False))
    else:
        ctx.console.print(district_report(journey))


@onboarding.command()
@_district
@_name
@click.option(
    "--contact",
    "contacts",
    multiple=True,
    help="E-mail address of a district administrator; repeat for more.",
)
@_zone
@click.pass_obj
def choose(
    ctx: CommandContext, district: str, name: str | None, contacts: tuple[str, ...], time_zone: str | None
) -> None:
    """Add a district to onboarding."""
    said = Description(name, contacts, time_zone)
    ctx.on_district(
        district, lambda store, chosen: store.onboarding.choose(chosen, said, ctx.actor), may_be_new=True
    )
    say(f"{district} is added to onboarding.")


@onboarding.command()
@_district
@_name
@click.option(
    "--contact",
    "contacts",
    multiple=True,
    help="E-mail address of a district administrator; replaces all earlier ones.",
)
@_zone
@click.pass_obj
def edit(
    ctx: CommandContext, district: str, name: str | None, contacts: tuple[str, ...], time_zone: str | None
) -> None:
    """Change a district's name, contacts or time zone. What you leave out does not change."""
    if name is None and not contacts and time_zone is None:
        raise UsageError("edit: expected --name, --contact or --time-zone, got nothing")
    said = Description(name, contacts or None, time_zone)
    ctx.on_district(
        district, lambda store, district_id: store.onboarding.describe(district_id, said, ctx.actor)
    )
    say(f"{district} is updated.")


@onboarding.command()
@_district
@_no_mail
@click.pass_obj
def invite(ctx: CommandContext, district: str, no_mail: bool) -> None:
    """Invite a district. This creates a connect link and sends it by e-mail."""
    _order(ctx, district, Move.INVITE, no_mail=no_mail)


@onboarding.command("request-sharing")
@_district
@_no_mail
@click.pass_obj
def request_sharing(ctx: CommandContext, district: str, no_mail: bool) -> None:
    """Ask a district to share all its sections."""
    _order(ctx, district, Move.REQUEST_SHARING, no_mail=no_mail)


@onboarding.command("request-rules")
@_district
@_no_mail
@click.pass_obj
def request_rules(ctx: CommandContext, district: str, no_mail: bool) -> None:
    """Ask a district to set sharing rules.

    They are the first suggestion of its latest review or search.
    """

    async def asked(store: Stores, district_id: str) -> None:
        rules = None if no_mail else rules_asked(await store.districts.show(district_id))
        await store.onboarding.order(
            district_id, Move.REQUEST_RULES, ctx.actor, writes=not no_mail, rules=rules
        )

    ctx.on_district(district, asked)
    say(_said(district, Move.REQUEST_RULES, no_mail=no_mail))


@onboarding.command("resume-filtering")
@_district
@click.pass_obj
def resume_filtering(ctx: CommandContext, district: str) -> None:
    """Stop waiting for the district's sharing rules. Its next step is a section filter again."""
    _order(ctx, district, Move.RESUME_FILTERING, no_mail=True)


@onboarding.command()
@_district
@click.option("--opens", metavar="DATE", callback=_day, help="Day on which the window opens.")
@click.option(
    "--launch",
    metavar="DATE",
    callback=_day,
    help="Day of the launch (default: some working days before the window opens).",
)
@click.option("--none", "is_none", is_flag=True, help="Cancel the window.")
@click.pass_obj
def window(
    ctx: CommandContext, district: str, opens: date | None, launch: date | None, is_none: bool
) -> None:
    """Set or cancel a district's assessment window. The launch date is computed from it."""
    if is_none == (opens is not None):
        raise UsageError("window: expected either --opens DATE or --none")

    async def said(store: Stores, district_id: str) -> Record:
        await store.onboarding.set_window(district_id, opens, launch, ctx.actor)
        return await store.onboarding.record(district_id)

    record = ctx.on_district(district, said)
    state = record.onboarding.state.replace("_", " ")
    if record.launch_at is None:
        say(f"{district} has no assessment window. State: {state}.")
    else:
        launch_at = f"{record.launch_at:%Y-%m-%d %H:%M} ({record.time_zone})"
        say(f"The window of {district} opens on {opens}; launch {launch_at}. State: {state}.")


@onboarding.command()
@_district
@click.option("--new", "is_new", is_flag=True, help="Create a new link; earlier links stop working.")
@click.option("--revoke", "is_revoked", is_flag=True, help="Revoke the link.")
@click.pass_obj
def link(ctx: CommandContext, district: str, is_new: bool, is_revoked: bool) -> None:
    """Show how long a connect link works, or print a new one. If there is no link, the exit code is 1."""
    if is_new and is_revoked:
        raise UsageError("link: expected --new or --revoke, got both")
    if is_revoked:
        revoked = ctx.on_district(
            district, lambda store, district_id: store.onboarding.revoke_links(district_id, ctx.actor)
        )
        say(f"{counted(revoked, 'link')} revoked.")
        return

    async def made(store: Stores, district_id: str) -> ConnectLink | None:
        await store.onboarding.record(district_id)
        if is_new:
            return await store.onboarding.new_link(district_id, ctx.actor)
        return next((each for each in await store.onboarding.links(district_id) if each.is_open), None)

    link = ctx.on_district(district, made)
    if link is None:
        say(f"{district} has no active link; create one with --new.", err=True)
        raise SystemExit(1)
    if link.token is None:
        say(f"The link of {district} works until {link.expires_at:%Y-%m-%d %H:%M} UTC.")
        say("It was shown once and is not stored. --new creates another one and revokes this one.")
        return
    say(rules.page_address(ctx.settings, link.token))


@onboarding.command()
@_district
@click.option("--yes", "is_sure", is_flag=True, help="Confirm.")
@click.pass_obj
def drop(ctx: CommandContext, district: str, is_sure: bool) -> None:
    """Remove a district from onboarding.

    Its links and unsent e-mails are removed too; its roster stays.
    """
    if not is_sure:
        raise UsageError(f"drop: this deletes the onboarding history of {district}; confirm with --yes")
    ctx.on_district(district, lambda store, district_id: store.onboarding.drop(district_id, ctx.actor))
    say(f"{district} is removed from onboarding. `rostering onboarding choose` adds it again.")


def _order(ctx: CommandContext, district: str, move: Move, *, no_mail: bool) -> None:
    ctx.on_district(
        district,
        lambda store, district_id: store.onboarding.order(district_id, move, ctx.actor, writes=not no_mail),
    )
    say(_said(district, move, no_mail=no_mail))


def _said(district: str, move: Move, *, no_mail: bool) -> str:
    mail = "no e-mail is sent" if no_mail else "an e-mail will be sent"
    match move:
        case Move.INVITE:
            own = f"To get a link that you send yourself, run `rostering onboarding link {district} --new`."
            yours = f" {own}" if no_mail else ""
            return f"{district} is invited; {mail}.{yours}"
        case Move.REQUEST_SHARING:
            return f"{district}: sharing requested; {mail}."
        case Move.REQUEST_RULES:
            return f"{district}: sharing rules requested; {mail}."
        case _:
            return f"{district}: filtering resumed."


async def _journey(actor: str, store: Stores, district: str) -> Journey:
    record = await store.onboarding.record(district)
    links = await store.onboarding.links(district)
    link = next((each for each in links if each.is_open), None)
    await store.districts.note(district, "lookup.contacts", actor, {})
    return Journey(
        record,
        await store.onboarding.history(district),
        waits_of(record),
        await store.mail_orders.newest(district),
        link.expires_at if link else None,
    )
