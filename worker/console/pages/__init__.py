"""The console's pages, one subject a module; each has `pages(console)`, which says what it answers."""

from __future__ import annotations

from worker.console.console import Console
from worker.console.page import Route
from worker.console.pages import (
    account,
    assets,
    audit,
    console_link,
    dead_letters,
    district,
    district_orders,
    districts,
    filter_editor,
    filters,
    findings,
    history,
    login,
    mails,
    onboarding,
    onboarding_board,
    onboarding_connect,
    onboarding_exports,
    onboarding_orders,
    onboarding_requests,
    onboarding_todo,
    plan,
    rollback,
    sections,
    students,
)

_MODULES = (
    assets,
    login,
    console_link,
    account,
    audit,
    districts,
    onboarding_board,
    onboarding_todo,
    onboarding_exports,
    district,
    onboarding,
    onboarding_orders,
    onboarding_requests,
    mails,
    onboarding_connect,
    findings,
    students,
    sections,
    filters,
    filter_editor,
    plan,
    history,
    district_orders,
    rollback,
    dead_letters,
)


def all_pages(console: Console) -> list[Route]:
    """Return every page of the console."""
    return [page for module in _MODULES for page in module.pages(console)]
