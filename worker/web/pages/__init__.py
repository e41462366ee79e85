"""The console's pages, one subject a module; each has `pages(console)`, which says what it answers."""

from __future__ import annotations

from worker.web.console import Console
from worker.web.page import Page
from worker.web.pages import assets, districts, editor, filters, letters, orders, plan, rollback

_MODULES = (assets, districts, filters, editor, plan, orders, rollback, letters)


def all_pages(console: Console) -> list[Page]:
    """Return every page of the console."""
    return [page for module in _MODULES for page in module.pages(console)]
