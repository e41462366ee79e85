"""Why somebody gets another page than the one they asked for, told in plain words."""

from __future__ import annotations


class RefusedRequest(Exception):
    """A request that is not answered; `title` and `text` are for whoever made it, and name nobody."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.text = text


class LogInFirst(Exception):
    """Nobody knows who is asking; they are to log in, and to get the page then."""
