"""Holds and approvals: what people say to a district's commits, and what evaluations make of it."""

from __future__ import annotations

from typing import Final

import asyncpg

from schemas.timestamps import instant
from schemas.words import Trigger
from worker.adapters.postgres import statements
from worker.adapters.postgres.access.audit import audit
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.evaluation import windows
from worker.adapters.postgres.evaluation.candidate_roster import finding_of
from worker.domain.preflight.approval import (
    GUARDS,
    Approval,
    Ended,
    Hold,
    PlanToApprove,
    hold_text,
    why_not_approvable,
)
from worker.domain.preflight.tally import Tally
from worker.domain.roster.canonical import from_bytes, to_hex
from worker.runtime.errors import OrderRefused, UnknownDistrictError

_SQL: Final = statements.load("evaluation/approvals")
_GUARDS: Final = sorted(code.value for code in GUARDS)


class PostgresApprovals:
    """Answers to the part of `worker.pipeline.evaluate.unit_of_work.Evaluation` that people have a say in."""

    def __init__(self, connection: Connection, district_id: str) -> None:
        self._connection = connection
        self._district_id = district_id

    async def is_on_hold(self) -> bool:
        """Whether a person has stopped the district's commits; if not, nobody does before this ends."""
        return bool(await self._connection.fetchval(_SQL["share_hold_lock"], self._district_id))

    async def has_hold(self) -> bool:
        """Whether a person has stopped the district's commits, as of now."""
        return bool(await self._connection.fetchval(_SQL["is_on_hold"], self._district_id))

    async def open_approval(self) -> Approval | None:
        """Return the approval of a plan of the district that is open."""
        row = await self._connection.fetchrow(_SQL["open_approval"], self._district_id)
        if row is None:
            return None
        return Approval(row["id"], from_bytes(row["plan_digest"]), row["commit_sequence"])

    async def end_approval(self, approval: Approval, ended: Ended) -> None:
        """End an approval, for good."""
        await self._connection.execute(
            _SQL["end_approval"], self._district_id, approval.id, ended.how, ended.why
        )


async def hold(connection: Connection, district_id: str, actor: str, reason: str) -> None:
    """Stop a district's commits in this transaction; a commit under way is waited for."""
    await connection.execute(_SQL["patience"])
    await connection.execute(_SQL["take_hold_lock"], district_id)
    if not await connection.fetchval(_SQL["is_known"], district_id):
        raise UnknownDistrictError(f"district {district_id} is not known here")
    if not await connection.fetchval(_SQL["add_hold"], district_id, actor, reason):
        who = hold_text(await _hold(connection, district_id))
        raise OrderRefused(f"district {district_id} is already on hold {who}")
    await audit(connection, actor, "district.hold", district_id, {"reason": reason})


async def resume(connection: Connection, district_id: str, actor: str, reason: str) -> None:
    """End the hold on a district in this transaction, and have what was held back committed.

    It ends the hold that stands now, and not one that takes its place meanwhile, as that of a rollback does.
    """
    await connection.execute(_SQL["take_hold_lock"], district_id)
    if not await connection.fetchval(_SQL["is_known"], district_id):
        raise UnknownDistrictError(f"district {district_id} is not known here")
    known = await connection.fetchrow(_SQL["hold"], district_id)
    if known is None:
        raise OrderRefused(f"district {district_id} is not on hold")
    if not await connection.fetchval(_SQL["remove_hold"], district_id, known["held_at"]):
        who = hold_text(await _hold(connection, district_id))
        raise OrderRefused(f"district {district_id} was just put on hold again {who}")
    await connection.execute(_SQL["unpark"], district_id)
    await windows.close(connection, [district_id], Trigger.APPROVAL)
    await audit(connection, actor, "district.resume", district_id, {"reason": reason})


async def approve(connection: Connection, district_id: str, plan: str, actor: str, reason: str) -> None:
    """Approve the plan with this digest, or one that begins so, in this transaction, and have it committed.

    What is checked here is to answer the person at once; the evaluation that commits has the last word.
    """
    row = await connection.fetchrow(_SQL["plan"], district_id)
    if row is None:
        raise OrderRefused(f"district {district_id} is not known here")
    digest = to_hex(from_bytes(row["candidate_digest"]))
    plan = digest if digest.startswith(plan) else plan
    refusal = why_not_approvable(await _plan_to_approve(connection, district_id, row), plan)
    if refusal is not None:
        raise OrderRefused(refusal)
    if not await connection.fetchval(
        _SQL["add_approval"], district_id, bytes.fromhex(plan), row["commit_sequence"], actor, reason
    ):
        raise OrderRefused(await _still_open(connection, district_id))
    await connection.execute(_SQL["unpark"], district_id)
    await windows.close(connection, [district_id], Trigger.APPROVAL)
    detail = {"plan": plan, "reason": reason}
    await audit(connection, actor, "plan.approve", district_id, detail)


async def last_approvals(connection: Connection, district_id: str) -> list[asyncpg.Record]:
    """Return the last two approvals, the latest first; only that one can be open."""
    return await connection.fetch(_SQL["last_approvals"], district_id)


async def _plan_to_approve(connection: Connection, district_id: str, row: asyncpg.Record) -> PlanToApprove:
    plan = Tally.from_json(
        row["counts"], from_bytes(row["candidate_digest"]), from_bytes(row["error_digest"])
    )
    guards = await connection.fetch(_SQL["open_errors"], district_id, _GUARDS)
    others = await connection.fetch(_SQL["other_errors"], district_id, _GUARDS)
    return PlanToApprove(
        district_id,
        plan,
        [finding_of(found) for found in guards],
        {found["code"]: found["count"] for found in others},
        await _hold(connection, district_id),
    )


async def _hold(connection: Connection, district_id: str) -> Hold | None:
    row = await connection.fetchrow(_SQL["hold"], district_id)
    return Hold(row["actor"], row["held_at"], row["reason"]) if row else None


async def _still_open(connection: Connection, district_id: str) -> str:
    row = await connection.fetchrow(_SQL["open_approval"], district_id)
    if row is None:
        return f"an approval for district {district_id} has just ended; check `rostering show` and try again"
    return (
        f"district {district_id} already has an open approval, for the plan "
        f"{to_hex(from_bytes(row['plan_digest']))} by {row['actor']} at {instant(row['approved_at'])}"
    )
