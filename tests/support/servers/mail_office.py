"""A real SMTP server that keeps what it is given, and has trouble where it is told to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

CUT = 0
"""Instead of an answer: the line is cut."""
USER, PASSWORD = "rostering", "s3sam3 0p3n"


@dataclass(frozen=True)
class Kept:
    """A mail that was accepted."""

    sender: str
    recipients: list[str]
    message: EmailMessage


@dataclass
class Office:
    """Its handler. `trouble` is what is answered at a step ("MAIL", "DATA", "END", or a recipient)."""

    url: str = ""
    password: str = PASSWORD
    quoted: str = "ada@district.example"
    """The address that its refusals quote."""
    trouble: dict[str, int] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    secretly: list[bool] = field(default_factory=list)
    """Of each kept mail, whether it came by TLS."""
    stops_at: str = ""
    """Where the server says nothing more until `go_on` is set."""
    stopped: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    async def handle_MAIL(  # noqa: N802 — the library's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session, options
        answer = await self.answer(server, "MAIL")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802 — the library's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session, options
        answer = await self.answer(server, address if address in self.trouble else "RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        code = self.trouble.get("END", 250)
        if code in {250, CUT}:
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.secretly.append(session.ssl is not None)
            self.kept.append(Kept(str(envelope.mail_from), list(envelope.rcpt_tos), message))
        return await self.answer(server, "END")

    async def answer(self, server: SMTP, step: str) -> str:
        """Return the answer of a step."""
        if self.stops_at == step:
            self.stopped.set()
            await asyncio.to_thread(self.go_on.wait, 20)
        code = self.trouble.get(step, 250)
        if code == CUT:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return f"{code} 4.0.0 about <{self.quoted}>" if code != 250 else "250 OK"

    def authenticated(self, *asked: object) -> AuthResult:
        """Say whether a user and a password are right."""
        given = asked[-1]
        assert isinstance(given, LoginPassword)
        right = (given.login, given.password) == (USER.encode(), self.password.encode())
        return AuthResult(success=right, handled=False)

    def subjects(self) -> list[str]:
        """Return what the kept mails are about, in order."""
        return [str(each.message["Subject"]) for each in self.kept]


class _Speaking(SMTP):
    """Can refuse DATA before the mail, which no hook can."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 — the library's
        office: Office = self.event_handler
        code = office.trouble.get("DATA", 250)
        if code == CUT:
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.abort()
        elif code != 250:
            await self.push(f"{code} not now")
        else:
            await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Speaking(self.handler, **self.SMTP_kwargs)


@contextmanager
def opened_office(*, with_password: bool = False, tls: ssl.SSLContext | None = None) -> Iterator[Office]:
    """Open it on a port of the loopback."""
    office = Office()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = _Controller(
        office,
        hostname="127.0.0.1",
        port=port,
        authenticator=office.authenticated,
        auth_required=with_password,
        auth_require_tls=False,
        tls_context=tls,
    )
    controller.start()
    office.url = f"smtp://127.0.0.1:{port}"
    try:
        yield office
    finally:
        office.go_on.set()
        controller.stop(no_assert=True)
