"""The order in which the workers of pytest-xdist run the tests: the long ones first.

With `--dist worksteal` each worker begins with a share of the tests in their order. All shares are equally
large, and a worker that is done takes tests from the end of another's share. A test of a minute that begins
last keeps one worker busy while the others have nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final, TypeVar

LONG: Final = ("browser", "acceptance", "model")
"""The folders whose tests take seconds to a minute each, the longest first."""

Test = TypeVar("Test")


def long_first(tests: Sequence[tuple[str, Test]], workers: int) -> list[Test]:
    """Return the tests, each given with its folder, with long ones first in each worker's share.

    The others stay in their order, so that the tests of a file run in one worker.
    """
    long = [test for folder in LONG for place, test in tests if place == folder]
    others = iter([test for place, test in tests if place not in LONG])
    shares = [[*long[worker::workers]] for worker in range(workers)]
    for left, share in enumerate(shares):
        size = (len(tests) - sum(map(len, shares[:left]))) // (workers - left)
        share.extend(islice(others, max(0, size - len(share))))
    return [test for share in shares for test in share]
