"""Programs that tests start, where they are installed."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def not_installed(program: str) -> NoReturn:
    """Skip the test that needs this program, or fail it where CI runs."""
    problem = f"{program} is not installed: `make test` says how to get it"
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)


def path_of(program: str, *names: str) -> str:
    """Return where a program is, under the first of these names that is installed."""
    for name in names:
        if found := shutil.which(name) or shutil.which(name, path="/usr/sbin"):
            return found
    not_installed(program)
