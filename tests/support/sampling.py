"""What `make test` tries of a part only, and `make test-full` of all."""

from __future__ import annotations

import os
import zlib
from typing import Final

ALL: Final = "TRY_ALL"
"""The variable with which `make test-full` says so."""


def part_of(name: str, parts: int) -> int:
    """Return the part, from 0, that a name is in: always the same one."""
    return zlib.crc32(name.encode()) % parts


def tries_all() -> bool:
    """Tell whether nothing is left to another run."""
    return ALL in os.environ
