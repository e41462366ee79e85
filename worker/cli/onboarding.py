"""The commands `onboarding …`: districts in onboarding, and what people order of them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import click

from worker.bootstrap import onboarding as rules
from worker.bootstrap import store as app
from worker.cli.context import CommandContext
from worker.cli.district_argument import opened_district
from worker.cli.onboarding_export import export
from worker.cli.onboarding_reports import Journey, LinesReport, as_json, district_report, rules_asked
from worker.cli.terminal import counted
from worker.cli.terminal_output import say
from worker.domain.onboarding.states import Move, State
from worker.onboarding.district_store import ConnectLink, Description, Record, RulesAsked
from worker.onboarding.todo import todos, waits_of
from worker.runtime.errors import OnboardingError, UsageError

Result = TypeVar("Result")

_district: Final = click.argument("district")
_no_mail: Final = click.option(
    "--no-mail", is_flag=True, help="Write no e-mail: somebody has written already."
)
_json: Final = click.option("--json", "is_json", is_flag=True, help="Print JSON.")


def _day(_ctx: click.Context, _option: click.Parameter, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 — a day, wherever it is
    except ValueError:
        raise click.BadParameter(f"expected a day such as 2026-09-15, got {text[:32]}") from None


@click.group()
def onboarding() -> None:
    """Follow districts in onboarding, from chosen to live, and say what people decide."""


onboarding.add_command(export)


@onboarding.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in State]), help="Only those in this state."
)
@click.option("--todo", "is_todo", is_flag=True, help="Only those that wait on somebody for too long.")
@_json
@click.pass_obj
def list_districts(ctx: CommandContext, state: str | None, is_todo: bool, is_json: bool) -> None:
    """List the districts in onboarding, with whom each waits for."""
    records = ctx.run(_records(ctx))
    records = [record for record in records if state is None or record.onboarding.state == state]
    found = todos(records, rules.patience(ctx.settings))
    due = {todo.record.district_id for todo in found if todo.is_due}
    if is_todo:
        records = [record for record in records if record.district_id in due]
    if is_json:
        for record in records:
            told = {**as_json(record, waits_of(record)), "is_due": record.district_id in due}
            say(json.dumps(told, ensure_ascii=False))
    elif records:
        ctx.console.print(LinesReport(records, due))
    else:
        say("No district waits on anybody for too long." if is_todo else "No district is in onboarding.")


@onboarding.command()
@_district
@_json
@click.pass_obj
def show(ctx: CommandContext, district: str, is_json: bool) -> None:
    """Show one district's onboarding: its steps with dates, what it waits for, window, e-mails, link."""
    journey = _do(ctx, district, lambda store, district_id: _journey(ctx, store, district_id))
    if is_json:
        say(json.dumps(journey.as_json(), indent=2, ensure_ascii=False))
    else:
        ctx.console.print(district_report(journey))


@onboarding.command()
@_district
@click.option("--name", help="What the district is called, until Clever tells it.")
@click.option("--contact", "contacts", multiple=True, help="An address of its administration team.")
@click.option("--time-zone", metavar="ZONE", help="Its time zone, such as America/Chicago.")
@click.pass_obj
def choose(
    ctx: CommandContext, district: str, name: str | None, contacts: tuple[str, ...], time_zone: str | None
) -> None:
    """Put a district in onboarding."""
    said = Description(name, contacts, time_zone)
    _do(
        ctx, district, lambda store, chosen: store.onboarding.choose(chosen, said, ctx.actor), may_be_new=True
    )
    say(f"{district} is chosen.")


@onboarding.command()
@_district
@click.option("--name", help="What the district is called, until Clever tells it.")
@click.option("--contact", "contacts", multiple=True, help="An address of its team, instead of all before.")
@click.option("--time-zone", metavar="ZONE", help="Its time zone, such as America/Chicago.")
@click.pass_obj
def edit(
    ctx: CommandContext, district: str, name: str | None, contacts: tuple[str, ...], time_zone: str | None
) -> None:
    """Change what people say of a district; what is not given stays."""
    if name is None and not contacts and time_zone is None:
        raise UsageError("edit: expected --name, --contact or --time-zone, got nothing")
    said = Description(name, contacts or None, time_zone)
    _do(ctx, district, lambda store, district_id: store.onboarding.describe(district_id, said, ctx.actor))
    say(f"{district} is changed.")


@onboarding.command()
@_district
@_no_mail
@click.pass_obj
def invite(ctx: CommandContext, district: str, no_mail: bool) -> None:
    """Invite a district: make a link for it to connect by, and write to its team."""
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
@click.option("--suggestion", type=click.IntRange(min=1), help="Which suggestion of its review; the first.")
@click.option("--text", help="Rules of your own, in the words that the district will read.")
@_no_mail
@click.pass_obj
def request_rules(
    ctx: CommandContext, district: str, suggestion: int | None, text: str | None, no_mail: bool
) -> None:
    """Ask a district for sharing rules: by default the first suggestion that sharing rules can say."""
    if text is not None and suggestion is not None:
        raise UsageError("request-rules: expected --suggestion or --text, got both")
    rules = RulesAsked(text) if text is not None else None

    async def asked(store: app.Stores, district_id: str) -> None:
        found = rules or rules_asked(await store.desk.show(district_id), suggestion)
        await store.onboarding.order(
            district_id, Move.REQUEST_RULES, ctx.actor, writes=not no_mail, rules=found
        )

    _do(ctx, district, asked)
    say(_said(district, Move.REQUEST_RULES, no_mail=no_mail))


@onboarding.command("resume-filtering")
@_district
@click.pass_obj
def resume_filtering(ctx: CommandContext, district: str) -> None:
    """Look for a filter again, instead of waiting for the district's sharing rules."""
    _order(ctx, district, Move.RESUME_FILTERING, no_mail=True)


@onboarding.command()
@_district
@click.option("--opens", metavar="DATE", callback=_day, help="The day on which the window opens.")
@click.option(
    "--launch", metavar="DATE", callback=_day, help="The day of the launch, if not by the calendar."
)
@click.option("--none", "is_none", is_flag=True, help="There is no window any more.")
@click.pass_obj
def window(
    ctx: CommandContext, district: str, opens: date | None, launch: date | None, is_none: bool
) -> None:
    """Say when a district's assessment window opens; its launch follows from that."""
    if is_none == (opens is not None):
        raise UsageError("window: expected either --opens DATE or --none")

    async def said(store: app.Stores, district_id: str) -> Record:
        before = await store.onboarding.record(district_id)
        today = before.now.astimezone(ZoneInfo(before.time_zone)).date()
        if opens is not None and opens < today:
            raise OnboardingError(f"--opens: expected {today} or a day to come, got {opens}")
        await store.onboarding.set_window(district_id, opens, launch, ctx.actor)
        return await store.onboarding.record(district_id)

    record = _do(ctx, district, said)
    state = record.onboarding.state.replace("_", " ")
    if record.launch_at is None:
        say(f"{district} has no window; it is {state}.")
    else:
        launch_at = f"{record.launch_at:%Y-%m-%d %H:%M} ({record.time_zone})"
        say(f"The window of {district} opens on {opens}, its launch is {launch_at}; it is {state}.")


@onboarding.command()
@_district
@click.option("--new", "is_new", is_flag=True, help="Make a new link, and revoke the ones before it.")
@click.option("--revoke", "is_revoked", is_flag=True, help="Revoke the link.")
@click.pass_obj
def link(ctx: CommandContext, district: str, is_new: bool, is_revoked: bool) -> None:
    """Tell until when a district's connect link is open, or print a new one; exits 1 where none is open."""
    if is_new and is_revoked:
        raise UsageError("link: expected --new or --revoke, got both")
    if is_revoked:
        revoked = _do(
            ctx, district, lambda store, district_id: store.onboarding.revoke_links(district_id, ctx.actor)
        )
        say(f"{counted(revoked, 'link')} revoked.")
        return

    async def made(store: app.Stores, district_id: str) -> ConnectLink | None:
        await store.onboarding.record(district_id)
        if is_new:
            return await store.onboarding.new_link(district_id, ctx.actor)
        return next((each for each in await store.onboarding.links(district_id) if each.is_open), None)

    link = _do(ctx, district, made)
    if link is None:
        say(f"No link of {district} is open; --new makes one.", err=True)
        raise SystemExit(1)
    if link.token is None:
        say(f"A link of {district} is open until {link.expires_at:%Y-%m-%d %H:%M} UTC.")
        say("It was shown once and is kept nowhere; --new makes another one, and revokes it.")
        return
    say(rules.page_address(ctx.settings, link.token))


@onboarding.command()
@_district
@click.option("--yes", "is_sure", is_flag=True, help="Do it.")
@click.pass_obj
def drop(ctx: CommandContext, district: str, is_sure: bool) -> None:
    """Take a district out of onboarding, with its links and e-mails that did not leave; its roster stays."""
    if not is_sure:
        raise UsageError(f"drop: expected --yes, since the onboarding of {district} so far is deleted")
    _do(ctx, district, lambda store, district_id: store.onboarding.drop(district_id, ctx.actor))
    say(f"{district} is out of onboarding; `onboarding choose` puts it there again.")


def _order(ctx: CommandContext, district: str, move: Move, *, no_mail: bool) -> None:
    _do(
        ctx,
        district,
        lambda store, district_id: store.onboarding.order(district_id, move, ctx.actor, writes=not no_mail),
    )
    say(_said(district, move, no_mail=no_mail))


def _said(district: str, move: Move, *, no_mail: bool) -> str:
    mail = "no e-mail is written" if no_mail else "the e-mail to its team is on its way"
    match move:
        case Move.INVITE:
            own = f"A link to send yourself: `rostering onboarding link {district} --new`."
            yours = f" {own}" if no_mail else ""
            return f"{district} is invited; {mail}.{yours}"
        case Move.REQUEST_SHARING:
            return f"{district} is asked to share all sections; {mail}."
        case Move.REQUEST_RULES:
            return f"{district} is asked for sharing rules; {mail}."
        case _:
            return f"{district} is filtering again."


async def _journey(ctx: CommandContext, store: app.Stores, district: str) -> Journey:
    record = await store.onboarding.record(district)
    links = await store.onboarding.links(district)
    link = next((each for each in links if each.is_open), None)
    await store.desk.note(district, "lookup.contacts", ctx.actor, {})
    return Journey(
        record,
        await store.onboarding.history(district),
        waits_of(record),
        await store.mail_desk.newest(district),
        link.expires_at if link else None,
    )


async def _records(ctx: CommandContext) -> list[Record]:
    async with app.open_store(ctx.settings) as store:
        return await store.onboarding.records()


def _do(
    ctx: CommandContext,
    district: str,
    work: Callable[[app.Stores, str], Awaitable[Result]],
    *,
    may_be_new: bool = False,
) -> Result:
    """Do something with the store and the district that a person means."""

    async def done() -> Result:
        async with opened_district(ctx, district, may_be_new=may_be_new) as (store, district_id):
            return await work(store, district_id)

    return ctx.run(done())
