"""The commands `onboarding …`: which suggestion is asked for, and what a terminal shows of a way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from rich.console import Console

from tests.support.builders.records import DISTRICT
from worker.cli.context import CommandContext
from worker.cli.onboarding import onboarding
from worker.cli.onboarding_reports import Journey, LinesReport, as_json, district_report, rules_asked
from worker.domain.onboarding.launch_dates import AssessmentWindow, LaunchCalendar
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.transitions import Onboarding, Sharing, Trouble
from worker.onboarding.district_store import Record, Transition
from worker.onboarding.todo import waits_of
from worker.runtime.errors import OrderRefused, UsageError

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
WINDOW = AssessmentWindow(date(2026, 9, 18), ZoneInfo("America/Chicago"))
RECORD = Record(
    onboarding=Onboarding(DISTRICT, State.LAUNCH_SCHEDULED, None, WINDOW),
    since=NOW - timedelta(days=12),
    now=NOW,
    name="Larkspur Unified School District",
    contacts=("ada@larkspur.example",),
    time_zone="America/Chicago",
    launch_at=WINDOW.launches_at(LaunchCalendar()),
    opens_at=WINDOW.opens_at(),
    sharing=Sharing(60, 1_004, 3),
    held_since=NOW,
    troubles=frozenset({Trouble.REVIEW, Trouble.UNPUBLISHED}),
    mails_waiting=0,
    mails_since=None,
    review_since=NOW,
)
MADE = Transition(DISTRICT, State.ROSTERED, Move.SCHEDULE, State.LAUNCH_SCHEDULED, NOW, None, None, {})


def suggestion(text: str, *, rules: bool = True) -> dict[str, Any]:
    coverage = {"exactly_one": 9, "none": 1, "several": 0}
    return {"text": text, "sharing_rules": rules, "coverage": coverage}


def details(*suggestions: dict[str, Any], in_review: bool = True) -> dict[str, Any]:
    review = {"suggestions": list(suggestions)} if in_review else None
    return {"district_id": DISTRICT, "review": review}


def printed(what: Any, width: int) -> list[str]:
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(what)
    return captured.get().splitlines()


def test_the_first_suggestion_that_sharing_rules_can_say_is_asked_for() -> None:
    found = details(suggestion("ours", rules=False), suggestion("theirs"), suggestion("another"))

    assert rules_asked(found, None).text == "theirs"
    assert rules_asked(found, 3).text == "another"
    assert (rules_asked(found, 2).exactly_one, rules_asked(found, 2).none) == (9, 1)


@pytest.mark.parametrize(
    ("found", "number", "error", "problem"),
    [
        (details(in_review=False), None, OrderRefused, "not in review; give your own with --text"),
        (
            details(suggestion("ours", rules=False)),
            None,
            OrderRefused,
            "no suggestion of its review works as sharing rules",
        ),
        (details(suggestion("a"), suggestion("b", rules=False)), 2, OrderRefused, "only as a section filter"),
        (details(suggestion("a")), 2, UsageError, "expected 1 to 1"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    found: dict[str, Any], number: int | None, error: type[Exception], problem: str
) -> None:
    with pytest.raises(error, match=problem):
        rules_asked(found, number)


@pytest.mark.parametrize("width", [80, 120])
def test_a_list_fits_its_terminal_with_whom_each_waits_for(width: int) -> None:
    lines = printed(LinesReport([RECORD], {DISTRICT}), width)

    assert all(len(line) <= width for line in lines)
    assert "launch scheduled" in lines[1]
    assert "12" in lines[1]
    assert "Larkspur" in lines[1]
    assert (DISTRICT in lines[1]) == ("2026-09-18" in lines[1]) == (width == 120)
    assert "(owner: roster team, overdue)" in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("width", [80, 120])
def test_a_way_is_shown_with_its_steps_its_window_and_what_holds_it_back(width: int) -> None:
    journey = Journey(RECORD, [MADE], waits_of(RECORD), [], NOW)

    lines = printed(district_report(journey), width)

    text = "\n".join(lines)
    assert all(len(line) <= width for line in lines)
    assert "opens on 2026-09-18, launch 2026-09-15 08:00" in text
    assert "delayed: in review" in text
    assert "unpublished" not in text
    assert "schedule  launch scheduled  automatic" in text
    assert "works until 2026-" in text


def test_json_counts_contacts_and_has_no_address() -> None:
    told = as_json(RECORD, waits_of(RECORD))

    assert told["contacts"] == 1
    assert "ada@" not in str(told)
    assert (told["state"], told["opens_on"]) == ("launch_scheduled", "2026-09-18")
    assert told["waits"][0]["code"] == "launch_held"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["window", DISTRICT], "--opens DATE or --none"),
        (["window", DISTRICT, "--none", "--opens", "2026-09-15"], "--opens DATE or --none"),
        (["edit", DISTRICT], "--name, --contact or --time-zone"),
        (["link", DISTRICT, "--new", "--revoke"], "got both"),
        (["request-rules", DISTRICT, "--text", "x", "--suggestion", "1"], "got both"),
        (["drop", DISTRICT], "--yes"),
    ],
)
def test_a_command_with_too_little_or_too_much_is_wrong_usage(arguments: list[str], problem: str) -> None:
    result = CliRunner().invoke(onboarding, arguments, obj=CommandContext(None))

    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)


def test_a_day_that_there_is_not_is_wrong_usage() -> None:
    arguments = ["window", DISTRICT, "--opens", "2026-02-30"]

    result = CliRunner().invoke(onboarding, arguments, obj=CommandContext(None))

    assert result.exit_code == 2
    assert "expected a date such as 2026-09-15" in result.output
