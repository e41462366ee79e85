"""Digests by the words of the contract, and changes packed into parts."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from worker.domain.roster.roster import PartLimits, PartPacker


def by_the_contract(records: list[tuple[str, str, dict[str, Any]]]) -> str:
    """Return the digest, computed from nothing but the contract's words."""
    total = 0
    for kind, identifier, record in records:
        named = {"id": identifier, "kind": kind, "record": record}
        text = json.dumps(named, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        total += int(hashlib.sha256(text.encode("utf-8")).hexdigest(), 16)
    return format(total % 2**256, "064x")


def packed(changes: list[str], limits: PartLimits) -> list[str]:
    """Return the parts that changes are packed into."""
    packer = PartPacker(limits)
    full = [part for change in changes if (part := packer.add(change)) is not None]
    return [*full, packer.take()]
