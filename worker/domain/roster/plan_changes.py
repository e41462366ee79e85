"""A plan told record by record: what comes, what goes, and which values change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Op(StrEnum):
    """What a plan does to a record, as people tell it: a commit's upsert is one of two."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a record; None where it is blank, or where the record is not there."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One record of a plan, with the fields in which it differs."""

    kind: str
    id: str
    op: Op
    fields: tuple[FieldChange, ...]

    def value(self, name: str) -> str | None:
        """Return a field as it will be, or as it was of a record that goes."""
        return next((one.after or one.before for one in self.fields if one.name == name), None)


def planned_change(kind: str, record_id: str, committed: str | None, candidate: str | None) -> PlannedChange:
    """Return what becomes of a record, given as canonical JSON; None where it was, or will be, absent."""
    before, after = _texts(committed), _texts(candidate)
    names = [*before, *(name for name in after if name not in before)]
    fields = tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )
    op = Op.ADDED if committed is None else Op.REMOVED if candidate is None else Op.CHANGED
    return PlannedChange(kind, record_id, op, fields)


def _texts(record: str | None) -> dict[str, str]:
    """Return the fields that are not blank, as texts."""
    if record is None:
        return {}
    fields: Mapping[str, Any] = json.loads(record)
    told = {name: _text(value) for name, value in fields.items() if name != "extra"}
    told |= {f"extra.{name}": _text(value) for name, value in (fields.get("extra") or {}).items()}
    return {name: text for name, text in told.items() if text}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
