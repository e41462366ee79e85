"""The command `rollback`: a district as it was after one of its commits."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

import click
from rich.console import RenderableType
from rich.text import Text

from worker.bootstrap.store import Stores
from worker.cli.approvals import spoken
from worker.cli.context import CommandContext
from worker.cli.tables import plain_table
from worker.cli.terminal import moment
from worker.cli.terminal_output import say
from worker.operations import rollback as rolling
from worker.operations.rollback import RolledBack, commit_line
from worker.operations.rollback_store import Reachable
from worker.runtime.count_text import counted
from worker.runtime.errors import UnknownDistrictError

LISTED: Final = 50
"""Commits that `--list` shows, the newest of those that one can go back to."""
_SIZES: Final = ("students", "classes", "changes")


@click.command()
@click.argument("district")
@click.option(
    "--to",
    "sequence",
    type=click.IntRange(min=1),
    metavar="SEQUENCE",
    help="The commit whose roster to restore.",
)
@click.option(
    "--reason",
    metavar="TEXT",
    callback=spoken,
    help="Reason, kept in the audit log and shown on the district while it is on hold.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change; nothing is changed.")
@click.option("--list", "as_list", is_flag=True, help="List the restore points.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def rollback(
    ctx: CommandContext,
    district: str,
    sequence: int | None,
    reason: str | None,
    *,
    dry_run: bool,
    as_list: bool,
    as_json: bool,
) -> None:
    """Restore the roster of an earlier commit.

    This publishes a new commit and puts the district on hold.
    """
    if (sequence is None) != as_list:
        raise click.UsageError("expected either --to SEQUENCE or --list")
    if sequence is None:
        _print_list(ctx, district, ctx.on_district(district, _list), as_json=as_json)
        return
    if not dry_run and reason is None:
        raise click.UsageError("expected --reason TEXT, or --dry-run")
    done = ctx.on_district(district, partial(_roll_back, ctx.actor, sequence, None if dry_run else reason))
    if as_json:
        say(json.dumps(_as_json(district, done), ensure_ascii=False))
    else:
        ctx.console.print(rollback_table(done))
        say(_result_text(district, done))


def rollback_table(done: RolledBack) -> RenderableType:
    """Return what a rollback changes, or would change, for a terminal."""
    table = plain_table("", "upserted", "removed", numbers=("upserted", "removed"))
    for kind, ops in done.counts.items():
        table.add_row(kind, f"{ops['upserted']:,}", f"{ops['removed']:,}")
    return table


def commits_table(reachable: Reachable) -> RenderableType:
    """Return the commits that one can go back to for a terminal; the first is the one in force."""
    columns = ("commit", "decided (UTC)", *_SIZES, "digest", "")
    table = plain_table(*columns, numbers=("commit", *_SIZES), unbroken=("decided (UTC)", "digest"))
    for place, commit in enumerate(reachable.commits):
        line = commit_line(commit)
        back = line["rolled_back_to"]
        note = [f"rolled back to {back}"] if back else []
        table.add_row(
            f"{commit.sequence}",
            moment(line["decided_at"]).removesuffix(" UTC"),
            *(f"{line[column]:,}" for column in _SIZES),
            f"{line['digest'][:8]}…",
            Text(", ".join([*note, *(["current"] if place == 0 else [])]), "dim"),
        )
    return table


def _print_list(ctx: CommandContext, district: str, reachable: Reachable, *, as_json: bool) -> None:
    if as_json:
        for commit in reachable.commits:
            say(json.dumps(commit_line(commit), ensure_ascii=False))
        return
    if reachable.commits:
        ctx.console.print(commits_table(reachable))
    more = reachable.total - len(reachable.commits)
    if more > 0:
        say(f"And {counted(more, 'older restore point')}.")
    if reachable.total <= 1:
        say(f"{district} has no earlier commit to restore.")


def _as_json(district: str, done: RolledBack) -> dict[str, Any]:
    return {
        "district_id": district,
        "to": done.target.sequence,
        "commit": done.sequence,
        "counts": done.counts,
        "roster": done.roster,
    }


def _result_text(district: str, done: RolledBack) -> str:
    if done.sequence is None:
        return (
            f"This would restore the roster of {district} as of commit {done.target.sequence}. "
            "Nothing was changed."
        )
    return (
        f"Commit {done.sequence} restores the roster of {district} as of commit {done.target.sequence}. "
        "The district is on hold, because the undone changes are in the plan again. Fix the cause, check "
        f"`rostering show {district}`, then run `rostering resume {district} --reason TEXT`."
    )


async def _list(store: Stores, district_id: str) -> Reachable:
    reachable = await store.rollbacks.reachable(district_id, LISTED)
    if reachable is None:
        raise UnknownDistrictError(f"district {district_id} is not known here")
    return reachable


async def _roll_back(
    actor: str, sequence: int, reason: str | None, store: Stores, district_id: str
) -> RolledBack:
    """Roll back, or only try it where there is no reason."""
    if reason is None:
        return await rolling.try_rollback(store.rollbacks, district_id, sequence)
    return await rolling.roll_back(store.rollbacks, district_id, sequence, actor, reason)
