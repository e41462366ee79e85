"""The district of a message, by its routing key, its header or its body, readable or not."""

from __future__ import annotations

import re
from typing import Any, Final, TypeGuard

from schemas.blank import is_blank
from schemas.clever.events import ACTIONS
from schemas.clever.limits import MAX_DISTRICT_BYTES
from schemas.clever.records import COLLECTIONS

_DISTRICT_KEY: Final = re.compile(rb'"district"\s*:\s*"([0-9a-fA-F]{24})"')


_ROUTING_KEY: Final = re.compile(r"([0-9a-fA-F]{24})\.[a-z]+\.[a-z]+")


def district_in_pieces(body: bytes) -> str | None:
    """Find the district in a body that cannot be parsed: the one id that every `district` key has."""
    named = set(_DISTRICT_KEY.findall(body))
    return named.pop().decode() if len(named) == 1 else None


def district_in_key(routing_key: str) -> str | None:
    """Find the district in a routing key of the form `<district>.<type>`; others say nothing."""
    match = _ROUTING_KEY.fullmatch(routing_key)
    return match.group(1) if match else None


def is_our_key(routing_key: str) -> bool:
    """Whether a routing key is `<district>.<type>` of an event that Clever has, and so names nobody."""
    _, _, kind = routing_key.partition(".")
    collection, _, action = kind.partition(".")
    return district_in_key(routing_key) is not None and collection in COLLECTIONS and action in ACTIONS


def is_district_id(value: object) -> TypeGuard[str]:
    """Whether a value may stand for a district: a text that is short, printable and not blank."""
    if not isinstance(value, str):
        return False
    if value.isascii() and value.isalnum():  # as they all are
        return len(value) <= MAX_DISTRICT_BYTES
    return not is_blank(value) and value.isprintable() and len(value.encode()) <= MAX_DISTRICT_BYTES


def district_named(event: Any, header_district: str | None) -> str | None:
    """Tell the district of a body that is JSON and yet no event, as far as it can be told.

    What the publisher says comes first: a body that cannot be read must not hold back another district.
    """
    if header_district is not None:
        return header_district
    record = event
    for key in ("data", "object"):
        if isinstance(record, dict) and isinstance(record.get(key), dict):
            record = record[key]
    of_district = isinstance(event, dict) and str(event.get("type")).startswith("districts.")
    for holder, key in ((record, "id" if of_district else "district"), (event, "district")):
        named = holder.get(key) if isinstance(holder, dict) else None
        if is_district_id(named):
            return named
    return None
