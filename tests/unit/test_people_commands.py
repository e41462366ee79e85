"""What the commands of people's decisions refuse before they look at any district."""

from __future__ import annotations

import pytest

from worker.cli.main import main

DIGEST = "a" * 64


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that is used wrongly; return its one line."""
    monkeypatch.setattr("sys.argv", ["rostering", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    assert ended.value.code == 2, captured.err
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize(
    "command", [["hold"], ["resume"], ["approve", "--plan", DIGEST], ["rollback", "--to", "1"]]
)
@pytest.mark.parametrize("reason", [[], ["--reason", ""], ["--reason", " \t"], ["--reason", "x" * 1001]])
def test_a_decision_needs_a_reason_that_says_something(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str], reason: list[str]
) -> None:
    assert "--reason" in refused(monkeypatch, capsys, *command, "d1", *reason)


@pytest.mark.parametrize("plan", ["", "abc", "a" * 7, "g" * 64, "a" * 65, f" {DIGEST}"])
def test_a_plan_is_named_by_its_digest_or_at_least_eight_digits_of_its_beginning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], plan: str
) -> None:
    line = refused(monkeypatch, capsys, "approve", "d1", "--plan", plan, "--reason", "r")

    assert "at least its first 8 digits" in line


def test_an_approval_names_a_plan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--plan" in refused(monkeypatch, capsys, "approve", "d1", "--reason", "r")


def test_a_policy_ends_at_a_time(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(monkeypatch, capsys, "policy", "set", "d1", "-", "--until", "next week")

    assert "expected a date as 2026-08-12" in line


@pytest.mark.parametrize("what", ["policy", "filter"])
def test_a_reason_that_is_given_for_a_setting_says_something(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert "--reason" in refused(monkeypatch, capsys, what, "set", "d1", "-", "--reason", " ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay", "--reason", "x"],
        ["discard", "--all"],
        ["show", "abc"],
        ["discard", "--all", "--district", "d1", "--reason", "x"],
        ["replay", "abc", "--reason", "x"],
        ["replay", DIGEST, "--unreadable-for", "bad_field", "--reason", "x"],
    ],
)
def test_which_dead_letters_are_meant_has_to_be_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert refused(monkeypatch, capsys, "dead-letters", *arguments)
