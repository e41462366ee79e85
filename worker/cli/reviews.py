"""What a review tells a person to do, and what the preflight would say now, for a terminal."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from worker.cli.tables import plain_table
from worker.cli.terminal import moment
from worker.domain.review.cause_summary import concerned_text, owner_text, place_text
from worker.domain.review.sharing_rules import sharing_rules
from worker.domain.review.suggestion_texts import StudentsPlaced, found_text
from worker.runtime.count_text import counted

SHOWN: Final = 5
"""Causes and suggestions that are shown; `--json` has all of them."""
SHOWN_GRADES: Final = 6
SHOWN_SCHOOLS: Final = 2
"""Grades and schools of a cause that are shown, the most concerned first."""

_OUTCOMES: Final = {
    "commit": ("would be committed", "green"),
    "held": ("would not be committed: the district is on hold", "yellow"),
    "review": ("would be a review", "yellow"),
    "unchanged": ("would change nothing", ""),
}


def review_details(review: dict[str, Any]) -> RenderableType:
    """Return a review with its causes and suggestions."""
    parts: list[RenderableType] = [_headline(review)]
    names = review.get("school_names") or {}
    parts += [_cause(cause, names) for cause in review["causes"][:SHOWN]]
    parts += _more(len(review["causes"]) - SHOWN, "cause")
    if review["suggestions"]:
        best = review["suggestions"][0]["coverage"]["exactly_one"]
        found = found_text(len(review["suggestions"]), best)
        parts += [Text(f"\n{found}", "bold"), _suggestions(review["suggestions"])]
        parts += _more(len(review["suggestions"]) - SHOWN, "suggestion")
    return Group(*parts)


def findings_table(findings: dict[str, Any], review: dict[str, Any] | None) -> RenderableType:
    """Return the findings by code, with what the last review had of each."""
    changes: dict[str, dict[str, int]] = (review or {}).get("changes") or {}
    kinds = list(changes and ("new", "resolved", "standing"))
    table = plain_table("finding", "count", *kinds, numbers=("count", *kinds))
    codes = sorted({*findings["by_code"], *(code for kind in kinds for code in changes[kind])})
    if not codes:
        return Text("no findings", "green")
    for code in codes:
        known = [changes[kind].get(code, 0) for kind in kinds]
        counts = (findings["by_code"].get(code, 0), *known)
        table.add_row(code, *(f"{count:,}" if count else "" for count in counts))
    return table


def forecast_text(forecast: dict[str, Any], known: dict[str, int]) -> Text:
    """Return what would be decided if the window closed now; `known` are the findings of now, by code."""
    if "unavailable" in forecast:
        return Text(f"none: {forecast['unavailable']}", "dim")
    said, style = _OUTCOMES.get(forecast["outcome"], (forecast["outcome"], ""))
    students = forecast["students"]
    text = Text(f"with {counted(forecast['events'], 'waiting event')}: ")
    text.append(said, style)
    text.append(f"; {students['ready']:,} of {counted(students['total'], 'student')} ready")
    if forecast["outcome"] == "review":
        text.append(f"; {counted(forecast['new'], 'new error')}, {forecast['resolved']:,} resolved")
    differing = [
        f"{code} {count - known.get(code, 0):+,}"
        for code, count in sorted({**dict.fromkeys(known, 0), **forecast["by_code"]}.items())
        if count != known.get(code, 0)
    ]
    return text.append(f"; {', '.join(differing)}" if differing else "")


def _headline(review: dict[str, Any]) -> Text:
    text = Text(f"review {review['sequence']}", "bold")
    text.append(f" of {moment(review['decided_at'])}", "not bold")
    if review["since"] is not None:
        text.append(
            f": {counted(review['new'], 'new error')}, {review['resolved']:,} resolved, "
            f"{review['standing']:,} unchanged, the oldest since {moment(review['since'])}",
            "not bold",
        )
    return text


def _cause(cause: dict[str, Any], names: dict[str, str]) -> RenderableType:
    """Return a cause: whom it concerns, what to do, whose it is, where."""
    head = Text.assemble(("\n" + concerned_text(cause), "yellow"), (f"  {cause['code']}", "dim"))
    advice = cause["advice"].replace(": rostering approve ", ":\nrostering approve ")  # to be copied
    return Group(head, Padding(Group(Text(advice), _whose(cause, names)), (0, 0, 0, 2)))


def _whose(cause: dict[str, Any], names: dict[str, str]) -> Text:
    since = f"since {moment(cause['since'])}" if cause.get("since") else ""
    where = place_text(cause, names, SHOWN_SCHOOLS, SHOWN_GRADES)
    return Text("; ".join(filter(None, (f"owner: {owner_text(cause['owner'])}", where, since))), "dim")


def _plural(noun: str, number: int) -> str:
    return noun if number == 1 else noun + "s"


def _suggestions(suggestions: list[dict[str, Any]]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for place, suggestion in enumerate(suggestions[:SHOWN], start=1):
        placed = StudentsPlaced(**suggestion["coverage"])
        said = Text(placed.text, "green" if placed.exactly_one else "")
        rules = sharing_rules(suggestion["text"]) if suggestion["sharing_rules"] else [suggestion["text"]]
        table.add_row(f"{place}.", Group(*map(Text, rules), said))
    return Padding(table, (0, 0, 0, 2))


def _more(number: int, noun: str) -> list[RenderableType]:
    if number <= 0:
        return []
    return [Text(f"\n{number} more {_plural(noun, number)}: see --json", "dim")]
