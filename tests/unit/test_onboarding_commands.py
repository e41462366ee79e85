"""The commands `onboarding …`: which suggestion is asked for, and what a terminal shows of a way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from rich.console import Console

from tests.support.builders.records import DISTRICT
from tests.support.builders.suggestions import AT_NINE, search_at, suggestion
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


def details(*suggestions: dict[str, Any], search: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the details of a district in review."""
    review = {"decided_at": AT_NINE, "suggestions": list(suggestions)}
    return {"district_id": DISTRICT, "review": review, "search": search}


def printed(what: Any, width: int) -> list[str]:
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(what)
    return captured.get().splitlines()


def test_what_clever_cannot_say_is_refused_with_the_command_for_our_own_filter() -> None:
    ours = suggestion("ours") | {"sharing_rules": False, "filter": {"current_term_only": True}}

    with pytest.raises(OrderRefused) as refused:
        rules_asked(details(ours, suggestion("theirs")))

    suggest = f"rostering filter suggest {DISTRICT}"
    assert str(refused.value) == (
        "the first suggestion does not work as sharing rules in Clever, because it keeps only sections of "
        f"current terms. Our own section filter can do it: run `{suggest} --pick 1 > filter.json`, then "
        f"`rostering filter set {DISTRICT} filter.json`"
    )


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (details() | {"review": None}, "the district is not in review"),
        (details(), "no suitable section filter was found"),
        (details() | {"review": None, "search": search_at(AT_NINE)}, "no suitable section filter was found"),
    ],
)
def test_without_a_suggestion_the_refusal_says_how_to_search(found: dict[str, Any], why: str) -> None:
    with pytest.raises(OrderRefused) as refused:
        rules_asked(found)

    assert str(refused.value) == (
        f"there are no sharing rules to request, because {why}; search with "
        f"`rostering filter suggest {DISTRICT}`"
    )


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
