"""Dead letters by the real program: listed, shown, discarded, replayed; and the district is free of them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.program import Site, publishing
from tests.acceptance.test_bad_input import arrival
from tests.support.builders.records import (
    DISTRICT,
    Json,
    body,
    event_json,
    record_id,
    section_json,
    student_json,
)
from tests.support.fixtures.people import until
from tests.support.fixtures.store import opened_store

NUMBER_FOR_A_TEXT = body(event_json(student_json(2, {"grade": 3}), "users.created", 6))
NOT_JSON = NUMBER_FOR_A_TEXT[:-20]
HOMEROOM = body(event_json(section_json(students=[record_id(1), record_id(2)]), "sections.updated", number=7))


async def letters(site: Site) -> list[Json]:
    """Return what `dead-letters list` says."""
    return [json.loads(line) for line in (await site.done("dead-letters", "list", "--json")).splitlines()]


async def test_a_district_is_free_when_its_letters_are_settled(site: Site) -> None:
    async with (
        publishing(site.broker_url or "") as publish,
        opened_store(site.database_url or "") as store,
        site.worker("--stages", "ingest,evaluate,relay"),
    ):

        async def has(status: str, letters: int) -> bool:
            if not await store.districts.is_known(DISTRICT):
                return False
            shown = await store.districts.show(DISTRICT)
            return (shown["status"], shown["quarantined"]) == (status, letters)

        for one in (*arrival(DISTRICT), NUMBER_FOR_A_TEXT, NOT_JSON, HOMEROOM):
            await publish(one, headers={"district_id": DISTRICT})
        await until(lambda: has("review", 2))

        first, second = sorted(await letters(site), key=lambda letter: letter["unreadable_for"])
        assert (first["unreadable_for"], second["unreadable_for"]) == ("bad_field", "not_json")
        assert {first["district_id"], second["district_id"]} == {DISTRICT}
        table = await site.done("dead-letters", "list")
        assert first["id"][:12] in table
        assert "should be a valid string" in first["why"]
        assert "not JSON" in second["why"]
        assert "Fernquay" not in table
        assert await site.done("dead-letters", "show", first["id"][:12]) == f"{NUMBER_FOR_A_TEXT.decode()}\n"

        replayed = await site.done("dead-letters", "replay", "--all", "--reason", "is it us?")
        assert replayed.startswith("Replayed 2 dead letters")
        while len(await letters(site)) < 2:
            pass
        assert await has("review", 2)

        chosen = ("--district", DISTRICT[:8], "--reason", "sent again by hand")
        assert await site.done("dead-letters", "discard", *chosen) == "Discarded 2 dead letters.\n"
        assert await letters(site) == []
        await until(lambda: has("rostered", 0))

    again = await site.command("dead-letters", "discard", first["id"], "--reason", "once more")
    assert (again.code, again.err.count("\n")) == (1, 1)
    assert "no such dead letter" in again.err


async def test_without_a_broker_letters_are_settled_in_a_file(tmp_path: Path, database_url: str) -> None:
    site = Site(tmp_path, database_url=database_url)
    events = tmp_path / "events.ndjson"
    events.write_bytes(NUMBER_FOR_A_TEXT + b"\n")
    await site.done("publish", str(events))
    (letter,) = await letters(site)
    assert letter["unreadable_for"] == "bad_field"

    replayed = await site.done("dead-letters", "replay", letter["id"], "--reason", "try")
    assert replayed.startswith("Replayed 1 dead letter: ")
    assert [one["id"] for one in await letters(site)] == [letter["id"]]
    await site.done("dead-letters", "discard", letter["id"][:8], "--reason", "known")
    assert "No dead letters" in await site.done("dead-letters", "list")
    assert (await site.show(DISTRICT))["quarantined"] == 0
