"""What the commands show of districts, trials, policies and suggestions, on a terminal of any width."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console, RenderableType

from worker.cli.approvals import restraints
from worker.cli.context import CommandContext
from worker.cli.districts import STYLES, DistrictTable
from worker.cli.filter_reports import filter_history, policy_history, trial_report, versions_text
from worker.cli.reviews import review_details
from worker.cli.suggestions import NOTHING_FOUND, suggestions_report, why_none
from worker.domain.preflight.tally import Tally
from worker.domain.roster.clever_sync import sync_state
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter
from worker.operations.district_queries import DistrictRow
from worker.operations.districts import FilterVersion, PolicyVersion
from worker.suggest.suggestions import Leftover, Suggestion

DISTRICT = "6a82a360a25ca73c71000001"
NOW = datetime(2026, 9, 15, 12, 30, tzinfo=UTC)
LINE = DistrictRow(
    DISTRICT,
    "Pebblehollow Unified District",
    "review",
    Tally(),
    {},
    12,
    7,
    None,
    NOW,
    None,
    None,
    (),
    sync_state(None, NOW),
)
SUGGESTION = Suggestion(
    section_filter=KEEP_ALL,
    exactly_one=1000,
    none=0,
    several=0,
    sharing_rules=True,
    text='Match all sections where name contains "homeroom"',
    leftovers=(),
    leftover_groups=0,
    is_in_force=False,
    was_cut_short=False,
    names_nobody=True,
)


def text(what: RenderableType, width: int = 80) -> str:
    console = Console(file=StringIO(), width=width)
    console.print(what)
    assert isinstance(console.file, StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert max(len(line) for line in lines) <= width
    return "\n".join(lines)


def trial(**fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "coverage": {"exactly_one": 587, "none": 0, "several": 417},
        "outside_scope": 12,
        "scope_matches_nothing": [{"field": "grades", "value": "K"}],
        "errors": 417,
        "warnings": 1004,
        "by_code": {"student.multiple_sections": 417, "student.unknown_school": 1004},
        "plan": {"digest": "ab" * 32, "counts": {"student": {"upserted": 1004, "removed": 0}}},
    }
    return given | fields


@pytest.mark.parametrize("width", [80, 120, 160])
def test_a_districts_id_status_and_errors_are_whole_at_any_width(width: int) -> None:
    table = DistrictTable([replace(LINE, status=status) for status in STYLES])

    header, *rows = text(table, width).splitlines()

    assert header.split()[:6] == ["name", "district", "status", "students", "blocked", "errors"]
    for status, row in zip(STYLES, rows, strict=True):
        assert row.startswith("Pebble")
        assert f"  {DISTRICT}  " in row
        assert f"  {status}  " in row


def test_a_wide_terminal_shows_every_column_and_a_narrow_one_leaves_out_the_least() -> None:
    wide, middle, narrow = (text(DistrictTable([LINE]), width).splitlines()[0] for width in (160, 120, 80))

    assert wide.endswith("rostered  commits  reviews  last decision (UTC)")
    assert middle.endswith("rostered  commits  last decision (UTC)")
    assert narrow.endswith("errors")


def test_a_bracket_in_a_name_is_a_bracket(capsys: pytest.CaptureFixture[str]) -> None:
    CommandContext(None).console.print(DistrictTable([replace(LINE, name="North [b] [/x]")]))

    assert "North [b] [/x]" in capsys.readouterr().out


def test_a_trial_with_errors_says_that_nothing_would_be_committed() -> None:
    shown = text(trial_report(trial()))

    assert "417 errors (1,004 warnings): this would be a review, nothing would be committed." in shown
    assert "in the plan: student" in shown
    assert "would commit" not in shown
    assert "out of scope" in shown
    assert (
        "Check the scope: the scope names the grade 'K', which no shared student or school has."
        in " ".join(shown.split())
    )


def test_a_trial_without_an_error_says_what_would_be_committed() -> None:
    shown = text(trial_report(trial(errors=0, warnings=1)))

    assert "No errors (1 warning): the preflight would pass." in shown
    assert "would commit: student" in shown


def test_a_plans_digest_is_shown_whole_on_a_terminal_of_80_columns() -> None:
    assert "ab" * 32 in text(trial_report(trial()))


def test_policies_that_were_set_are_told_with_who_when_until_when_and_why() -> None:
    own = {"required_fields": ["first_name", "last_name", "sis_id", "school_id"]}
    until = datetime(2026, 10, 1, tzinfo=UTC)
    history = policy_history([PolicyVersion(2, own, "ada", NOW, until, "grades follow")], until)

    shown = text(versions_text(history, "policy"), 100)

    first, policy = shown.split("\n", 1)
    assert first == "version 2 set 2026-09-15 12:30 UTC by ada until 2026-10-01 00:00 UTC: grades follow"
    assert json.loads(policy) == own


def test_the_newest_policy_that_has_not_ended_is_the_one_in_force() -> None:
    versions = [
        PolicyVersion(1, {}, "ada", NOW),
        PolicyVersion(2, {}, "ada", NOW, datetime(2026, 12, 1, tzinfo=UTC)),
        PolicyVersion(3, {}, "ada", NOW, datetime(2026, 10, 1, tzinfo=UTC)),
    ]

    history = policy_history(versions, datetime(2026, 11, 1, tzinfo=UTC))

    assert [entry["version"] for entry in history if entry["in_force"]] == [2]
    assert "version 2 (current) set" in text(versions_text(history, "policy"))


def test_the_last_filter_is_the_one_in_force_and_each_tells_who_set_it_and_why() -> None:
    versions = [
        FilterVersion(1, KEEP_ALL, "ada", NOW, "to begin with"),
        FilterVersion(2, KEEP_ALL, "bo", NOW),
    ]

    history = filter_history(versions)

    assert [entry["in_force"] for entry in history] == [False, True]
    assert history[0]["filter"]["strategy"] == "union"
    shown = text(versions_text(history, "filter"))
    assert "version 1 set 2026-09-15 12:30 UTC by ada: to begin with" in shown
    assert "version 2 (current) set 2026-09-15 12:30 UTC by bo" in shown


def test_schools_are_told_by_their_names_where_these_are_known() -> None:
    left = (Leftover("h1", "3", 2, 0, "Ridgeline Elementary"), Leftover("h2", None, 0, 1))
    shown = text(suggestions_report(DISTRICT, [replace(SUGGESTION, none=2, several=1, leftovers=left)]))

    assert "- Ridgeline Elementary, grade 3: 2 students in no class" in shown
    assert "- h2, grade blank: 1 student in more than one class" in shown
    assert "2 students would still have no class, and 1 would have more than one." in " ".join(shown.split())


def test_a_suggestion_says_whether_clever_can_do_it_in_plain_words() -> None:
    by_term = SectionFilter(current_term_only=True)
    ours = replace(SUGGESTION, section_filter=by_term, sharing_rules=False)

    assert "The district can set this up as sharing rules in Clever." in text(
        suggestions_report(DISTRICT, [SUGGESTION])
    )
    assert (
        "This does not work as sharing rules in Clever, because it keeps only sections of current terms. Our "
        "own section filter can do it."
    ) in text(suggestions_report(DISTRICT, [ours]), 160)


def test_where_no_policy_was_set_it_says_so() -> None:
    assert "No policy has been set" in text(versions_text([], "policy"))


def test_the_commands_that_try_a_suggestion_stand_whole_on_a_terminal_of_80_columns() -> None:
    lines = text(suggestions_report(DISTRICT, [SUGGESTION])).splitlines()

    assert lines[0] == "The first suggestion gives each of 1,000 students exactly one class."
    assert f"  rostering filter suggest {DISTRICT} --pick 1 > filter.json" in lines
    assert f"  rostering filter try {DISTRICT} filter.json" in lines


def test_a_filter_in_force_that_serves_everybody_is_not_told_to_be_tried() -> None:
    shown = text(suggestions_report(DISTRICT, [replace(SUGGESTION, is_in_force=True)]))

    assert shown.startswith("The current filter gives each of 1,000 students exactly one class.")
    assert "filter try" not in shown


def test_the_first_suggestion_that_is_not_in_force_is_the_one_to_try() -> None:
    best = replace(SUGGESTION, is_in_force=True, exactly_one=990, none=10)
    shown = text(suggestions_report(DISTRICT, [best, replace(SUGGESTION, exactly_one=980, none=20)]))

    assert "The best leaves 10 of 1,000 students and is the current filter." in " ".join(shown.split())
    assert "--pick 2" in shown


def test_a_cause_names_the_grades_most_concerned_and_counts_the_others() -> None:
    cause = {
        "code": "filter.no_rules",
        "owner": "filter",
        "students": 9,
        "advice": "Choose one.",
        "grades": [str(grade) for grade in range(1, 13)],
        "schools": ["north"],
    }
    review = {"sequence": 1, "decided_at": "2026-09-15T12:00:00.000Z", "causes": [cause], "suggestions": []}

    shown = text(review_details(review | {"since": None}), 120)

    assert "at north; grades 1, 2, 3, 4, 5, 6 and 6 more" in shown


def test_an_approval_that_ended_is_told_with_its_plan_whole_and_what_the_plan_is_now() -> None:
    given = {
        "plan": "ab" * 32,
        "actor": "ada",
        "approved_at": "2026-09-15T12:00:00.000Z",
        "reason": "the school closed",
        "ended_as": "void",
        "ended_at": "2026-09-15T12:05:00.000Z",
        "ended_why": "the plan changed",
    }
    plan = {"digest": "cd" * 32, "counts": {"student": {"upserted": 0, "removed": 12}}}

    ((label, told),) = restraints(
        {"hold": None, "approval": {"open": None, "last_ended": given}, "plan": plan}
    )

    assert label == "last approval"
    ended, *rest = told.plain.splitlines()
    assert ended.startswith("void at 2026-09-15 12:05 UTC (the plan changed), given by ada at ")
    assert ended.endswith("2026-09-15 12:00 UTC: the school closed")
    assert rest == [f"of {'ab' * 32}", f"the plan is now {'cd' * 32}: student: 0 upserted, 12 removed"]


@pytest.mark.parametrize(
    ("window", "last_batch", "said"),
    [
        ({"events": 2}, None, "has not been evaluated yet: 2 events wait in its open window."),
        ({"events": 1}, None, "has not been evaluated yet: 1 event waits in its open window."),
        ({"events": 1}, {}, "in the data last evaluated; 1 event waits in its open window."),
        (None, {}, NOTHING_FOUND),
    ],
)
def test_without_suggestions_it_is_said_whether_anything_was_evaluated(
    window: dict[str, int] | None, last_batch: dict[str, str] | None, said: str
) -> None:
    details = {"district_id": DISTRICT, "window": window, "last_batch": last_batch}

    assert said in why_none(details)
    assert said in text(suggestions_report(DISTRICT, [], why_none(details))).replace("\n", " ")
