"""The console that tables and styles are printed on: no text can control it, as with `terminal_output`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from worker.cli.terminal_output import escaped


class TerminalConsole(Console):
    """A console that styles what it is told to, and escapes what the text itself brings."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text to be laid out, escaped already so that its width is known."""
        return super().render_str(escaped(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the segments of what is printed, their texts escaped."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=escaped(segment.text))
