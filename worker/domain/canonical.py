"""Canonical JSON, and digests of sets that can be kept up as their members change.

A digest is the sum modulo 2^256 of the SHA-256 of each member: independent of order, and a member can
be taken out again by subtracting it, so that the digest of a million records costs what changed.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

MODULUS: Final = 1 << 256


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, nothing escaped that need not be."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def member(text: str) -> int:
    """Return what a member with this canonical text adds to a digest."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest())


def to_bytes(number: int) -> bytes:
    """Return a digest, or a member of one, as it is stored: 32 bytes."""
    return (number % MODULUS).to_bytes(32)


def from_bytes(stored: bytes) -> int:
    """Read what `to_bytes` gave."""
    return int.from_bytes(stored)


def to_hex(number: int) -> str:
    """Return a digest as it is published: 64 hex digits."""
    return f"{number % MODULUS:064x}"
