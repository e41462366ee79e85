"""What a district is told to set up in Clever holds to the letter, where white space counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json, case_folder
from tests.support.fixtures.store import StoreUnderTest
from worker.cli.onboarding_reports import rules_asked
from worker.runtime.errors import OrderRefused

DISTRICT = "66d000000000000000000007"
STUDENTS = 60


def events() -> list[Json]:
    lines = (case_folder(7) / "01-district.ndjson").read_text().splitlines()
    return [json.loads(line) for line in lines]


def sections(of: list[Json]) -> list[Json]:
    return [event["data"]["object"] for event in of if event["type"].startswith("sections")]


async def reviewed(store: StoreUnderTest, folder: Path, told: list[Json]) -> CaseRunner:
    (folder / "district.ndjson").write_text("".join(json.dumps(event) + "\n" for event in told))
    case = CaseRunner(store, folder)
    await case.happen("district.ndjson")
    return case


def kept_to_the_letter(suggestion: Json, all_sections: list[Json]) -> set[str]:
    """Return the sections that the text of a suggestion keeps, as somebody reads it who knows no folding."""
    kept = set()
    for rule in suggestion["text"].lower().split("match all sections where ")[1:]:
        (name, _, value) = rule.rstrip("; and").partition(" contains ")
        kept |= {one["id"] for one in all_sections if json.loads(value) in one[name].lower()}
    return kept


async def test_two_spellings_are_two_rules_to_the_letter(store: StoreUnderTest, tmp_path: Path) -> None:
    told = events()
    case = await reviewed(store, tmp_path, told)

    first = case.last_review["suggestions"][0]
    homerooms = {
        one["id"] for one in sections(told) if one["name"].lower().startswith(("homeroom", "home r"))
    }
    assert first["sharing_rules"] is True
    assert first["why_not_shared"] is None
    assert first["coverage"] == {"exactly_one": STUDENTS, "none": 0, "several": 0}
    assert kept_to_the_letter(first, sections(told)) == homerooms
    assert '"homeroom"' in first["text"]
    assert '"home room"' in first["text"]
    asked, spellings = rules_asked(await case.show(DISTRICT)), ("home room", "homeroom")
    assert sorted(asked.rules) == [f'Match all sections where name contains "{one}"' for one in spellings]


async def test_a_spelling_that_nobody_sees_is_no_sharing_rule(store: StoreUnderTest, tmp_path: Path) -> None:
    told = events()
    for one in sections(told):
        one["name"] = one["name"].replace("Home Room", "Home\u00a0 Room")
    case = await reviewed(store, tmp_path, told)

    first = case.last_review["suggestions"][0]
    assert first["sharing_rules"] is False
    assert "spaces or invisible characters" in first["why_not_shared"]
    with pytest.raises(OrderRefused, match=r"because the sections contain spaces or invisible characters"):
        rules_asked(await case.show(DISTRICT))


async def test_one_spelling_is_one_rule(store: StoreUnderTest, tmp_path: Path) -> None:
    told = events()
    for one in sections(told):
        one["name"] = one["name"].replace("Home Room", "HOMEROOM")
    case = await reviewed(store, tmp_path, told)

    first = case.last_review["suggestions"][0]
    assert (first["sharing_rules"], first["text"]) == (
        True,
        'Match all sections where name contains "homeroom"',
    )
