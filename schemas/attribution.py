"""Whose a message is, whatever became of it: told by its body, its header or its routing key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from schemas import clever


def district_in_envelope(headers: Mapping[str, object], routing_key: str) -> str | None:
    """Tell the district from the header, or from a routing key of our own form, `<district>.<type>`."""
    header = headers.get("district_id")
    if clever.is_district_id(header):
        return header
    return clever.district_in_key(routing_key)


MAX_READ: Final = 4 * 1024 * 1024
"""Bytes of a body that is read to tell; in a larger one the district is only looked for."""


def district_of(body: bytes, headers: Mapping[str, object], routing_key: str) -> str | None:
    """Tell the district of a message that may be readable or not."""
    in_envelope = district_in_envelope(headers, routing_key)
    if len(body) > MAX_READ:
        return in_envelope or clever.district_in_pieces(body)
    try:
        event = clever.read(body, in_envelope)
    except clever.UnreadableEvent as error:
        return error.district_id
    return event.district_id if isinstance(event, clever.Event) else event.district
