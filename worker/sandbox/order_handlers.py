"""What can be ordered of one district, by the last part of the order's address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Final, TypeAlias

from worker.messaging.event_files import JsonObject
from worker.sandbox.expected_roster import name_contains
from worker.sandbox.live_districts import WorldDistrict, real_time
from worker.sandbox.order_bodies import MOST_SEED, OrderBody, RefusedOrder
from worker.sandbox.sharing import AMOUNTS, Holds, any_rule, condition, share_by_rules, share_so_much

Change: TypeAlias = tuple[Iterable[JsonObject], JsonObject]
"""A change's events, which happen as they are taken, and what else is answered."""
Command: TypeAlias = Callable[[WorldDistrict, OrderBody], Change]

_MOST_CHANGES: Final = 100_000
_PAUSE: Final = timedelta(days=60)


def _day(one: WorldDistrict, order: OrderBody) -> Change:
    count = order.whole("changes", 100, 1, _MOST_CHANGES)
    seed = order.whole("seed", 1, 0, MOST_SEED)
    order.read_all()
    return one.day(count, seed), {}


def _rollover(one: WorldDistrict, order: OrderBody) -> Change:
    seed = order.whole("seed", 1, 0, MOST_SEED)
    order.read_all()
    return one.rollover(seed), {}


def _narrow(one: WorldDistrict, order: OrderBody) -> Change:
    shared = name_contains(order.text("name_contains", "homeroom"))
    order.read_all()
    return one.narrow(shared), {}


def _widen(one: WorldDistrict, order: OrderBody) -> Change:
    order.read_all()
    return one.widen(), {}


def _of_field(
    change: Callable[[WorldDistrict, str], Iterator[JsonObject]],
) -> Command:
    def ordered(one: WorldDistrict, order: OrderBody) -> Change:
        name = order.text("field", "dob")
        order.read_all()
        try:
            return change(one, name), {}
        except ValueError as error:
            raise RefusedOrder(f"field: {error}") from None

    return ordered


def _delete_students(one: WorldDistrict, order: OrderBody) -> Change:
    percent = order.number("percent", 50.0, 0.0, 100.0)
    seed = order.whole("seed", 1, 0, MOST_SEED)
    order.read_all()
    return one.delete_students(percent, seed), {}


def _rules(one: WorldDistrict, order: OrderBody) -> Change:
    rules = [[_condition(part) for part in _all_of(rule)] for rule in order.parts("rules")]
    order.read_all()
    return one.change_sharing(partial(share_by_rules, any_rule(rules))), {"waits": one.is_paused}


def _all_of(rule: OrderBody) -> list[OrderBody]:
    conditions = rule.parts("all")
    rule.read_all()
    return conditions


def _condition(part: OrderBody) -> Holds:
    field, operator = part.text("field", ""), part.text("op", "")
    wanted = part.texts("value")
    part.read_all()
    try:
        return condition(field, operator, wanted)
    except ValueError as error:
        raise RefusedOrder(str(error)) from None


def _share(one: WorldDistrict, order: OrderBody) -> Change:
    amount = order.one_of("what", "all", AMOUNTS)
    order.read_all()
    return one.change_sharing(partial(share_so_much, amount)), {"waits": one.is_paused}


def _pause(one: WorldDistrict, order: OrderBody) -> Change:
    until = order.moment("until", real_time() + _PAUSE)
    order.read_all()
    return one.pause(until), {}


def _resume(one: WorldDistrict, order: OrderBody) -> Change:
    order.read_all()
    return one.resume(), {}


def _of_student(
    change: Callable[[WorldDistrict], tuple[str, list[JsonObject]]],
) -> Command:
    def ordered(one: WorldDistrict, order: OrderBody) -> Change:
        order.read_all()
        try:
            student, events = change(one)
        except ValueError as error:
            raise RefusedOrder(str(error)) from None
        return events, {"student": student}

    return ordered


AT_ONCE: Final[dict[str, Callable[[WorldDistrict], None]]] = {
    "disconnect": WorldDistrict.disconnect,
    "connect": WorldDistrict.connect,
    "rotate-token": WorldDistrict.rotate_token,
    "forget-events": WorldDistrict.forget_events,
}
CHANGES: Final[dict[str, Command]] = {
    "day": _day,
    "rollover": _rollover,
    "narrow": _narrow,
    "widen": _widen,
    "rules": _rules,
    "share": _share,
    "withdraw": _of_field(WorldDistrict.withdraw),
    "restore": _of_field(WorldDistrict.restore),
    "delete-students": _delete_students,
    "pause": _pause,
    "resume": _resume,
    "break-student": _of_student(WorldDistrict.break_student),
    "mend-student": _of_student(WorldDistrict.mend_student),
}
