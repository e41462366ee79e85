"""Commands on what a district is judged by: `filter show|set|try`, `policy show|set`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from schemas.timestamps import instant
from worker.bootstrap.store import Stores
from worker.cli.approvals import spoken
from worker.cli.context import CommandContext
from worker.cli.filter_reports import (
    filter_history,
    policy_history,
    scope_warning,
    trial_report,
    versions_text,
)
from worker.cli.lazy_group import LazyGroup, Place
from worker.cli.terminal import progress_bars
from worker.cli.terminal_output import say
from worker.domain.preflight.policy import parse_end, parse_own_policy
from worker.domain.preflight.turnover import FilterEffect
from worker.domain.roster.scope_counts import ScopeValue
from worker.domain.roster.section_filter import SectionFilter, parse_filter
from worker.operations.districts import FilterVersion
from worker.runtime.errors import FilterUnconfirmed, InputFileError, TrialTooLong

MARK: Final = "\ufeff"
"""Of UTF-8: some programs of Windows begin a file with it."""
file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
reason_option = click.option(
    "--reason", metavar="TEXT", callback=spoken, help="Reason, kept in the audit log."
)


@click.group(
    name="filter",
    cls=LazyGroup,
    places={
        "suggest": Place(
            "worker.cli.suggestions:suggest",
            "Search for filters that give every student exactly one class. The district is not changed.",
        )
    },
)
def filter_group() -> None:
    """Suggest, try, set or show a district's section filter."""


@filter_group.command(name="show")
@click.argument("district")
@click.option("--history", is_flag=True, help="List every version: who set it, when and why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; with --history, one version per line.")
@click.pass_obj
def show_filter(ctx: CommandContext, district: str, *, history: bool, as_json: bool) -> None:
    """Print the current section filter. It is JSON that `filter set` accepts."""
    if history:
        _print_versions(
            ctx,
            filter_history(ctx.on_district(district, partial(_filters, ctx.actor))),
            "filter",
            as_json=as_json,
        )
        return
    say(json.dumps(ctx.on_district(district, partial(_show, ctx.actor)), indent=2, ensure_ascii=False))


@filter_group.command(name="set")
@click.argument("district")
@file_argument
@reason_option
@click.option("--yes", "is_sure", is_flag=True, help="Confirm that students change class.")
@click.pass_obj
def set_filter(ctx: CommandContext, district: str, file: Path, reason: str | None, *, is_sure: bool) -> None:
    """Set the section filter in FILE and evaluate the district. FILE may be - for standard input.

    If students would change class, you see how many and are asked to confirm.
    """
    section_filter = parse_filter(_read(file))
    version, is_known, nothing = ctx.on_district(
        district, partial(_set, ctx.actor, section_filter, reason, is_sure=is_sure), may_be_new=True
    )
    if is_known:
        say(f"Filter version {version} of {district} is set. The district is being evaluated.")
    else:
        say(
            f"Filter version {version} is set. District {district} has sent no events yet; it applies to "
            "the first ones."
        )
    for value in nothing:
        say(scope_warning(value), err=True)


@filter_group.command(name="try")
@click.argument("district")
@file_argument
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def try_(ctx: CommandContext, district: str, file: Path, as_json: bool) -> None:
    """Show what the section filter in FILE would do. Nothing is changed."""
    section_filter = parse_filter(_read(file))
    result = ctx.on_district(district, partial(_try, section_filter))
    if as_json:
        say(json.dumps(result, ensure_ascii=False))
    else:
        ctx.console.print(trial_report(result))


@click.group(name="policy")
def policy_group() -> None:
    """Show or set a district's own preflight policy. It overrides the settings."""


@policy_group.command(name="show")
@click.argument("district")
@click.option("--history", is_flag=True, help="List every version: who set it, when, until when, and why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; with --history, one version per line.")
@click.pass_obj
def show_policy(ctx: CommandContext, district: str, *, history: bool, as_json: bool) -> None:
    """Print the district's own policy. It is JSON that `policy set` accepts; {} if there is none."""
    if history:
        entries = policy_history(
            ctx.on_district(district, lambda store, chosen: store.districts.policies(chosen)),
            datetime.now(UTC),
        )
        _print_versions(ctx, entries, "policy", as_json=as_json)
        return
    current = ctx.on_district(district, lambda store, chosen: store.districts.own_policy(chosen))
    say(json.dumps(current.policy, indent=2, ensure_ascii=False))
    if current.until is not None:
        say(f"Valid until {instant(current.until)}.", err=True)


@policy_group.command(name="set")
@click.argument("district")
@file_argument
@click.option(
    "--until",
    metavar="WHEN",
    help="End of the policy: its last day (UTC) or an exact time. Then the earlier policy applies again.",
)
@reason_option
@click.pass_obj
def set_policy(ctx: CommandContext, district: str, file: Path, until: str | None, reason: str | None) -> None:
    """Set the policy in FILE and evaluate the district. FILE may be - for standard input."""
    end = None if until is None else parse_end(until, datetime.now(UTC))
    policy = parse_own_policy(_read(file))
    version = ctx.on_district(
        district,
        lambda store, chosen: store.districts.set_policy(chosen, policy, ctx.actor, until=end, reason=reason),
        may_be_new=True,
    )
    ends = f" until {instant(end)}" if end else ""
    say(f"Policy version {version} of {district} is set{ends}. The district is being evaluated.")


def _print_versions(ctx: CommandContext, entries: list[dict[str, Any]], what: str, *, as_json: bool) -> None:
    if not as_json:
        ctx.console.print(versions_text(entries, what))
        return
    for entry in entries:
        say(json.dumps(entry, ensure_ascii=False))


def _read(file: Path) -> str:
    try:
        return (
            sys.stdin.read().removeprefix(MARK) if str(file) == "-" else file.read_text(encoding="utf-8-sig")
        )
    except OSError as error:
        raise InputFileError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputFileError(f"{file}: expected text in UTF-8") from None


async def _show(actor: str, store: Stores, district_id: str) -> dict[str, Any]:
    current = await store.districts.current_filter(district_id)
    await store.districts.note(district_id, "lookup.filter", actor, {"version": current.version})
    return current.section_filter.model_dump(mode="json")


async def _set(
    actor: str,
    section_filter: SectionFilter,
    reason: str | None,
    store: Stores,
    district_id: str,
    *,
    is_sure: bool,
) -> tuple[int, bool, list[ScopeValue]]:
    from worker.operations.trial.service import filter_effect  # noqa: PLC0415 — slow to import

    with progress_bars() as progress, _unchanged("set"):
        effect = await filter_effect(store.trials, district_id, section_filter, progress)
    confirmed = None
    if effect is not None and effect.needs_confirmation:
        _confirm(effect, is_sure=is_sure)
        confirmed = effect.moves
    version = await store.districts.set_filter(
        district_id, section_filter, actor, reason, confirmed=confirmed
    )
    nothing = await store.pictures.scope_matches_nothing(district_id, section_filter.scope)
    return version, await store.districts.is_known(district_id), nothing


def _confirm(effect: FilterEffect, *, is_sure: bool) -> None:
    """Show whom a filter moves, and ask the person at the terminal; raises `FilterUnconfirmed`."""
    if is_sure:
        say(f"{effect.text}.")
    elif not sys.stdin.isatty():
        raise FilterUnconfirmed(f"{effect.text}: nothing was changed; confirm with --yes")
    elif not click.confirm(f"{effect.text}. Continue?", err=True):
        raise FilterUnconfirmed("nothing was changed")


@contextmanager
def _unchanged(done: str) -> Iterator[None]:
    """Say in the error of a trial that took too long what did not happen."""
    try:
        yield
    except TrialTooLong as error:
        raise TrialTooLong(f"{error}: the filter was not {done}, and nothing was changed") from None


async def _filters(actor: str, store: Stores, district_id: str) -> list[FilterVersion]:
    found = await store.districts.filters(district_id)
    await store.districts.note(district_id, "lookup.filter", actor, {"versions": len(found)})
    return found


async def _try(section_filter: SectionFilter, store: Stores, district_id: str) -> dict[str, Any]:
    from worker.operations.trial.service import try_filter  # noqa: PLC0415 — slow to import

    with progress_bars() as progress, _unchanged("tried"):
        return await try_filter(store.trials, district_id, section_filter, progress)
