"""What the tests run in: bytecode that is kept, a folder in memory where there is room for it, rare garbage.

The tests start the program some three hundred times, and make databases by the thousand. Compiling the
program anew for each start would take a fifth of their time; making and removing the files of a database
takes several times as long on a disk as in memory; and a quarter of the unit tests' time would be Python
looking for garbage among all that pytest has collected.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 — the folders made in it have names that nobody can guess
GARBAGE = (50_000, 20, 100)
"""After how many new objects Python looks for garbage; without it, after 700."""
ROOM = 4 << 30
"""Bytes: several times what a whole run has there at once."""
UNUSED = "rfc3987_syntax"
"""What checks a format that no schema of ours has: importing it, as `jsonschema` does, takes a second."""


def settle() -> None:
    """Arrange it for this process and for those that it starts; anything else goes on as it was."""
    gc.set_threshold(*GARBAGE)
    if UNUSED not in sys.modules:
        sys.modules[UNUSED] = None  # type: ignore[assignment] # which Python takes for "there is none"
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM
