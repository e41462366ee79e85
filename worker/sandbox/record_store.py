"""Records kept as JSON bytes: a million of them fit into memory, and pages are cut without decoding."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, MutableMapping, Sequence

import orjson

from worker.messaging.event_files import JsonObject


class RecordStore(MutableMapping[str, JsonObject]):
    """Records by id, in the order of their ids.

    Every look at a record decodes a copy of its own: to change a record, put the changed copy back. Going
    through a shelf goes through the ids that it had at the beginning.
    """

    __slots__ = ("_order", "_rows")

    def __init__(self) -> None:
        self._rows: dict[str, bytes] = {}
        # None: to be sorted when next asked for. Sorting anew after a thousand changes costs far less
        # than keeping a list of a million ids in order through each of them.
        self._order: list[str] | None = []

    def __getitem__(self, key: str) -> JsonObject:
        record: JsonObject = orjson.loads(self._rows[key])
        return record

    def __setitem__(self, key: str, record: JsonObject) -> None:
        # A copy, because orjson's bytes keep the whole of the buffer that they were written into.
        self.put_row(key, bytes(memoryview(orjson.dumps(record))))

    def __delitem__(self, key: str) -> None:
        del self._rows[key]
        self._order = None

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self.order))

    def clear(self) -> None:
        """Take out everything."""
        self._rows.clear()
        self._order = []

    @property
    def order(self) -> Sequence[str]:
        """All ids, ascending; valid until the next change."""
        if self._order is None:
            self._order = sorted(self._rows)
        return self._order

    @property
    def last(self) -> str | None:
        """The highest id; None on an empty shelf."""
        return self.order[-1] if self._rows else None

    def row(self, key: str) -> bytes:
        """Return a record as its JSON; KeyError if there is none."""
        return self._rows[key]

    def put_row(self, key: str, row: bytes) -> None:
        """Add or replace a record given as its JSON, which is taken as it is."""
        if key not in self._rows and self._order is not None:
            if not self._order or key > self._order[-1]:
                self._order.append(key)
            else:
                self._order = None
        self._rows[key] = row

    def count(self, part: bytes) -> int:
        """Count the records whose JSON has a part, such as a key; far quicker than decoding them."""
        return sum(part in row for row in self._rows.values())

    def place_after(self, key: str) -> int:
        """Tell how many ids come before or are this one: the place where the page after it begins."""
        return bisect_right(self.order, key)

    def place_of(self, key: str) -> int:
        """Tell how many ids come before this one: the place where the page before it ends."""
        return bisect_left(self.order, key)
