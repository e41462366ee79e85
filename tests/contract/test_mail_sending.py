"""Mails over a real SMTP server: each once, whatever it answers, wherever line or process end."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from tests.support.builders.mails import DAY, MINUTE, mail, now_due, put, states
from tests.support.fixtures.store import StoreUnderTest, opened_store
from tests.support.servers.mail_office import CUT, PASSWORD, Office, opened_office
from worker.adapters.mail.mime import SenderIdentity
from worker.adapters.mail.smtp import SmtpServer
from worker.adapters.postgres.mail.mails import PostgresMails
from worker.adapters.postgres.wakeups import Wakeups
from worker.domain.mail.mails import mail_id, mailbox
from worker.domain.mail.quiet_hours import QuietHours
from worker.mail.mail_store import DueMail
from worker.mail.send import MailStage
from worker.runtime.errors import StoreUnavailable
from worker.runtime.metrics import Metrics

NEVER_QUIET = QuietHours(time(0), time(0))
HOUSE = SenderIdentity(
    mailbox("Insights <rostering@vendor.example>"), mailbox("help@vendor.example"), "bounces@vendor.example"
)
ADA, OFFICE = "ada@district.example", "office@district.example"


@pytest.fixture
def office() -> Iterator[Office]:
    with opened_office() as opened:
        yield opened


def sending(store: StoreUnderTest, url: str, quiet: QuietHours = NEVER_QUIET, **changed: Any) -> MailStage:
    server = SmtpServer(url, HOUSE, 5)
    return MailStage(server, store.mails, Metrics(), quiet, **{"give_up": DAY, "attempt": MINUTE} | changed)


async def all_of(stage: MailStage) -> None:
    while await stage.once():
        pass


async def test_a_mail_is_sent_as_it_was_composed(store: StoreUnderTest, office: Office) -> None:
    await put(store, mail(recipients=("Åsa Öberg <ada@district.example>", OFFICE)))

    await all_of(sending(store, office.url))

    (kept,) = office.kept
    one = mail().mail_id
    assert (kept.sender, kept.recipients) == (f"bounces+{one.hex}@vendor.example", [ADA, OFFICE])
    assert kept.message["From"] == "Insights <rostering@vendor.example>"
    assert kept.message["To"] == "Åsa Öberg <ada@district.example>, office@district.example"
    assert kept.message["Reply-To"] == "help@vendor.example"
    assert kept.message["Message-ID"] == f"<{one}@vendor.example>"
    text, html = (part.get_content().replace("\r\n", "\n") for part in kept.message.iter_parts())
    assert text == "Hello,\n.\nfrom us\n"
    assert html == "<p>Hello</p>\n"
    assert await states(store) == ["sent"]


# What the server answers, what is left behind, and what happens when the time has come and all is well again.

ANSWERS: list[tuple[dict[str, int], str, int, str, int]] = [
    ({"MAIL": 451}, "waiting", 0, "sent", 1),
    ({"MAIL": 550}, "dead", 0, "dead", 0),
    ({"MAIL": CUT}, "waiting", 0, "sent", 1),
    ({ADA: 450, OFFICE: 450}, "waiting", 0, "sent", 1),
    ({ADA: 550, OFFICE: 553}, "dead", 0, "dead", 0),
    ({ADA: 550}, "bounced", 1, "bounced", 1),
    ({ADA: 450}, "waiting", 0, "sent", 1),
    ({ADA: 550, OFFICE: 421}, "waiting", 0, "sent", 1),
    ({ADA: CUT}, "waiting", 0, "sent", 1),
    ({"DATA": 451}, "waiting", 0, "sent", 1),
    ({"DATA": 554}, "dead", 0, "dead", 0),
    ({"DATA": CUT}, "waiting", 0, "sent", 1),
    ({"END": 452}, "waiting", 0, "sent", 1),
    ({"END": 552}, "dead", 0, "dead", 0),
    ({"END": CUT}, "uncertain", 1, "uncertain", 1),
]


@pytest.mark.parametrize(("trouble", "left", "kept", "then", "kept_then"), ANSWERS, ids=str)
async def test_what_the_server_answers_decides_whether_a_mail_is_tried_again(
    store: StoreUnderTest,
    office: Office,
    trouble: dict[str, int],
    left: str,
    kept: int,
    then: str,
    kept_then: int,
) -> None:
    await put(store, mail())
    stage = sending(store, office.url)
    office.trouble = dict(trouble)

    await all_of(stage)
    after, kept_after = await states(store), len(office.kept)
    office.trouble.clear()
    await now_due(store)
    await all_of(stage)

    assert (after, kept_after) == ([left], kept)
    assert (await states(store), len(office.kept)) == ([then], kept_then)


# Where a process dies: the server, or the store, holds it up there, and it is no more.

DEATHS: list[tuple[str, str, int, str, int]] = [
    ("MAIL", "waiting", 0, "sent", 1),
    ("RCPT", "waiting", 0, "sent", 1),
    ("the mark", "waiting", 0, "sent", 1),
    ("END", "sending", 1, "uncertain", 1),
]


@pytest.mark.parametrize(("at", "left", "kept", "then", "kept_then"), DEATHS)
async def test_where_a_process_dies_decides_whether_a_mail_is_tried_again(
    store: StoreUnderTest, office: Office, at: str, left: str, kept: int, then: str, kept_then: int
) -> None:
    await put(store, mail())
    async with held(store, office, at) as dying:
        dying.cancel()
        with suppress(asyncio.CancelledError):
            await dying
        office.go_on.set()
    office.stops_at = ""
    await now_due(store)

    after, kept_after = await states(store), len(office.kept)
    await all_of(sending(store, office.url))

    assert (after, kept_after) == ([left], kept)
    assert (await states(store), len(office.kept)) == ([then], kept_then)


@asynccontextmanager
async def held(store: StoreUnderTest, office: Office, at: str) -> AsyncIterator[asyncio.Task[bool]]:
    """Lend a stage that goes no further than some step of sending."""
    if at != "the mark":
        office.stops_at = at
        running = asyncio.create_task(sending(store, office.url).once())
        assert await asyncio.to_thread(office.stopped.wait, 20)
        yield running
        return
    async with opened_store(store.url) as other, other.database.transaction() as connection:
        office.stops_at = "RCPT"
        running = asyncio.create_task(sending(store, office.url).once())
        assert await asyncio.to_thread(office.stopped.wait, 20)
        await connection.execute("SELECT FROM mails FOR UPDATE")
        office.go_on.set()
        async with asyncio.timeout(20):
            while not await store.rows(
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE mails%'"
            ):
                pass
        yield running


async def test_an_uncertain_mail_holds_back_its_districts_rest(store: StoreUnderTest, office: Office) -> None:
    await put(store, mail("a", "1"), mail("b", "1"), mail("c", "2"))
    stage = sending(store, office.url)
    office.trouble = {"END": CUT}
    await stage.once()
    office.trouble.clear()
    await all_of(stage)
    before = office.subjects()

    await store.mail_orders.settle(mail_id("1", "a"), "pat", arrived=False)
    await all_of(stage)

    assert before == ["About a", "About c"]
    assert office.subjects() == ["About a", "About c", "About a", "About b"]
    assert office.kept[0].message["Message-ID"] == office.kept[2].message["Message-ID"]


async def test_a_mail_goes_to_who_can_be_reached_after_an_hour(store: StoreUnderTest, office: Office) -> None:
    await put(store, mail())
    stage = sending(store, office.url)
    office.trouble = {ADA: 450}
    await all_of(stage)
    await store.rows("UPDATE mails SET trying_since = now() - interval '61 minutes'")
    await now_due(store)

    await all_of(stage)

    (one,) = await store.mail_orders.newest(None)
    assert (one.state, one.refused, one.needs_person) == ("bounced", {ADA: 450}, True)
    assert [each.recipients for each in office.kept] == [[OFFICE]]


async def test_a_mail_that_no_server_took_in_time_is_dead(store: StoreUnderTest) -> None:
    await put(store, mail())

    await all_of(sending(store, "smtp://127.0.0.1:1", give_up=timedelta(0)))

    (one,) = await store.mail_orders.newest(None)
    assert (one.state, one.needs_person) == ("dead", True)
    assert "cannot be reached" in str(one.problem)


async def test_one_districts_trouble_delays_no_other(store: StoreUnderTest, office: Office) -> None:
    await put(store, mail("a", "1", recipients=(ADA,)), mail("b", "2", recipients=(OFFICE,)), mail("c", "1"))
    office.trouble = {ADA: 450}

    await all_of(sending(store, office.url))

    assert office.subjects() == ["About b"]
    assert await states(store) == ["waiting", "sent", "waiting"]


async def test_two_processes_send_each_mail_once_in_order(store: StoreUnderTest, office: Office) -> None:
    await put(store, *(mail(f"{number:02}", str(number % 3)) for number in range(12)))
    async with opened_store(store.url) as other:
        stages = [sending(each, office.url) for each in (store, other) for _ in range(2)]
        async with asyncio.timeout(60):
            while "waiting" in await states(store):
                await asyncio.gather(*(stage.once() for stage in stages))

    assert sorted(office.subjects()) == [f"About {number:02}" for number in range(12)]
    for district in range(3):
        its = [subject for subject in office.subjects() if int(subject[-2:]) % 3 == district]
        assert its == sorted(its)


async def test_no_mail_is_begun_in_a_districts_quiet_hours(store: StoreUnderTest, office: Office) -> None:
    now = datetime.now(UTC)
    quiet = QuietHours((now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time())
    await put(store, mail("a", "1"), mail("b", "2", time_zone="Pacific/Kiritimati"))

    await all_of(sending(store, office.url, quiet))

    assert office.subjects() == ["About b"]
    (put_off,) = await store.mail_orders.newest("1")
    assert timedelta(minutes=58) < put_off.next_attempt_at - now < timedelta(minutes=61)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # what the test is about
@pytest.mark.parametrize(("password", "state"), [(PASSWORD, "sent"), ("wrong", "waiting")])
async def test_a_server_that_wants_a_password_gets_it_and_a_wrong_one_is_no_fault_of_the_mail(
    store: StoreUnderTest, password: str, state: str
) -> None:
    await put(store, mail())
    with opened_office(with_password=True) as office:
        url = office.url.replace("smtp://", f"smtp://rostering:{password.replace(' ', '%20')}@")
        await all_of(sending(store, url))

    assert await states(store) == [state]


async def test_neither_log_nor_problem_quotes_an_address(store: StoreUnderTest, office: Office) -> None:
    await put(store, mail())
    office.trouble = {"MAIL": 451, "END": 552}
    stage = sending(store, office.url)
    with capture_logs() as logs:
        await all_of(stage)
        del office.trouble["MAIL"]
        await now_due(store)
        await all_of(stage)

    (one,) = await store.mail_orders.newest(None)
    assert [line["event"] for line in logs] == ["mail.put_off", "mail.refused"]
    assert "district.example" not in f"{logs}{one.problem}"
    assert one.problem == "the mail server answered 552 4.0.0 to the end of the e-mail"


async def test_what_became_of_mails_is_counted(store: StoreUnderTest, office: Office) -> None:
    await put(store, mail("a", "1"), mail("b", "2"))
    stage = sending(store, office.url)
    await stage.once()
    office.trouble = {"MAIL": 550}
    await stage.once()

    counted = {
        outcome: stage.metrics.registry.get_sample_value(
            "rostering_mails_total", {"kind": "invitation", "outcome": outcome}
        )
        for outcome in ("sent", "refused")
    }
    assert counted == {"sent": 1, "refused": 1}
    assert (await store.inspections.figures()).mails_for_a_person == 1


class Forgetful(PostgresMails):
    """A store that is away whenever something is said to it, for the first few times."""

    away: int = 2

    async def sent(self, mail: DueMail) -> None:
        self._stumble()
        await super().sent(mail)

    async def handed(self, mail: DueMail, refused: Mapping[str, int], lease: timedelta) -> bool:
        is_ours = await super().handed(mail, refused, lease)
        if self.away < 0:
            self.away += 1
            raise StoreUnavailable("the answer to the commit was lost")
        return is_ours

    def _stumble(self) -> None:
        if self.away > 0:
            self.away -= 1
            raise StoreUnavailable("a restart")


@pytest.mark.parametrize("away", [2, -1])
async def test_a_store_away_makes_no_mail_uncertain(store: StoreUnderTest, office: Office, away: int) -> None:
    await put(store, mail())
    heard = Wakeups(store.database)
    mails = Forgetful(store.database, heard)
    mails.away = away
    stage = sending(replace(store, mails=mails), office.url)

    await all_of(stage)
    await now_due(store)
    await all_of(stage)
    await heard.close()

    assert await states(store) == ["sent"]
    assert len(office.kept) == 1


async def test_a_mail_goes_by_tls_where_the_server_offers_it(store: StoreUnderTest, tmp_path: Path) -> None:
    await put(store, mail())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate(tmp_path))

    with opened_office(tls=tls) as office:
        await all_of(sending(store, office.url))

    assert office.secretly == [True]


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate that nobody but itself has signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return cert_file, key_file
