"""What a district shares with us, as its administrators set it in Clever: rules on sections, or less.

A change of the sharing is told as Clever tells it: what is shared from now on is created, under its old id
where it was shared before, and then what is shared no more is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Final, Literal, TypeAlias

from worker.messaging.event_files import COLLECTIONS, JsonObject
from worker.sandbox.daily_changes import Feed
from worker.sandbox.district import SandboxDistrict
from worker.sandbox.district_events import Withheld, belonging, withhold_all_but

Amount: TypeAlias = Literal["nothing", "students", "all"]
"""Nothing but who administers the district; all people and schools, without a section; everything."""
FIELDS: Final = (
    *("name", "subject", "period", "grade", "course_name", "course_number"),
    *("school", "term", "section_number", "sis_id"),
)

_WITHOUT_SECTIONS: Final = ("schools", "users")
_IN_ANOTHER: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "course_name": ("courses", "course", ("name",)),
    "course_number": ("courses", "course", ("number",)),
    "school": ("schools", "school", ("id", "name")),
    "term": ("terms", "term_id", ("id", "name")),
}
"""Where a field is read: in which collection, by which reference of the section, and its names there."""

OPERATORS: Final[dict[str, tuple[Callable[[str, str], bool], bool]]] = {
    "is": (str.__eq__, True),
    "is_not": (str.__eq__, False),
    "contains": (str.__contains__, True),
    "not_contains": (str.__contains__, False),
    "starts_with": (str.startswith, True),
    "one_of": (str.__eq__, True),
}
"""How a value and a text are compared, and whether that has to hold for any or for none."""

Holds: TypeAlias = Callable[[SandboxDistrict, JsonObject], bool]
"""Tells of a section, given the whole district, whether something is true of it."""


def condition(field: str, operator: str, wanted: Sequence[str]) -> Holds:
    """Compare a field of a section with a text, or for `one_of` with several; ValueError if that cannot be.

    Neither case nor white space counts. A school and a term go by id or by name.
    """
    if field not in FIELDS:
        raise ValueError(f"field: expected one of {', '.join(FIELDS)}, got {field!r}")
    if operator not in OPERATORS:
        raise ValueError(f"op: expected one of {', '.join(OPERATORS)}, got {operator!r}")
    if len(wanted) != 1 and operator != "one_of":
        raise ValueError(f"value: expected one text for {operator}, got {len(wanted)}")
    compared, expected = OPERATORS[operator]
    texts = [_plain(one) for one in wanted]

    def holds(district: SandboxDistrict, section: JsonObject) -> bool:
        values = filter(None, map(_plain, _values(district, section, field)))
        return any(compared(value, text) for value in values for text in texts) is expected

    return holds


def any_rule(rules: Sequence[Sequence[Holds]]) -> Holds:
    """Share the sections of which all conditions of some rule hold."""
    return lambda district, section: any(all(one(district, section) for one in rule) for rule in rules)


def share_by_rules(
    rule: Holds, district: SandboxDistrict, feed: Feed, withheld: Withheld
) -> Iterator[JsonObject]:
    """Share the sections that a rule picks from all that there are, with what belongs to them."""
    whole = _whole(district, withheld)
    stays = belonging(whole, lambda section: rule(whole, section))
    yield from _share(stays, district, feed, withheld)


def share_so_much(
    amount: Amount, district: SandboxDistrict, feed: Feed, withheld: Withheld
) -> Iterator[JsonObject]:
    """Share so much."""
    whole = _whole(district, withheld)
    stays = belonging(whole, lambda _: False)
    collections = {"nothing": (), "students": _WITHOUT_SECTIONS, "all": COLLECTIONS}[amount]
    stays.update(record_id for name in collections for record_id in whole.collections[name])
    yield from _share(stays, district, feed, withheld)


def _share(
    stays: Container[str], district: SandboxDistrict, feed: Feed, withheld: Withheld
) -> Iterator[JsonObject]:
    for collection in COLLECTIONS:
        hidden = withheld.records[collection]
        for record_id in hidden:
            if record_id in stays:
                record = hidden.pop(record_id)
                district.put(collection, record)
                yield feed.event(f"{collection}.created", record)
    yield from withhold_all_but(stays, district, feed, withheld)


def _whole(district: SandboxDistrict, withheld: Withheld) -> SandboxDistrict:
    """Put together what a district has, shared or not; it holds the same rows, and costs their ids only."""
    whole = SandboxDistrict(district.id)
    for name, shelf in whole.collections.items():
        for part in (withheld.records[name], district.collections[name]):
            for record_id in part:
                shelf.put_row(record_id, part.row(record_id))
    return whole


def _values(district: SandboxDistrict, section: JsonObject, field: str) -> list[object]:
    if field not in _IN_ANOTHER:
        return [section.get(field)]
    collection, reference, names = _IN_ANOTHER[field]
    record = district.collections[collection].get(section.get(reference) or "")
    return [] if record is None else [record.get(name) for name in names]


def _plain(value: object) -> str:
    return "".join(str(value or "").casefold().split())
