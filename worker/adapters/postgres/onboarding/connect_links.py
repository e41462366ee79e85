"""Links that districts connect by: unguessable, for a while, and revocable."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.domain.onboarding.states import State
from worker.onboarding.district_store import ConnectLink, Welcome

_SQL: Final = statements.load("onboarding/connect_links")
_BYTES: Final = 32


async def links_of(connection: Connection, district_id: str) -> list[ConnectLink]:
    """Return a district's links, the newest first."""
    return [ConnectLink(**row) for row in await connection.fetch(_SQL["links"], district_id)]


async def make_link(connection: Connection, district_id: str, actor: str, life: timedelta) -> ConnectLink:
    """Make a link; the ones before it are revoked."""
    await revoke_all(connection, district_id)
    row = await connection.fetchrow(_SQL["add"], secrets.token_urlsafe(_BYTES), district_id, actor, life)
    assert row is not None  # noqa: S101 — RETURNING
    return ConnectLink(**row)


async def revoke_all(connection: Connection, district_id: str) -> int:
    """Revoke every open link; return how many there were."""
    return len(await connection.fetch(_SQL["revoke"], district_id))


async def welcome_by(connection: Connection, token: str) -> Welcome | None:
    """Return what the page behind a link shows; None for no open link."""
    row = await connection.fetchrow(_SQL["welcome"], token)
    if row is None:
        return None
    return Welcome(row["district_id"], row["called"], State(row["state"]), row["expires_at"])
