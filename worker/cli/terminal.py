"""What a person sees in a terminal while the program works; elsewhere there are only logs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from worker.candidate.refresh import Progress as ProgressSink
from worker.stages.evaluate import no_progress


@contextmanager
def progress_bars(console: Console | None = None) -> Iterator[ProgressSink]:
    """Show counts of what is being worked on, on a terminal; gone when the work is done."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield no_progress
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        yield counting(progress)


def counting(progress: Progress) -> ProgressSink:
    """Return a sink that shows each kind of work as a line of its own."""
    tasks: dict[str, TaskID] = {}

    def tell(what: str, count: int) -> None:
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=None)
        progress.advance(tasks[what], count)

    return tell
