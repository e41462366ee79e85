"""What the tests run in: bytecode that is kept, and a folder in memory where there is room for it.

The tests start the program some three hundred times, and make databases by the thousand. Compiling the
program anew for each start would take a fifth of their time; and making and removing the files of a database
takes ten times as long on an ordinary disk as in memory.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 — the folders made in it have names that nobody can guess
ROOM = 4 << 30
"""Bytes: several times what a whole run has there at once."""


def settle() -> None:
    """Arrange it for this process and for those that it starts; anything else goes on as it was."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM
