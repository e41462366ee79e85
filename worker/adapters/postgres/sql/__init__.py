"""Every statement of the program, in files, by name.

A statement begins with `-- name: <name>`, followed by comments that say what it is for.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def load(file: str) -> dict[str, str]:
    """Return the statements of `<file>.sql` by name."""
    text = resources.files(__name__).joinpath(f"{file}.sql").read_text()
    _, *pieces = _NAME.split(text)
    return {name: statement.strip() for name, statement in zip(pieces[::2], pieces[1::2], strict=True)}
