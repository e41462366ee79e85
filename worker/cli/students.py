"""Commands on one student: `students export`, `students erase`."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import click

from worker.bootstrap.broker import open_dead_letters
from worker.bootstrap.store import Stores
from worker.cli.approvals import spoken
from worker.cli.context import CommandContext
from worker.cli.terminal_output import say
from worker.operations import erase_student
from worker.operations.erase_student import Erased
from worker.runtime.count_text import counted


@click.group()
def students() -> None:
    """Export or erase all data kept about one student."""


@students.command()
@click.argument("district")
@click.argument("student")
@click.pass_obj
def export(ctx: CommandContext, district: str, student: str) -> None:
    """Print all data kept about a student, as JSON. Your view is recorded in the audit log.

    STUDENT is the Clever ID, at least its first 8 characters, or the sis_id.
    """
    found = ctx.on_district(district, partial(_export, ctx, student))
    say(json.dumps(found, indent=2, ensure_ascii=False, default=str))


@students.command()
@click.argument("district")
@click.argument("student")
@click.option(
    "--reason", required=True, metavar="TEXT", callback=spoken, help="Reason, kept in the audit log."
)
@click.option("--yes", is_flag=True, help="Confirm; otherwise nothing is deleted.")
@click.pass_obj
def erase(ctx: CommandContext, district: str, student: str, reason: str, *, yes: bool) -> None:
    """Delete all data kept about a student, for good. The next commit removes the student from the roster.

    STUDENT is the Clever ID, at least its first 8 characters, or the sis_id.
    """
    if not yes:
        raise click.UsageError("this deletes all data kept about the student for good; confirm with --yes")
    for line in report_lines(ctx.on_district(district, partial(_erase, ctx, student, reason))):
        say(line)


def report_lines(erased: Erased) -> list[str]:
    """Return what a person who ordered an erasure should know, a line each."""
    lines = [f"Erased student {erased.student_id}. Later events and baselines do not bring the data back."]
    if erased.discarded:
        lines.append(f"{counted(erased.discarded, 'dead letter')} about the student discarded.")
    if erased.unseen:
        lines.append(
            f"{counted(erased.unseen, 'dead letter')} not checked: run the command again when there are "
            "fewer."
        )
    if erased.is_committed:
        lines.append(
            "The district's next commit removes the student from the roster and deletes the committed record."
        )
    lines.append(
        "Consumers, or the files in the data folder, still have messages already published: "
        "delete the student there as well."
    )
    return lines


async def _export(ctx: CommandContext, student: str, store: Stores, district_id: str) -> dict[str, Any]:
    student_id = await erase_student.student_id_of(store.students, district_id, student)
    await store.districts.note(district_id, "lookup.student_export", ctx.actor, {"record": student_id})
    async with open_dead_letters(ctx.settings, store) as dead_letters:
        return await erase_student.export(store.students, dead_letters, district_id, student_id)


async def _erase(ctx: CommandContext, student: str, reason: str, store: Stores, district_id: str) -> Erased:
    student_id = await erase_student.student_id_of(store.students, district_id, student)
    async with open_dead_letters(ctx.settings, store) as dead_letters:
        return await erase_student.erase(
            store.students, dead_letters, store.quarantine, district_id, student_id, ctx.actor, reason
        )
