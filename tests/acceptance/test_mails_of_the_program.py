"""Mails with the real program: sent once, asked of a person where nobody can know, told without addresses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp

from tests.acceptance.program import Site
from tests.support.builders.mails import DAY, mail, put, states
from tests.support.fixtures.store import StoreUnderTest
from tests.support.servers.mail_office import Office, opened_office

NOTIFY = ("--stages", "notify,http")


def settings(office: Office) -> dict[str, str]:
    return {
        "MAIL__SMTP_URL": office.url,
        "MAIL__SENDER": "Insights <rostering@vendor.example>",
        "MAIL__QUIET_FROM": "00:00",
        "MAIL__QUIET_UNTIL": "00:00",
        "MAIL__ATTEMPT_SECONDS": "5",
    }


async def until(office: Office, mails: int) -> None:
    async with asyncio.timeout(30):
        while len(office.kept) < mails:  # noqa: ASYNC110 — it runs in a thread and tells nobody
            await asyncio.sleep(0.02)


async def until_uncertain(store: StoreUnderTest) -> None:
    async with asyncio.timeout(30):
        while "uncertain" not in await states(store):  # noqa: ASYNC110 — no one is told
            await asyncio.sleep(0.02)


async def test_a_worker_killed_at_the_last_byte_keeps_its_mail(tmp_path: Path, store: StoreUnderTest) -> None:
    await put(store, mail("a"), mail("b"))
    with opened_office() as office:
        site = Site(tmp_path, None, store.url, settings(office))
        office.stops_at = "END"
        async with site.worker(*NOTIFY) as worker:
            assert await asyncio.to_thread(office.stopped.wait, 30)
            worker.kill()
            await worker.process.wait()
        office.stops_at = ""
        office.go_on.set()
        await store.rows("UPDATE mails SET next_attempt_at = clock_timestamp()")
        one = str(mail("a").mail_id)

        async with site.worker(*NOTIFY) as again:
            await until_uncertain(store)
            listed = await site.done("mails", "list")
            shown = await site.done("mails", "show", one)
            refused = await site.command("mails", "retry", one)
            settled = await site.done("mails", "settle", one, "--again")
            await until(office, 3)
            await again.logged("mail.sent", lambda line: line["mail_id"] != one)
            async with aiohttp.ClientSession() as session, session.get(f"{await again.url()}ready") as ready:
                is_ready = ready.status

    assert "uncertain (!)" in listed
    assert "rostering mails settle ID --arrived" in shown
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert settled == f"E-mail {one} is now waiting.\n"
    assert office.subjects() == ["About a", "About a", "About b"]
    assert is_ready == 200
    assert "district.example" not in "".join(worker.lines + again.lines)


async def test_a_person_settles_the_mail_that_a_report_is_of(tmp_path: Path, store: StoreUnderTest) -> None:
    await put(store, mail())
    (due,) = await store.mails.take(1, DAY)
    await store.mails.handed(due, {}, DAY)
    await store.mails.sent(due)
    await store.mails.bounce(due.mail_id, {"ada@district.example": "5.1.1"})
    site, one = Site(tmp_path, None, store.url), str(due.mail_id)

    as_json = await site.done("mails", "list", due.district_id, "--json")
    shown = await site.done("mails", "show", one)
    await site.done("mails", "settle", one, "--arrived")
    after = json.loads(await site.done("mails", "list", "--json"))

    assert "ada@district.example: 5.1.1" in shown
    assert "district.example" not in as_json
    assert [json.loads(as_json)[0]["needs_person"], after[0]["needs_person"]] == [True, False]


async def test_wrong_settings_of_mails_end_the_program_with_one_line_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "rostered.txt").write_text("Subject: x\n{{ pupils }}\n")
    site = Site(tmp_path)
    wrong = {
        "MAIL__SENDER: expected a sender": {"MAIL__SMTP_URL": "smtp://me:sesame@mail.example"},
        "MAIL__SMTP_URL: expected a well-formed URL": {"MAIL__SMTP_URL": "http://me:sesame@mail.example"},
        "MAIL__QUIET_FROM: expected a time": {"MAIL__QUIET_FROM": "8pm"},
        "MAIL__BOUNCES_IMAP_URL: expected a user": {"MAIL__BOUNCES_IMAP_URL": "imaps://mail.example/sesame"},
        "MAIL__SENDER: expected an e-mail": {"MAIL__SENDER": "Me\nBcc: x@x.example <a@b.example>"},
        "MAIL__TEMPLATES_DIR: ": {"MAIL__TEMPLATES_DIR": str(tmp_path)},
    }

    for told, given in wrong.items():
        finished = await site.command("check-config", **given)
        assert (finished.code, finished.err.count("\n")) == (2, 1), finished
        assert finished.err.startswith(f"rostering: ROSTERING_{told}"), finished.err
        assert "sesame" not in finished.err
    assert "rostered.txt, line 2: 'pupils' is undefined" in finished.err


async def test_a_preview_is_printed_as_text_and_as_html(tmp_path: Path) -> None:
    site = Site(tmp_path)

    text = await site.done("mails", "preview", "invitation", MAIL__PRODUCT="Compass")
    html = await site.done("mails", "preview", "invitation", "--html")

    assert text.startswith("Subject: Connect Maple Hollow School District to Compass\n\n")
    assert html.startswith("<!DOCTYPE html>")
