"""Files and folders that nobody but their owner may read: they hold children's names.

New ones are private by the process's umask, which `keep_private` sets. Those that an earlier version left
open to others are closed when they are used.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

OWNER_ONLY: Final = 0o077
"""What a new file or folder does not get: anything for its group or for others."""
FOLDER: Final = 0o700
FILE: Final = 0o600
PASSED_THROUGH: Final = 0o711
"""Of a folder that another user may pass through, but not list."""


def keep_private() -> None:
    """Have every file and folder that this process makes be its owner's alone."""
    os.umask(OWNER_ONLY)


def private_folder(folder: Path) -> Path:
    """Make a folder, or close it to others; raises `OSError` where it cannot be made."""
    folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    _limit(folder, FOLDER)
    return folder


def private_file(file: int) -> None:
    """Close an open file, by its descriptor, to others."""
    with suppress(PermissionError):  # another user's file: its owner closes it
        if os.fstat(file).st_mode & OWNER_ONLY:
            os.fchmod(file, FILE)


def passage(folder: Path) -> None:
    """Let other users pass through a folder, and not list it."""
    _limit(folder, PASSED_THROUGH)


def _limit(path: Path, mode: int) -> None:
    with suppress(PermissionError):  # another user's folder: its owner closes it
        if path.stat().st_mode & 0o777 & ~mode:
            path.chmod(mode)
