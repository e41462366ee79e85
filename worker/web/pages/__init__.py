"""The console's pages, one subject a module; each has `pages(console)`, which says what it answers."""

from __future__ import annotations

from worker.web.console import Console
from worker.web.page import Page
from worker.web.pages import (
    account,
    asking,
    assets,
    audit,
    board,
    connect,
    districts,
    editor,
    filters,
    findings,
    history,
    letters,
    lifecycle_files,
    login,
    mails,
    opening,
    orders,
    overview,
    plan,
    rollback,
    sections,
    students,
    todo,
    way,
    way_orders,
)

_MODULES = (
    assets,
    login,
    opening,
    account,
    audit,
    districts,
    board,
    todo,
    lifecycle_files,
    overview,
    way,
    way_orders,
    asking,
    mails,
    connect,
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
