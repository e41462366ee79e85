"""Commands by which people say what may be committed: `hold`, `resume`, `approve`."""

from __future__ import annotations

import re
from typing import Any, Final

import click
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.terminal import moment
from worker.cli.terminal_output import say
from worker.domain.preflight import order_reason
from worker.domain.preflight.approval import plan_text
from worker.runtime.errors import ReasonError

_DIGEST: Final = re.compile(r"[0-9a-f]{8,64}")


def spoken(_ctx: click.Context, _option: click.Parameter, reason: str | None) -> str | None:
    """Check a reason: where one is given, it says something."""
    if reason is None:
        return None
    try:
        return order_reason.checked_reason(reason)
    except ReasonError as error:
        raise click.BadParameter(str(error)) from None


def _digest(_ctx: click.Context, _option: click.Parameter, plan: str) -> str:
    if not _DIGEST.fullmatch(plan.lower()):
        raise click.BadParameter(
            "expected the plan digest, or at least its first 8 digits; see `rostering show`"
        )
    return plan.lower()


_reason = click.option(
    "--reason", required=True, metavar="TEXT", callback=spoken, help="Reason, kept in the audit log."
)


@click.command()
@click.argument("district")
@_reason
@click.pass_obj
def hold(ctx: CommandContext, district: str, reason: str) -> None:
    """Put a district on hold. Nothing is committed until you resume it."""
    ctx.on_district(district, lambda store, chosen: store.districts.hold(chosen, ctx.actor, reason))
    say(f"{district} is on hold. Nothing is committed until you run `rostering resume`.")


@click.command()
@click.argument("district")
@_reason
@click.pass_obj
def resume(ctx: CommandContext, district: str, reason: str) -> None:
    """Resume a district that is on hold. Waiting changes are evaluated now."""
    ctx.on_district(district, lambda store, chosen: store.districts.resume(chosen, ctx.actor, reason))
    say(f"{district} is resumed. Waiting changes are being evaluated.")


@click.command()
@click.argument("district")
@click.option(
    "--plan",
    required=True,
    metavar="DIGEST",
    callback=_digest,
    help="Plan digest, from `rostering show`.",
)
@_reason
@click.pass_obj
def approve(ctx: CommandContext, district: str, plan: str, reason: str) -> None:
    """Approve a plan that removes or moves many students.

    The approval is valid for one commit of exactly this plan.
    """
    ctx.on_district(district, lambda store, chosen: store.districts.approve(chosen, plan, ctx.actor, reason))
    say(f"The plan of {district} is approved and will be committed now.")


def restraints(details: dict[str, Any]) -> list[tuple[str, Text]]:
    """Return, for a terminal, the hold and the approvals of a district."""
    told = []
    if held := details["hold"]:
        text = f"by {held['actor']} since {moment(held['since'])}: {held['reason']}"
        told.append(("hold", Text(text, "yellow")))
    approval = details["approval"]
    if given := approval["open"]:
        told.append(("approval", Text(f"open, given {_given(given)}")))
    if ended := approval["last_ended"]:
        end = f"{ended['ended_as']} at {moment(ended['ended_at'])} ({ended['ended_why']})"
        text = f"{end}, given {_given(ended)}"
        if ended["ended_as"] == "void" and not approval["open"]:
            text += f"\nthe plan is now {details['plan']['digest']}: {plan_text(details['plan']['counts'])}"
        told.append(("last approval", Text(text)))
    return told


def _given(approval: dict[str, Any]) -> str:
    given_at = moment(approval["approved_at"])
    return f"by {approval['actor']} at {given_at}: {approval['reason']}\nof {approval['plan']}"
