"""Districts in onboarding, for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from schemas.timestamps import instant
from worker.cli.tables import plain_table
from worker.cli.terminal import moment
from worker.domain.onboarding.states import State
from worker.domain.onboarding.todo import Wait, reportable_troubles
from worker.mail.mail_store import KeptMail
from worker.onboarding.district_store import Record, RulesAsked, Transition
from worker.onboarding.rules_request import NoSharingRules, NoSuggestions, rules_to_request
from worker.onboarding.todo import waits_of
from worker.runtime.count_text import counted
from worker.runtime.errors import OrderRefused

STYLES: Final = {
    State.READY: "green",
    State.LIVE: "green",
    State.DISCONNECTED: "red",
    State.WAITING_ON_DISTRICT: "yellow",
}
_LONGEST_NAME: Final = 24
_WIDE: Final = 110
"""Columns of a terminal that has room for all."""


@dataclass(frozen=True, slots=True)
class Journey:
    """A district with all that is shown of its onboarding; `link_ends_at` is the end of its link."""

    record: Record
    history: Sequence[Transition]
    waits: Sequence[Wait]
    mails: Sequence[KeptMail]
    link_ends_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values; the contacts are only counted."""
        return {
            **as_json(self.record, self.waits),
            "link_expires_at": instant(self.link_ends_at) if self.link_ends_at else None,
            "history": [_move_json(made) for made in self.history],
            "mails": [
                {"mail_id": str(mail.mail_id), "occasion": mail.occasion, "state": mail.state.value}
                for mail in self.mails
            ],
        }


def as_json(record: Record, waits: Sequence[Wait]) -> dict[str, Any]:
    """Return a district as JSON values."""
    window, sharing = record.onboarding.window, record.sharing
    return {
        "district_id": record.district_id,
        "name": record.name,
        "state": record.onboarding.state.value,
        "since": instant(record.since),
        "returns_to": record.onboarding.returns_to and record.onboarding.returns_to.value,
        "contacts": len(record.contacts),
        "time_zone": record.time_zone,
        "opens_on": window.opens_on.isoformat() if window else None,
        "launch_at": instant(record.launch_at) if record.launch_at else None,
        "held_since": instant(record.held_since) if record.held_since else None,
        "troubles": sorted(record.troubles),
        "sharing": {
            "sections": sharing.sections,
            "students": sharing.students,
            "unsectioned": sharing.unsectioned,
        }
        if sharing
        else None,
        "waits": [
            {"code": wait.code, "who": wait.who.value, "what": wait.what, "since": instant(wait.since)}
            for wait in waits
        ],
    }


class LinesReport:
    """Districts as a table, without ids and dates on a narrow terminal."""

    def __init__(self, records: Sequence[Record], due: Collection[str]) -> None:
        """Take the districts, and which of them are overdue."""
        self._records = records
        self._due = due

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        is_wide = options.max_width >= _WIDE
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("name", max_width=_LONGEST_NAME, no_wrap=True, overflow="ellipsis")
        if is_wide:
            table.add_column("district", no_wrap=True)
        table.add_column("state", no_wrap=True)
        table.add_column("days", justify="right", no_wrap=True)
        if is_wide:
            table.add_column("opens", no_wrap=True)
        table.add_column("next step")
        for record in self._records:
            state = Text(_words(record.onboarding.state), STYLES.get(record.onboarding.state, ""))
            days, opens = str((record.now - record.since).days), record.onboarding.window
            opens_on = str(opens.opens_on) if opens else ""
            name = record.name or ("" if is_wide else record.district_id)
            wide: list[Text | str] = [name, record.district_id, state, days, opens_on]
            table.add_row(*(wide if is_wide else [name, state, days]), self._waits_for(record))
        yield table

    def _waits_for(self, record: Record) -> Text:
        waits = waits_of(record)
        is_due = record.district_id in self._due
        owner = f"owner: {_words(waits[0].who)}{', overdue' if is_due else ''}" if waits else ""
        return Text(f"{waits[0].what.rstrip('.')} ({owner})" if waits else "", "yellow" if is_due else "")


def district_report(journey: Journey) -> RenderableType:
    """Return one district's onboarding."""
    return Group(
        _facts(journey),
        Text(),
        _steps(journey),
        *_part("next steps", _waits(journey)),
        *_part("e-mails", _mails(journey)),
    )


def rules_asked(details: Mapping[str, Any]) -> RulesAsked:
    """Return the rules to ask a district for; raises `OrderRefused` with the commands that help instead."""
    district_id = details["district_id"]
    suggest = f"rostering filter suggest {district_id}"
    try:
        return rules_to_request(details)
    except NoSharingRules as refused:
        apply = f"`{suggest} --pick 1 > filter.json`, then `rostering filter set {district_id} filter.json`"
        raise OrderRefused(f"{refused}: run {apply}") from None
    except NoSuggestions as refused:
        raise OrderRefused(f"{refused}; search with `{suggest}`") from None


def _facts(journey: Journey) -> Table:
    record = journey.record
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("district", f"{record.name or ''} {record.district_id}".strip())
    state = Text(_words(record.onboarding.state), STYLES.get(record.onboarding.state, ""))
    table.add_row("state", state + Text(f" since {moment(instant(record.since))}"))
    table.add_row("contacts", ", ".join(record.contacts) or "none")
    table.add_row("time zone", record.time_zone)
    table.add_row("window", _window(record))
    if troubles := reportable_troubles(record.troubles):
        held = f"delayed: {', '.join(trouble.text for trouble in sorted(troubles))}"
        table.add_row("launch", Text(held, "yellow"))
    if record.sharing:
        table.add_row(
            "shared",
            f"{counted(record.sharing.sections, 'section')}, {counted(record.sharing.students, 'student')}, "
            f"{record.sharing.unsectioned:,} of them in no section",
        )
    if journey.link_ends_at:
        table.add_row("link", f"works until {moment(instant(journey.link_ends_at))}")
    return table


def _window(record: Record) -> str:
    if record.onboarding.window is None or record.launch_at is None:
        return "none"
    launch = record.launch_at.astimezone(ZoneInfo(record.time_zone))
    return f"opens on {record.onboarding.window.opens_on}, launch {launch:%Y-%m-%d %H:%M}"


def _steps(journey: Journey) -> Table:
    table = plain_table("when", "change", "state", "by", unbroken=("when", "change", "state"))
    for made in journey.history:
        actor = made.actor or "automatic"
        by = f"{actor}, e-mail sent" if made.mail_id else actor
        table.add_row(moment(instant(made.at)), _words(made.move), _words(made.after), by)
    return table


def _part(title: str, lines: Sequence[str]) -> list[RenderableType]:
    return [Text(), Text(title, "bold"), *(Text(f"  {line}") for line in lines)] if lines else []


def _waits(journey: Journey) -> list[str]:
    return [
        f"{wait.what.rstrip('.')} (owner: {_words(wait.who)}, since {moment(instant(wait.since))})"
        for wait in journey.waits
    ]


def _mails(journey: Journey) -> list[str]:
    return [
        f"{moment(instant(mail.created_at))}  {_words(mail.kind)}  {mail.state}  {mail.mail_id}"
        for mail in reversed(journey.mails)
    ]


def _move_json(made: Transition) -> dict[str, Any]:
    return {
        "at": instant(made.at),
        "move": made.move.value,
        "before": made.before.value if made.before else None,
        "after": made.after.value,
        "actor": made.actor,
        "mail_id": made.mail_id,
    }


def _words(code: str) -> str:
    return str(code).replace("_", " ")
