"""The rows of Clever's list of tokens: `{id, created, owner: {type, id}, access_token, scopes}`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from schemas import clever
from worker.domain.roster.records import Json
from worker.pipeline.poll.clever import Token

_SENDABLE: Final = re.compile(r"[\x21-\x7e]+")
"""What can stand in a header."""
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class Grants:
    """The newest token of each district, out of any number of rows."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[datetime, Token]] = {}

    def add(self, rows: Iterable[Json]) -> None:
        """Take rows in; those of other owners than districts are left out.

        So are those without a token that can be used: one district's must not keep us from all others.
        """
        for row in rows:
            district_id = _district(row)
            if district_id is None:
                continue
            value = row.get("access_token")
            if not isinstance(value, str) or not _SENDABLE.fullmatch(value):
                structlog.get_logger().warning("clever.token_unusable", district_id=district_id)
                continue
            created = _created(row.get("created"))
            if created >= self._newest.get(district_id, (_EARLIEST,))[0]:
                self._newest[district_id] = (created, Token(value))

    def tokens(self) -> dict[str, Token]:
        """Return the tokens by district id."""
        return {district_id: token for district_id, (_, token) in self._newest.items()}


def _district(row: Json) -> str | None:
    owner = row.get("owner")
    if not isinstance(owner, dict) or owner.get("type") != "district":
        return None
    district_id = owner.get("id")
    return district_id if clever.is_district_id(district_id) else None


def _created(text: Any) -> datetime:
    """Read when a token was made; one that does not say so counts as older than all that do."""
    try:
        created = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return _EARLIEST
    return created if created.tzinfo else created.replace(tzinfo=UTC)
