"""A mail server over SMTP, with the one moment told apart at which a mail may be sent or not.

A server delivers what it was given once it has read the line with nothing but a dot, and not before. So
everything else goes first: whoever is cut off until then has surely sent nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from ssl import SSLError
from typing import Final

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException
from aiosmtplib.protocol import SMTPProtocol

from worker.adapters.mail.mime import SenderIdentity, message, on_the_line
from worker.adapters.mail.server_url import ServerUrl, place
from worker.domain.mail.mails import envelope_verdict, mailbox
from worker.mail.mail_server import MayGo, OutgoingMail
from worker.runtime.errors import MailPutOff, MailRefused, MailUncertain

ANSWER_PATIENCE: Final = 5
"""For the last answer a server has so many times as long as for all before it."""
GOODBYE_SECONDS: Final = 2.0
START_INPUT: Final = 354
OK: Final = range(200, 300)
REFUSED: Final = range(500, 600)

_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


class SmtpServer:
    """Answers to `worker.mail.mail_server.MailServer`; one connection for each mail."""

    def __init__(
        self, url: str, house: SenderIdentity, seconds: float, *, may_be_plain: bool = False
    ) -> None:
        self._place = place(url, may_be_plain=may_be_plain)
        self._house = house
        self._seconds = seconds

    async def hand_over(self, outgoing: OutgoingMail, may_go: MayGo, *, whole: bool) -> bool:
        """Hand a mail over; True once the server has answered for it, False where `may_go` said no."""
        body = on_the_line(message(outgoing, self._house, datetime.now(UTC)))
        smtp = _client(self._place, self._seconds)
        try:
            async with _within(self._seconds):
                await _greet(smtp)
                refused = await self._address(smtp, outgoing, whole=whole)
                protocol = await _give(smtp, body)
                if not await may_go(refused):
                    return False
            await self._end(protocol)
            await _say_goodbye(smtp)
        finally:
            smtp.close()
        return True

    async def _address(self, smtp: aiosmtplib.SMTP, outgoing: OutgoingMail, *, whole: bool) -> dict[str, int]:
        """Say whom the mail is from and for; return who was refused, and how."""
        async with _surely_not_sent("MAIL FROM"):
            await smtp.mail(self._house.envelope_sender(outgoing))
        return envelope_verdict(
            {address: await _recipient(smtp, address) for address in _addresses(outgoing)}, whole=whole
        )

    async def _end(self, protocol: SMTPProtocol) -> None:
        """End the mail. From here on an answer decides, and where none comes, nobody knows."""
        if not protocol.is_connected:
            raise MailPutOff("the mail server closed the connection before the end of the e-mail")
        try:
            answer = await protocol.execute_command(b".", timeout=self._seconds * ANSWER_PATIENCE)
        except (SMTPException, OSError, TimeoutError) as error:
            raise MailUncertain(f"no answer after the end of the e-mail ({type(error).__name__})") from None
        if answer.code not in OK:
            raise _judged(answer.code, answer.message, "the end of the e-mail")


def _client(where: ServerUrl, seconds: float) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=where.host,
        port=where.port,
        username=where.user,
        password=where.password,
        timeout=seconds,
        use_tls=where.is_tls,
        start_tls=False if where.is_tls else (True if where.needs_tls else None),
        # A server on this machine often has a certificate that nobody signed, and nobody listens in between.
        # Nor does anybody look who it is where plain text would do.
        validate_certs=not where.is_loopback and (where.is_tls or where.needs_tls),
    )


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Put a mail off where what comes before its end takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise MailPutOff(f"the mail server took longer than {seconds:g} seconds") from None


async def _greet(smtp: aiosmtplib.SMTP) -> None:
    """Connect, and log in. Whatever goes wrong here is no fault of the mail, which is put off."""
    try:
        await smtp.connect()
    except SMTPResponseException as error:
        problem = f"the mail server answered {_code(error.code, error.message)} to the greeting or the login"
        raise MailPutOff(problem) from None
    except (SMTPException, SSLError, OSError, ValueError) as error:
        raise MailPutOff(f"the mail server cannot be reached ({type(error).__name__})") from None


async def _recipient(smtp: aiosmtplib.SMTP, address: str) -> int:
    """Name a recipient; return the code of the answer."""
    try:
        async with _surely_not_sent("RCPT TO", refusals=False):
            answer = await smtp.rcpt(address)
    except SMTPResponseException as error:
        return error.code
    return answer.code


async def _give(smtp: aiosmtplib.SMTP, body: bytes) -> SMTPProtocol:
    """Give the server all of the mail but its end."""
    async with _surely_not_sent("DATA"):
        answer = await smtp.execute_command(b"DATA")
        if answer.code != START_INPUT:
            raise SMTPResponseException(answer.code, answer.message)
        if smtp.protocol is None:
            raise MailPutOff("the mail server closed the connection before the e-mail")
        smtp.protocol.write(body)
        return smtp.protocol


@asynccontextmanager
async def _surely_not_sent(step: str, *, refusals: bool = True) -> AsyncIterator[None]:
    """Say of what goes wrong before the end that the mail was not sent."""
    try:
        yield
    except SMTPResponseException as error:
        if not refusals:
            raise
        raise _judged(error.code, error.message, step) from None
    except (SMTPException, OSError) as error:
        raise MailPutOff(
            f"the mail server closed the connection at {step} ({type(error).__name__})"
        ) from None


async def _say_goodbye(smtp: aiosmtplib.SMTP) -> None:
    """Take leave of a server that has the mail, whatever becomes of that."""
    with suppress(SMTPException, OSError, TimeoutError):
        await smtp.quit(timeout=GOODBYE_SECONDS)


def _judged(code: int, text: str, step: str) -> MailPutOff | MailRefused:
    """Return what an answer means: later, or never."""
    problem = f"the mail server answered {_code(code, text)} to {step}"
    return MailRefused(problem) if code in REFUSED else MailPutOff(problem)


def _code(code: int, text: str) -> str:
    """Return an answer's codes, and nothing of its words, which may quote an address."""
    status = _STATUS.match(text)
    return f"{code} {status[0]}" if status else str(code)


def _addresses(outgoing: OutgoingMail) -> Iterable[str]:
    return dict.fromkeys(mailbox(recipient).address for recipient in outgoing.recipients)
