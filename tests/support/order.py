"""The order in which the workers of pytest-xdist run the tests: the long ones first.

With `--dist worksteal` each worker begins with a share of the tests in their order. All shares are equally
large, and a worker that is done takes tests from the end of another's share. A test of a minute that begins
last keeps one worker busy while the others have nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final, TypeVar

LONG: Final = {"browser": 25, "acceptance": 4, "model": 2}
"""The folders of long tests, with the seconds that one of their tests takes, more or less."""
LIMIT_SECONDS: Final = 300
"""What one of them may take on a busy machine, if it does not say otherwise."""

Test = TypeVar("Test")


def long_first(tests: Sequence[tuple[str, Test]], workers: int) -> list[Test]:
    """Return the tests, each given with its folder, with the long ones first in all shares but the last.

    Long tests start several processes each: a worker without them keeps the machine from being too busy for
    their time limits. So do browsers that all run in the first worker. The other tests stay in their order,
    so that those of a file run in one worker.
    """
    shares = [list[Test]() for _ in range(workers)]
    seconds = [0] * max(1, workers - 1)
    for folder, each in LONG.items():
        for test in (test for place, test in tests if place == folder):
            worker = 0 if folder == "browser" else seconds.index(min(seconds))
            shares[worker].append(test)
            seconds[worker] += each
    others = iter([test for place, test in tests if place not in LONG])
    for worker, share in enumerate(shares):
        size = (len(tests) - sum(map(len, shares[:worker]))) // (workers - worker)
        share.extend(islice(others, max(0, size - len(share))))
    return [test for share in shares for test in share]
