"""Whose a message is, whatever became of it: told by its body, its header or its routing key."""

from __future__ import annotations

from collections.abc import Mapping

from schemas import clever


def district_beside(headers: Mapping[str, object], routing_key: str) -> str | None:
    """Tell the district from the header, or from a routing key of our own form, `<district>.<type>`."""
    header = headers.get("district_id")
    if clever.is_district_id(header):
        return header
    return clever.district_in_key(routing_key)
