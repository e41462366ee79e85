"""The one way out to a terminal: texts from Clever and from people cannot control it.

A name may hold an escape sequence that repaints the screen or renames the window, or a mark that turns the
order of what follows. Whatever a command prints passes here, where such characters are shown as escapes.
"""

from __future__ import annotations

import re
from typing import Final

import click

_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb]"
)
"""Control characters but tab and line end, what turns the direction of text, and halves of characters."""


def escaped(text: str) -> str:
    r"""Return a text in which characters that control a terminal stand as `\uXXXX`, as they may in JSON."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text on standard output, or on standard error."""
    click.echo(escaped(text), err=err, nl=nl)  # noqa: TID251 — this is the one way out
