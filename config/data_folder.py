"""Where the data folder is, where no setting says it."""

from __future__ import annotations

import os
from pathlib import Path


def nearest(name: Path, start: Path) -> Path:
    """Return the folder of this name in `start`, or our nearest one above it; else the one in `start`.

    So a command that is given in a subfolder of a project finds the project's data, as git finds its own.
    """
    for folder in (start, *start.parents):
        found = folder / name
        if found.is_dir() and found.stat().st_uid == os.getuid():
            return found
    return start / name
