"""The statements of the program, by name: each file of them stands beside the module that runs it.

A statement begins with `-- name: <name>`, followed by one line that says what it returns or changes. Its
text is never edited: what differs is a parameter, or another statement.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def load(file: str) -> dict[str, str]:
    """Return the statements of `<file>.sql` by name; `file` is a path in this folder: `mail/mails`."""
    text = resources.files(__package__).joinpath(f"{file}.sql").read_text()
    _, *pieces = _NAME.split(text)
    return {name: statement.strip() for name, statement in zip(pieces[::2], pieces[1::2], strict=True)}
