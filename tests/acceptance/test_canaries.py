"""Nothing personal turns up where it may not: markers are planted, everything is used, and all of it is read.

One run of the real program, with every stage, every channel of alerts, the commands and the console. What was
planted must be where it belongs, too: a watch that looks in the wrong place finds nothing.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.acceptance import canary_onboarding
from tests.acceptance.canary_scene import Scene, scene
from tests.acceptance.canary_watch import in_the_way, logged_in, mails_of
from tests.acceptance.program import Site, Worker
from tests.support.builders.records import DISTRICT, record_id, section_json
from tests.support.districts import canaries
from tests.support.fixtures.access import PASSWORD
from tests.support.fixtures.alerts import Hook, Mailbox, told_until
from tests.support.servers.alertmanager import AlertmanagerNode, binary
from tests.support.servers.collector import collecting

STUDENTS = range(1, 16)
LEAVING = range(12, 16)
HOMEROOM = {
    "rules": [{"all": [{"field": "name", "op": "contains", "value": canaries.marker("section", 700)}]}]
}
ALERTS = {
    *("preflight.failed", "plan.mass_removal", "events.quarantined", "district.parked"),
    *("dead_letters.waiting", "mails.waiting"),
}
CODES = {
    *("student.field_missing", "student.multiple_sections", "student.duplicate_identity"),
    *("student.no_section", "student.unknown_school", "class.no_teacher", "class.unknown_teacher"),
    *("section.unknown_student", "district.events_quarantined"),
}


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # of the test's mail server
@pytest.mark.timeout(420)
async def test_what_is_planted_in_personal_fields_turns_up_only_where_it_belongs(
    site: Site, hook: Hook, mailbox: Mailbox, request: pytest.FixtureRequest
) -> None:
    alertmanager: AlertmanagerNode | None = request.getfixturevalue("alertmanager") if binary() else None
    if alertmanager is not None:
        site.settings["ALERTS__ALERTMANAGER_URL"] = alertmanager.url
    for name, role in (("ada", "admin"), ("vi", "viewer")):
        await site.done("users", "add", name, "--role", role, stdin=f"{PASSWORD}\n")
    async with collecting() as collector, scene(site, collector, hook, mailbox) as told:
        await canary_onboarding.is_invited(told)
        await _arrives(told)
        await _everything_is_wrong(told)
        await _a_filter_is_set(told)
        await _dead_letters_are_settled(told)
        await _a_removal_is_approved(told)  # before a search: its review would be newer, without a suggestion
        await canary_onboarding.is_asked_for_rules(told)
        await asyncio.gather(_commands_are_given_nonsense(told), canary_onboarding.is_given_nonsense(told))
        await _evaluation_fails(told, hook)
        await _the_console_is_used(told)
        await told_until(lambda: len(mailbox.mails) == len(hook.bodies) == len(told.consumer.alerts))
        standing = alertmanager.alerts() if alertmanager else []
        assert await told.worker.stop() == 0
    sweep = told.sweep
    sweep.read("".join(told.worker.lines), "the log")
    sweep.read("".join(collector.texts), "a span")
    sweep.read(json.dumps(hook.bodies), "a webhook")
    for _, mail in mailbox.mails:
        parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
        sweep.read(f"{mail.as_string()} {mail.items()} {parts}", "a mail")
    sweep.read(json.dumps(standing), "Alertmanager")
    _read_messages(told)
    await sweep.tables(site)

    assert sweep.caught == {}
    assert {span.name for span in collector.spans} >= {"ingest", "evaluate", "publish", "advance", "mail"}
    assert {body["code"] for _, body in hook.bodies} >= ALERTS
    assert alertmanager is None or standing


def _read_messages(told: Scene) -> None:
    """Read what was published: of commits their headers alone, since they are what rosters are made of."""
    assert len(canaries.found(json.dumps(told.consumer.commits))) > 100, "rostered is what was planted"
    for review in told.consumer.reviews:
        told.sweep.read(json.dumps(review), "a review")
    told.sweep.read(json.dumps(told.consumer.alerts), "an alert")
    for message in told.consumer.messages:
        beside = (message.routing_key, dict(message.headers), message.message_id, message.type)
        told.sweep.read(str(beside), "a message's header")


async def _arrives(told: Scene) -> None:
    """A district comes that has nothing wrong."""
    for event in canaries.district([canaries.student(number) for number in STUDENTS]):
        await told.publish(json.dumps(event).encode())
    await told.consumer.until(lambda: len(told.consumer.commits) == 1)


async def _everything_is_wrong(told: Scene) -> None:
    """There is a finding of every kind, and letters that nobody can read."""
    nameless = canaries.student(3)
    nameless["name"]["last"] = ""
    twin = canaries.student(4, {"sis_id": canaries.marker("sis_id", 5)})
    elsewhere = canaries.student(6, {"school": record_id(999)})
    in_none = canaries.student(30)
    strange = canaries.section(
        702, students=[record_id(2), record_id(77)], teacher=record_id(588), teachers=[]
    )
    headless = canaries.section(703, students=[record_id(1)], teacher=None, teachers=[])
    await told.tell("users.updated", nameless, twin, elsewhere, in_none)
    await told.tell("sections.created", strange, headless)
    await told.publish(json.dumps(canaries.read_in_part()).encode())
    letters = canaries.letters()
    for body, headers in letters:
        await told.publish(body, f"{canaries.marker('routing')}.{canaries.marker('key')}", headers)
    await told.worker.logged("event.unreadable", lambda _: _unreadable(told.worker) == len(letters))
    await told.reviewed(*CODES)


def _unreadable(worker: Worker) -> int:
    return sum(line.get("event") == "event.unreadable" for line in worker.records)


async def _a_filter_is_set(told: Scene) -> None:
    """The filter names a section, which is what filters are for; everybody else hears of versions only."""
    text = json.dumps(HOMEROOM)
    _, suggested = await asyncio.gather(
        told.done("filter", "try", DISTRICT, "-", stdin=text),
        told.done("filter", "suggest", DISTRICT, "--json"),
    )
    assert json.loads(suggested)
    reviews = len(told.consumer.reviews)
    await told.done("filter", "set", DISTRICT, "-", "--reason", "one homeroom each", stdin=text)
    await told.consumer.until(lambda: len(told.consumer.reviews) > reviews)
    await asyncio.gather(
        told.shows("filter", "show", DISTRICT),
        told.done("show", DISTRICT),
        told.done("show", DISTRICT, "--json"),
        told.done("districts"),
    )


async def _dead_letters_are_settled(told: Scene) -> None:
    """On hold the district is mended, and its letters are listed, looked at, replayed and discarded."""
    await told.done("hold", DISTRICT, "--reason", "until it is mended")
    await told.tell("users.updated", *(canaries.student(number) for number in (3, 4, 6)))
    await told.tell("users.deleted", canaries.student(30))
    await told.tell("sections.deleted", *(section_json(number) for number in (702, 703)))
    listed = await told.done("dead-letters", "list", "--json")
    letters = [json.loads(line) for line in listed.splitlines()]
    await told.done("dead-letters", "list")
    await told.shows("dead-letters", "show", letters[0]["id"])
    await told.done("dead-letters", "replay", letters[1]["id"], "--reason", "is it readable by now?")
    await told.worker.logged("event.unreadable", lambda _: _unreadable(told.worker) == len(letters) + 1)
    await told.done("dead-letters", "discard", "--district", DISTRICT, "--reason", "sent again")
    await told.done("resume", DISTRICT, "--reason", "mended")
    await told.done("flush", DISTRICT)
    await told.consumer.until(lambda: len(told.consumer.commits) == 2)


async def _a_removal_is_approved(told: Scene) -> None:
    """More students leave than may leave without somebody's yes."""
    await told.tell("users.deleted", *(canaries.student(number) for number in LEAVING))
    await told.reviewed("district.mass_removal")
    plan = (await told.site.show(DISTRICT))["plan"]
    async with asyncio.timeout(60):
        while plan["counts"]["student"]["removed"] < len(LEAVING):  # they may come in more than one batch
            plan = (await told.site.show(DISTRICT))["plan"]
    await told.done("approve", DISTRICT, "--plan", plan["digest"], "--reason", "they moved")
    await told.consumer.until(lambda: len(told.consumer.commits) == 3)


async def _commands_are_given_nonsense(told: Scene) -> None:
    """Files with something personal are wrong in many ways; what is told of them is where, and not what."""
    name = canaries.marker("section", 700)
    condition = {"field": "name", "op": "contains", "value": [name]}
    cut = json.dumps(canaries.student(1))[:-3]
    files = [cut, json.dumps({"data": [canaries.student(1)]}), json.dumps([cut])]
    for number, text in enumerate(files):
        (told.site.folder / f"wrong-{number}.json").write_text(text)
    pages = told.site.folder / "pages"
    pages.mkdir()
    unreadable = canaries.unreadable()["data"]["object"]
    for what, record in (("users", unreadable), ("sections", canaries.section())):
        rows = [{"data": record, "uri": f"/v3.1/{what}/9"}]
        (pages / f"{what}.json").write_text(json.dumps({"data": rows}))
    await asyncio.gather(
        told.refused("filter", "try", DISTRICT, "-", stdin=json.dumps({"rules": [{"all": [condition]}]})),
        told.refused("filter", "set", DISTRICT, "-", stdin=cut),
        told.refused("policy", "set", DISTRICT, "-", stdin=cut),
        *(told.refused("publish", str(told.site.folder / f"wrong-{number}.json")) for number in range(3)),
        told.refused("resync", DISTRICT, "--from", str(pages)),
    )


async def _evaluation_fails(told: Scene, hook: Hook) -> None:
    """The database refuses a row and quotes it, until the district is parked."""
    await in_the_way(told.site, "ALTER TABLE staged ADD CONSTRAINT broken CHECK (kind <> 'user') NOT VALID")
    await told.tell("users.updated", canaries.student(1, {"grade": "4"}))
    failed = await told.worker.logged("evaluation.failed")
    assert failed["error"] == "CheckViolationError"
    await in_the_way(told.site, "UPDATE evaluation_failures SET failures = 4, not_before = now()")
    await told.worker.logged("district.parked")
    await told_until(lambda: ("firing", "district.parked") in hook.told())
    await asyncio.gather(told.done("show", DISTRICT), told.done("alerts", "list"))


async def _the_console_is_used(told: Scene) -> None:
    """By a viewer and by an admin, as it is meant and as it is not, and while a table is broken."""
    url = await told.worker.url()
    async with logged_in(url, "vi") as viewer, logged_in(url, "ada") as admin:
        mails = await mails_of(admin)
        assert mails
        await told.sweep.as_viewer(viewer, mails)
        await told.sweep.as_admin(admin, mails)
        await told.sweep.strange_questions(admin)
        refusing = "ALTER TABLE audit ADD CONSTRAINT broken CHECK (action NOT LIKE 'lookup.%') NOT VALID"
        await in_the_way(told.site, refusing)
        await told.sweep.broken_pages(admin)
        await canary_onboarding.tables_are_broken(told, admin)
        await told.sweep.metrics(admin)
