"""What a person sees in a terminal while the program works; elsewhere there are only logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console

from worker.cli.terminal_console import TerminalConsole
from worker.runtime.progress import Progress as ProgressSink
from worker.runtime.progress import no_progress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def moment(instant: str) -> str:
    """Return a message's time as a person reads it, to the minute."""
    return f"{instant[:10]} {instant[11:16]} UTC"


def some(values: Sequence[str], total: int, shown: int) -> str:
    """Return the first of some values, and how many more there are."""
    more = total - min(shown, len(values))
    return ", ".join(values[:shown]) + (f" and {more:,} more" if more > 0 else "")


@contextmanager
def progress_bars(console: Console | None = None) -> Iterator[ProgressSink]:
    """Show counts of what is being worked on, on a terminal; gone when the work is done."""
    console = console or TerminalConsole(stderr=True)
    if not console.is_terminal:
        yield no_progress
        return
    with counted_lines(console) as progress:
        yield counting(progress)


def counted_lines(console: Console) -> Progress:
    """Return what shows lines with a count and the time, for as long as it is entered."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 — slow

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


def counting(progress: Progress) -> ProgressSink:
    """Return a sink that shows each kind of work as a line of its own."""
    tasks: dict[str, TaskID] = {}

    def advance(what: str, count: int) -> None:
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=None)
        progress.advance(tasks[what], count)

    return advance


IDLE_SECONDS: Final = 5.0
"""After which a district's line is taken away: its reading goes on elsewhere, or was put off."""


class DistrictProgress:
    """One line for each district that is read or judged as a whole: what of it, and how many so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lines: dict[str, tuple[TaskID, str, float]] = {}

    def of(self, district_id: str) -> ProgressSink:
        """Return what tells of one district."""
        return lambda what, count: self._advance(district_id, what, count)

    def done(self, district_id: str) -> None:
        """Take a district's line away."""
        line = self._lines.pop(district_id, None)
        if line is not None:
            self._progress.remove_task(line[0])

    def _advance(self, district_id: str, what: str, count: int) -> None:
        now = self._progress.get_time()
        for idle in [one for one, (_, _, last) in self._lines.items() if now - last > IDLE_SECONDS]:
            self.done(idle)
        task, before, _ = self._lines.get(district_id, (None, "", now))
        if task is None or what != before:
            self.done(district_id)
            task = self._progress.add_task(f"{district_id} {what}", total=None)
        self._progress.advance(task, count)
        self._lines[district_id] = task, what, now
