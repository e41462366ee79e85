"""What the commands on filters and policies print: versions, and what a filter would do."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas.timestamps import instant
from worker.cli.terminal import moment
from worker.domain.roster.scope_counts import ScopeValue
from worker.operations.districts import FilterVersion, PolicyVersion
from worker.runtime.count_text import counted


def policy_history(versions: list[PolicyVersion], now: datetime) -> list[dict[str, Any]]:
    """Return every version of a district's own policy, those that have ended too, as JSON values."""
    lasting = [one.version for one in versions if one.until is None or one.until > now]
    return [
        {
            "version": one.version,
            "actor": one.actor,
            "set_at": instant(one.set_at) if one.set_at else None,
            "until": instant(one.until) if one.until else None,
            "reason": one.reason,
            "in_force": one.version == max(lasting, default=None),
            "policy": one.policy,
        }
        for one in versions
    ]


def filter_history(versions: list[FilterVersion]) -> list[dict[str, Any]]:
    """Return every version of a district's section filter as JSON values; the last one is in force."""
    return [
        {
            "version": one.version,
            "actor": one.actor,
            "set_at": instant(one.set_at) if one.set_at else None,
            "until": None,
            "reason": one.reason,
            "in_force": one is versions[-1],
            "filter": one.section_filter.model_dump(mode="json"),
        }
        for one in versions
    ]


def versions_text(entries: list[dict[str, Any]], what: str) -> RenderableType:
    """Return the history of a district's policies or filters (`what`: the key they stand under)."""
    if not entries:
        return Text(f"No {what} has been set.")
    return Group(*(_version_text(entry, what) for entry in entries))


def _version_text(entry: dict[str, Any], what: str) -> RenderableType:
    text = Text(f"version {entry['version']}", "bold")
    text.append(" (current)" if entry["in_force"] else "", "green")
    text.append(f" set {moment(entry['set_at'])}" if entry["set_at"] else "", "not bold")
    text.append(f" by {entry['actor']}" if entry["actor"] else "", "not bold")
    text.append(f" until {moment(entry['until'])}" if entry["until"] else "", "not bold")
    text.append(f": {entry['reason']}" if entry["reason"] else "", "not bold")
    content = Text(json.dumps(entry[what], ensure_ascii=False))
    return Group(text, Padding(content, (0, 0, 0, 2)))


def trial_report(result: dict[str, Any]) -> RenderableType:
    """Return a trial's outcome for a terminal: would it pass, whom it would place, what it would commit."""
    table = Table.grid(padding=(0, 2))
    total = sum(result["coverage"].values())
    for label, key in (
        ("exactly one class", "exactly_one"),
        ("no class", "none"),
        ("more than one class", "several"),
    ):
        count = result["coverage"][key]
        share = f"{count / total:.1%}" if total else ""
        table.add_row(label, f"{count:,} of {total:,}", share)
    table.add_row("out of scope", f"{result['outside_scope']:,}", "")
    moved = result.get("turnover")
    if moved and moved["class_changes"]:
        asked = "`filter set` asks you to confirm this"
        table.add_row("change class", f"{moved['class_changes']:,} of {moved['committed']:,}", asked)
    for code, count in result["by_code"].items():
        table.add_row(code, f"{count:,}", "")
    plan = "in the plan" if result["errors"] else "would commit"
    for kind, ops in result["plan"]["counts"].items():
        table.add_row(f"{plan}: {kind}", f"{ops['upserted']:,} upserted, {ops['removed']:,} removed", "")
    digest = Text(f"plan digest  {result['plan']['digest']}")
    nothing = [Text(scope_warning(ScopeValue(**one)), "yellow") for one in result["scope_matches_nothing"]]
    return Group(table, digest, *nothing, _trial_verdict(result["errors"], result["warnings"]))


def scope_warning(value: ScopeValue) -> str:
    """Say that part of a scope matches nothing in the district."""
    return f"Check the scope: {value.text}."


def _trial_verdict(errors: int, warnings: int) -> Text:
    besides = f" ({counted(warnings, 'warning')})" if warnings else ""
    if errors:
        return Text(
            f"{counted(errors, 'error')}{besides}: this would be a review, nothing would be committed.",
            "yellow",
        )
    return Text(f"No errors{besides}: the preflight would pass.", "green")
