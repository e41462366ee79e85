"""What can be ordered of one district, by the last part of the order's address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, Field, PlainValidator

from worker.messaging.event_files import JsonObject
from worker.sandbox import expected_roster
from worker.sandbox.live_districts import WorldDistrict, real_time
from worker.sandbox.order_bodies import RefusedOrder, Seed, checked
from worker.sandbox.sharing import Amount, any_rule, condition, share_by_rules, share_so_much

Change: TypeAlias = tuple[Iterable[JsonObject], JsonObject]
"""A change's events, which happen as they are taken, and what else is answered."""
Command: TypeAlias = Callable[..., Change]
"""Makes a change of a district; the keys of its body are the other arguments."""

_PAUSE: Final = timedelta(days=60)


def _moment(given: object) -> datetime:
    with suppress(ValueError):
        moment = datetime.fromisoformat(str(given))
        if moment.tzinfo is not None:
            return moment
    raise ValueError("expected a time such as 2027-08-12T00:00:00.000Z")


def _texts(given: str | list[str]) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not texts or not all(text.strip() for text in texts):
        raise ValueError("expected a text, or a list of texts")
    return texts


Text: TypeAlias = Annotated[str, Field(pattern=r"\S")]
Moment: TypeAlias = Annotated[datetime, PlainValidator(_moment)]


class SharingCondition(BaseModel, extra="forbid"):
    """A condition of a sharing rule."""

    field: Text
    op: Text
    value: Annotated[str | list[str], AfterValidator(_texts)]


class SharingRule(BaseModel, extra="forbid"):
    """A sharing rule."""

    all: Annotated[list[SharingCondition], Field(min_length=1)]


@contextmanager
def _refused(key: str = "") -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise RefusedOrder(f"{key}{error}") from None


def _day(
    one: WorldDistrict, /, *, changes: Annotated[int, Field(ge=1, le=100_000)] = 100, seed: Seed = 1
) -> Change:
    return one.day(changes, seed), {}


def _rollover(one: WorldDistrict, /, *, seed: Seed = 1) -> Change:
    return one.rollover(seed), {}


def _narrow(one: WorldDistrict, /, *, name_contains: Text = "homeroom") -> Change:
    return one.narrow(expected_roster.name_contains(name_contains)), {}


def _widen(one: WorldDistrict, /) -> Change:
    return one.widen(), {}


def _of_field(change: Callable[[WorldDistrict, str], Iterator[JsonObject]]) -> Command:
    def ordered(one: WorldDistrict, /, *, field: Text = "dob") -> Change:
        with _refused("field: "):
            return change(one, field), {}

    return ordered


def _delete_students(
    one: WorldDistrict, /, *, percent: Annotated[float, Field(ge=0, le=100)] = 50.0, seed: Seed = 1
) -> Change:
    return one.delete_students(percent, seed), {}


def _rules(one: WorldDistrict, /, *, rules: Annotated[list[SharingRule], Field(min_length=1)]) -> Change:
    with _refused():
        compared = [[condition(part.field, part.op, part.value) for part in rule.all] for rule in rules]
    return one.change_sharing(partial(share_by_rules, any_rule(compared))), {"waits": one.is_paused}


def _share(one: WorldDistrict, /, *, what: Amount = "all") -> Change:
    return one.change_sharing(partial(share_so_much, what)), {"waits": one.is_paused}


def _pause(one: WorldDistrict, /, *, until: Moment | None = None) -> Change:
    return one.pause(until or real_time() + _PAUSE), {}


def _resume(one: WorldDistrict, /) -> Change:
    return one.resume(), {}


def _of_student(change: Callable[[WorldDistrict], tuple[str, list[JsonObject]]]) -> Command:
    def ordered(one: WorldDistrict, /) -> Change:
        with _refused():
            student, events = change(one)
        return events, {"student": student}

    return ordered


AT_ONCE: Final[dict[str, Callable[[WorldDistrict], None]]] = {
    "disconnect": WorldDistrict.disconnect,
    "connect": WorldDistrict.connect,
    "rotate-token": WorldDistrict.rotate_token,
    "forget-events": WorldDistrict.forget_events,
}
_CHANGES: Final[dict[str, Command]] = {
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
CHANGES: Final[dict[str, Command]] = {name: checked(change) for name, change in _CHANGES.items()}
