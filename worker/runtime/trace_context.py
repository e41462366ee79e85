"""Trace contexts in the W3C's form, `version-trace id-span id-flags`, as they travel in `traceparent`."""

from __future__ import annotations

import re
import uuid
from typing import Final

_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?", re.ASCII)
_NO_VERSION: Final = "ff"
_FIRST_VERSION: Final = "00"
_SAMPLED: Final = 1
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16


def read_trace_parent(header: object) -> str | None:
    """Return a `traceparent` header in the form of version 00; None where it is not one, to the letter.

    Of a later version what version 00 knows is taken, as the standard asks for; of the flags only whether
    the trace is sampled.
    """
    match = _FORM.fullmatch(header) if isinstance(header, str) else None
    if match is None:
        return None
    version, trace, span, flags, rest = match.groups()
    if version == _NO_VERSION or (version == _FIRST_VERSION and rest is not None):
        return None
    if trace == _NO_TRACE or span == _NO_SPAN:
        return None
    return f"00-{trace}-{span}-{int(flags, 16) & _SAMPLED:02x}"


def trace_id(trace_parent: str) -> str:
    """Return the trace's id out of a context."""
    return trace_parent.split("-")[1]


def trace_parent(batch: str, decision: str) -> str:
    """Return the context of a decision's messages: one trace a batch, one span a decision; both are UUIDs."""
    return f"00-{uuid.UUID(batch).hex}-{uuid.UUID(decision).hex[:16]}-01"
