"""The bodies of orders: JSON objects whose every key is known and of which each value is checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from worker.messaging.event_files import JsonObject

MOST_SEED: Final = 2**32


class RefusedOrder(Exception):
    """An order that cannot be followed; the text names the key that is wrong."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class OrderBody:
    """One body. Read all keys that may be given, then call `read_all`; wrong ones raise `RefusedOrder`."""

    def __init__(self, given: object) -> None:
        if not isinstance(given, dict):
            raise RefusedOrder("expected a JSON object")
        self._given: JsonObject = given
        self._known: set[str] = set()

    def flag(self, key: str, *, default: bool) -> bool:
        """Read true or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise RefusedOrder(f"{key}: expected true or false, got {value!r}")
        return value

    def delay(self, key: str, usual: float, most: float) -> float | None:
        """Read a number of seconds; true is the usual number, and false and an absent key are none."""
        value = self._value(key, default=False)
        if isinstance(value, bool):
            return usual if value else None
        return self.number(key, usual, 0.0, most)

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """Read a whole number between two."""
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise RefusedOrder(f"{key}: expected a whole number from {low} to {high}, got {value!r}")
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Read a number between two."""
        value = self._value(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise RefusedOrder(f"{key}: expected a number from {low:g} to {high:g}, got {value!r}")
        return float(value)

    def text(self, key: str, default: str) -> str:
        """Read a text that is not blank."""
        value = self._value(key, default)
        if not isinstance(value, str) or not value.strip():
            raise RefusedOrder(f"{key}: expected a text, got {value!r}")
        return value

    def one_of(self, key: str, default: str, choices: Sequence[str]) -> str:
        """Read one of some words."""
        value = self._value(key, default)
        if value not in choices:
            raise RefusedOrder(f"{key}: expected one of {', '.join(choices)}, got {value!r}")
        return str(value)

    def several_of(self, key: str, choices: Sequence[str]) -> list[str]:
        """Read a list of some words, of which one is given at least."""
        value = self._value(key, list(choices))
        if not isinstance(value, list) or not value:
            raise RefusedOrder(f"{key}: expected a list, got {value!r}")
        for one in value:
            if one not in choices:
                raise RefusedOrder(f"{key}: expected some of {', '.join(choices)}, got {one!r}")
        return [str(one) for one in value]

    def parts(self, key: str) -> list[OrderBody]:
        """Read a list of JSON objects, of which one is given at least; each is read like a body."""
        value = self._value(key, None)
        if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
            raise RefusedOrder(f"{key}: expected a list of JSON objects, got {value!r}")
        return [OrderBody(one) for one in value]

    def texts(self, key: str) -> list[str]:
        """Read a text, or a list of them, of which one is given at least; none may be blank."""
        value = self._value(key, None)
        texts = value if isinstance(value, list) else [value]
        if not texts or not all(isinstance(one, str) and one.strip() for one in texts):
            raise RefusedOrder(f"{key}: expected a text, or a list of texts, got {value!r}")
        return [str(one) for one in texts]

    def moment(self, key: str, default: datetime) -> datetime:
        """Read a time with its zone."""
        value = self._value(key, default.isoformat())
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise RefusedOrder(f"{key}: expected a time such as 2027-08-12T00:00:00.000Z, got {value!r}")
        return moment

    def read_all(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._given:
            if key not in self._known:
                known = ", ".join(sorted(self._known)) or "none"
                raise RefusedOrder(f"{key}: no such key here; known: {known}")

    def _value(self, key: str, default: object) -> object:
        self._known.add(key)
        return self._given.get(key, default)
