"""A consumer of commits, as a product would have one.

It knows the messages and nothing of the worker's code, so that its digest proves something: it shares no
line with the one that is published.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any, Final

Json = dict[str, Any]

MODULUS: Final = 2**256


class CommitRefused(Exception):
    """A commit does not follow the one before, or says of itself what is not so."""


class RosterConsumer:
    """One district's roster, kept by applying its commits."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], Json] = {}
        self.sequence = 0
        self._commit_id: str | None = None
        self._digest = 0
        self._parts: dict[int, Json] = {}

    @property
    def digest(self) -> str:
        """The digest of the roster held here, as 64 hex digits."""
        return f"{self._digest:064x}"

    def ids(self, kind: str) -> list[str]:
        """Return the ids of one kind of record, sorted."""
        return sorted(record_id for held, record_id in self.records if held == kind)

    def take(self, message: Json) -> bool:
        """Take one part of a commit; once all are there apply them, and return True.

        A part that was published twice changes nothing. Raises `CommitRefused`.
        """
        if message["sequence"] <= self.sequence:
            return False
        if message["previous_commit_id"] != self._commit_id:
            raise CommitRefused(f"commit {message['sequence']} does not follow commit {self.sequence}")
        self._parts[message["part"]] = message
        if len(self._parts) < message["parts"]:
            return False
        parts, self._parts = self._parts, {}
        self._apply([change for part in sorted(parts) for change in parts[part]["changes"]], message)
        self.sequence, self._commit_id = message["sequence"], message["commit_id"]
        return True

    def _apply(self, changes: list[Json], message: Json) -> None:
        done: Counter[tuple[str, str]] = Counter()
        for change in changes:
            key = (change["kind"], change["id"])
            before = self.records.pop(key, None)
            if before is not None:
                self._digest = (self._digest - member(*key, before)) % MODULUS
            if change["op"] == "upsert":
                self.records[key] = change["record"]
                self._digest = (self._digest + member(*key, change["record"])) % MODULUS
            done[change["kind"], "upserted" if change["op"] == "upsert" else "removed"] += 1
        for kind, counts in message["counts"].items():
            if any(done[kind, what] != count for what, count in counts.items()):
                raise CommitRefused(
                    f"commit {message['sequence']} does not hold the {kind} changes it counts"
                )


def member(kind: str, record_id: str, record: Json) -> int:
    """Return what one record adds to a roster's digest."""
    text = json.dumps(
        {"id": record_id, "kind": kind, "record": record},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return int.from_bytes(hashlib.sha256(text.encode()).digest())
