"""What people did stays written down, and says who looked at whom."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import Site
from tests.support.builders.records import DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.cli.context import CommandContext
from worker.domain.roster.section_filter import SectionFilter
from worker.runtime.errors import StoreRefused


async def noted(store: StoreUnderTest, detail: dict[str, Any]) -> None:
    await store.districts.note(DISTRICT, "district.hold", "ada", detail)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET actor = 'bo'",
        "UPDATE audit SET at = now() - interval '2 years'",
        "UPDATE audit SET action = 'district.resume'",
        "UPDATE audit SET district_id = NULL",
        """UPDATE audit SET detail = '{"reason": "another"}'""",
        """UPDATE audit SET detail = detail || '{"more": 1}'""",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ],
)
async def test_an_entry_can_be_neither_changed_nor_deleted(store: StoreUnderTest, change: str) -> None:
    await noted(store, {"reason": "asked by the district"})
    before = await store.rows("SELECT * FROM audit")

    with pytest.raises(StoreRefused, match="RestrictViolationError"):
        await store.rows(change)

    assert await store.rows("SELECT * FROM audit") == before


async def test_a_text_leaves_an_entry_and_old_entries_are_deleted(store: StoreUnderTest) -> None:
    await noted(store, {"reason": "a name", "students": 3})
    await store.rows(
        "INSERT INTO audit (actor, action, at) VALUES ('ada', 'old', now() - interval '366 days')"
    )

    await store.rows("UPDATE audit SET detail = detail - 'reason' WHERE action = 'district.hold'")
    await store.rows("DELETE FROM audit WHERE action = 'old'")

    (left,) = await store.rows("SELECT action, detail FROM audit")
    assert tuple(left) == ("district.hold", {"students": 3})


def test_an_order_is_given_by_the_systems_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "the-principal")

    actor = CommandContext(None).actor

    assert pwd.getpwuid(os.getuid()).pw_name in actor
    assert f"uid {os.getuid()}" in actor
    assert os.uname().nodename in actor
    assert "principal" not in actor


async def test_each_command_that_shows_contacts_is_recorded(store: StoreUnderTest, tmp_path: Path) -> None:
    site = Site(tmp_path, database_url=store.url)
    await site.done("onboarding", "choose", DISTRICT, "--contact", "team@district.example")

    await site.done("onboarding", "show", DISTRICT)
    await site.done("filter", "show", DISTRICT)
    await site.done("filter", "show", DISTRICT, "--history")

    looked = await store.rows(
        "SELECT action, district_id FROM audit WHERE action LIKE 'lookup.%' ORDER BY id"
    )
    assert [tuple(row) for row in looked] == [
        ("lookup.contacts", DISTRICT),
        ("lookup.filter", DISTRICT),
        ("lookup.filter", DISTRICT),
    ]


@pytest.mark.usefixtures("feed")
async def test_suggestions_that_are_shown_are_written_down(store: StoreUnderTest, tmp_path: Path) -> None:
    rule = {"all": [{"field": "name", "op": "contains", "value": "Quillfeather"}]}
    in_force = SectionFilter.model_validate({"rules": [rule]}, strict=False)
    await store.districts.set_filter(DISTRICT, in_force, "test")
    site = Site(tmp_path, database_url=store.url)

    told = await site.done("filter", "suggest", DISTRICT, "--seconds", "5")

    assert "Quillfeather" in told
    looked = await store.rows("SELECT action, district_id FROM audit WHERE action LIKE 'lookup.%'")
    assert [tuple(row) for row in looked] == [("lookup.filter", DISTRICT)]
