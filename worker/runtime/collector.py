"""Python's collector of cycles, while thousands of records are made of which none is in a cycle.

Left to itself, it looks through all of them again and again: that took two fifths of an evaluation's time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SELDOM: Final = (10_000, 20, 50)
"""Objects made before the youngest are looked through, and how often that is done before older ones are.

Fifteen times as many as usual: garbage of some megabytes waits for as long.
"""


class _Collector:
    def __init__(self) -> None:
        self._usual = gc.get_threshold()
        self._asking = 0

    @contextmanager
    def seldom(self) -> Iterator[None]:
        """Let the collector work seldom until the last of those who ask for it, side by side, has ended."""
        if not self._asking:
            self._usual = gc.get_threshold()
            gc.set_threshold(*SELDOM)
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
            if not self._asking:
                gc.set_threshold(*self._usual)


seldom: Final = _Collector().seldom
