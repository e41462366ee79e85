"""What a person sees of the story: chapters, sentences, tables. Ids and numbers only, nobody's name."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from schemas.words import Owner
from worker.cli.demo.consumer import Json
from worker.cli.demo.coverage import Suggested, Trial
from worker.cli.tables import plain_table
from worker.cli.terminal_console import TerminalConsole
from worker.domain.preflight.policy import WARNINGS, Code

WIDEST: Final = 100
"""Columns: longer lines are hard to read."""
INDENT: Final = 3
MEANINGS: Final = {
    Code.FIELD_MISSING: "a required field is blank",
    Code.NO_SECTION: "is in no section that counts",
    Code.MULTIPLE_SECTIONS: "is in more than one section that counts",
    Code.DUPLICATE_IDENTITY: "has a value that must be unique but is not",
    Code.UNKNOWN_SCHOOL: "is at a school that is not shared",
    Code.LEFT_SCOPE: "left the scope but is in a kept section",
    Code.NO_TEACHER: "has no teacher",
    Code.UNKNOWN_TEACHER: "lists a teacher who is not shared",
    Code.UNKNOWN_STUDENT: "lists a student who is not shared",
    Code.SCHOOL_MASS_REMOVAL: "too many of its students would be removed",
    Code.DISTRICT_MASS_REMOVAL: "too many of its students would be removed",
    Code.SCHOOL_CLASS_CHANGE: "too many of its students would change class",
    Code.DISTRICT_CLASS_CHANGE: "too many of its students would change class",
    Code.KIND_VANISHED: "would lose every record of a kind",
    Code.NO_STUDENTS: "has no students",
    Code.EVENTS_QUARANTINED: "has unreadable events",
    Code.NO_BASELINE: "was never read completely",
    Code.SCOPE_MATCHES_NOTHING: "names a grade or school that does not exist here",
    Code.RECORDS_UNREADABLE: "has terms or courses that cannot be read",
}
OWNERS: Final = {
    Owner.SIS: "the district's student information system",
    Owner.SHARING: "the district's sharing in Clever",
    Owner.FILTER: "the section filter",
    Owner.VENDOR: "your own team",
}
LISTED: Final = 10
"""Schools' grades with leftovers that are listed."""
CLASSES: Final = ("one class", "no class", "more than one")
"""Columns on students, by how many classes they are in."""
KINDS: Final = {"school": "schools", "teacher": "teachers", "class": "classes", "student": "students"}


class _Console(TerminalConsole):
    def on_broken_pipe(self) -> None:
        """Tell the caller that nobody reads any more; what is still to be written goes nowhere."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise BrokenPipeError


class TerminalStory:
    """Prints the story: with colour and progress on a terminal, as plain text elsewhere."""

    def __init__(self) -> None:
        self._console = _Console(highlight=False, markup=False)
        self._console.width = min(self._console.width, WIDEST) if sys.stdout.isatty() else WIDEST
        self._chapters = 0

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        """Print a numbered heading; after the chapter, how long it took."""
        self._chapters += 1
        started = time.perf_counter()
        self._console.print()
        self._console.print(Text(f"{self._chapters}. {title}", "bold cyan"))
        yield
        self._console.print(Text(f"[{time.perf_counter() - started:.1f} s]", "dim"))

    def title(self, text: str) -> None:
        """Print the title of it all."""
        self._console.print(Text(text, "bold"))

    def say(self, text: str, style: str = "", indent: int = 0) -> None:
        """Print a paragraph."""
        width = self._console.width - indent
        for line in textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False):
            self._console.print(Text(" " * indent + line, style), soft_wrap=True)

    def quote(self, text: str) -> None:
        """Print a paragraph that is not ours but a message's, with room below."""
        self.say(text, "italic", INDENT)
        self._console.print()

    def line(self, text: str, style: str = "") -> None:
        """Print a line to be copied: indented, and never broken."""
        self._console.print(Text(" " * INDENT + text, style), soft_wrap=True)

    def table(self, table: Table) -> None:
        """Print a table."""
        with self._console.capture() as captured:
            self._console.print(Padding(table, (0, 0, 0, INDENT), expand=False))
        for line in ("", *captured.get().splitlines(), ""):
            self._console.out(line.rstrip(), highlight=False)

    def end(self, text: str) -> None:
        """Print the line under the last chapter."""
        self._console.print()
        self._console.print(Text(text, "bold"))

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show that something is being waited for, on a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(Text(text, "dim")):
            yield

    @contextmanager
    def counting(self, text: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show how far something has come, on a terminal; yields what is told of each further number."""
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        ) as progress:
            task = progress.add_task(text, total=total)
            yield lambda count: progress.advance(task, count)


def review_table(review: Json) -> Table:
    """Return a review's students and findings by code."""
    students, table = review["students"], plain_table("", "count", "what it means", numbers=("count",))
    table.add_row("students", f"{students['total']:,}", "to be rostered")
    table.add_row("ready", f"{students['ready']:,}", "without an error", style=_good(students["ready"]))
    table.add_row("blocked", f"{students['blocked']:,}", "with an error", style=_bad(students["blocked"]))
    table.add_row()
    for code, count in review["findings"]["by_code"].items():
        warns = Code(code) in WARNINGS
        meaning = f"{'warning: ' if warns else ''}{MEANINGS[Code(code)]}"
        table.add_row(code, f"{count:,}", meaning, style="dim" if warns else "yellow")
    return table


def findings_table(review: Json) -> Table:
    """Return the errors of a review one by one, by id."""
    table = plain_table("student", "finding", "field", unbroken=("finding",))
    for item in review["findings"]["items"]:
        if item["severity"] == "error":
            table.add_row(item["id"], item["code"], item.get("field", ""), style="yellow")
    return table


def causes_table(review: Json) -> Table:
    """Return the causes that a review names, and who can put each of them right."""
    table = plain_table("cause", "students", "owner", numbers=("students",))
    for cause in review["causes"]:
        students = cause["removed"] or cause["students"]
        table.add_row(cause["code"], f"{students:,}", OWNERS[cause["owner"]], style="yellow")
    return table


def suggestions_table(suggestions: Sequence[Suggested]) -> Table:
    """Return what a review suggests: what each filter would do, and its text for the district."""
    table = plain_table("", *CLASSES, "text for the district", numbers=("", *CLASSES))
    for one in suggestions:
        text = Text(one.said["text"])
        if not one.said["sharing_rules"]:
            text.append("\n(works as a section filter only, not as sharing rules)", "dim")
        counts = (f"{count:,}" for count in one.coverage)
        table.add_row(f"{one.number}", *counts, text, style="green" if one.coverage.is_complete else "yellow")
    return table


def trials_table(trials: Sequence[Trial]) -> Table:
    """Return what each filter that was tried would do, and how many sections it takes for classes."""
    table = plain_table("filter", *CLASSES, "classes", numbers=(*CLASSES, "classes"))
    for trial in trials:
        counts = (f"{count:,}" for count in (*trial.coverage, trial.classes))
        table.add_row(trial.label, *counts, style="green" if trial.coverage.is_complete else "yellow")
    return table


def leftovers_table(said: Json) -> Table:
    """Return whom a suggestion leaves without exactly one section, the most first."""
    table = plain_table("school", "grade", *CLASSES[1:], numbers=CLASSES)
    for left in said["leftovers"][:LISTED]:
        school, grade = left["school"] or "(none)", left["grade"] or "(none)"
        table.add_row(school, grade, f"{left['none']:,}", f"{left['several']:,}")
    return table


def commit_table(commit: Json) -> Table:
    """Return a commit's changes by kind, beside the roster after it."""
    numbers = ("upserted", "removed", "roster afterwards")
    table = plain_table("", *numbers, numbers=numbers)
    for kind, plural in KINDS.items():
        counts = commit["counts"][kind]
        table.add_row(
            plural, f"{counts['upserted']:,}", f"{counts['removed']:,}", f"{commit['roster'][plural]:,}"
        )
    return table


def records_table(records: Mapping[str, int]) -> Table:
    """Return how many records of each collection were read."""
    table = plain_table("collection", "records", numbers=("records",))
    for name, count in records.items():
        table.add_row(name, f"{count:,}")
    return table


def events_table(types: Mapping[str, int]) -> Table:
    """Return how many events of each type there were."""
    table = plain_table("event", "count", numbers=("count",))
    for name, count in sorted(types.items()):
        table.add_row(name, f"{count:,}")
    return table


def _good(count: int) -> str:
    return "green" if count else ""


def _bad(count: int) -> str:
    return "yellow" if count else ""
