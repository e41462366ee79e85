"""A mutant is one edit of one file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

WIDTH = 150
"""Characters of a line in a mutant's name."""


@dataclass(frozen=True)
class Mutant:
    """One edit: `source[start:end]` becomes `text`."""

    path: str
    """Of the file, from the root of the project."""
    scope: str
    """The function or the statement that is changed."""
    start: int
    end: int
    text: str
    before: str
    """The line that begins the edit, as it was."""
    after: str

    @property
    def name(self) -> str:
        """Say what it is; the same wherever in the file it stands."""
        return f"{self.path}::{self.scope}: {self.before} => {self.after}"

    def rank(self, seed: int) -> str:
        """Return its place in a sample: that of no other mutant matters, so a sample hardly moves."""
        return hashlib.sha256(f"{seed} {self.name}".encode()).hexdigest()

    def apply(self, source: str) -> str:
        """Return the mutated source."""
        return source[: self.start] + self.text + source[self.end :]


def edit(path: str, scope: str, source: str, span: tuple[int, int], text: str) -> Mutant:
    """Describe one edit of a source; `span` in characters."""
    start, end = span
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", end)
    last = len(source) if last < 0 else last
    after = source[first:start] + text + source[end:last]
    return Mutant(path, scope, start, end, text, _line(source[first:last]), _line(after))


def _line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= WIDTH else words[: WIDTH // 2] + " … " + words[-WIDTH // 2 :]
