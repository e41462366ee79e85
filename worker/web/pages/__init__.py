"""The console's pages, one subject a module; each has `pages(console)`, which says what it answers."""

from __future__ import annotations

from worker.web.console import Console
from worker.web.page import Page
from worker.web.pages import (
    account,
    assets,
    audit,
    districts,
    editor,
    filters,
    findings,
    history,
    letters,
    login,
    orders,
    overview,
    plan,
    rollback,
    sections,
    students,
)

_MODULES = (
    assets,
    login,
    account,
    audit,
    districts,
    overview,
    findings,
    students,
    sections,
    filters,
    editor,
    plan,
    history,
    orders,
    rollback,
    letters,
)


def all_pages(console: Console) -> list[Page]:
    """Return every page of the console."""
    return [page for module in _MODULES for page in module.pages(console)]
