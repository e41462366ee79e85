"""The mailbox of bounces over IMAP, by the standard library's client in a thread, one connection a look.

A look a minute needs no connection that is kept, and no client of more than a dozen lines.
"""

from __future__ import annotations

import asyncio
import imaplib
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

from worker.adapters.mail.server_url import ServerUrl, place
from worker.mail.bounce_mailbox import Returned
from worker.runtime.errors import MailboxUnavailable

SECONDS: Final = 20.0
"""The longest that one answer may take."""
LONGEST_SECONDS: Final = 120.0
"""The longest that a look may take as a whole: a server that answers byte by byte is in time for ever."""
LONGEST_MESSAGE: Final = 256 * 1024
"""Bytes that are read of one message: a report begins with what matters."""

Result = TypeVar("Result")


class ImapMailbox:
    """Answers to `worker.mail.bounce_mailbox.BounceMailbox`."""

    def __init__(self, url: str, *, may_be_plain: bool = False, longest: float = LONGEST_SECONDS) -> None:
        self._place = place(url, may_be_plain=may_be_plain)
        self._longest = longest

    async def unseen(self, limit: int) -> Sequence[Returned]:
        """Return the first messages that were not looked at; looking leaves them so."""
        return await self._talk(lambda client: _unseen(client, limit))

    async def seen(self, uids: Collection[str]) -> None:
        """Say of messages that they were looked at."""
        await self._talk(lambda client: _seen(client, uids))

    async def _talk(self, work: Callable[[imaplib.IMAP4], Result]) -> Result:
        """Connect, and do `work`, in a thread; raises `MailboxUnavailable`."""
        open_ones: list[imaplib.IMAP4] = []
        try:
            async with asyncio.timeout(self._longest):
                return await asyncio.to_thread(self._work, work, open_ones)
        except TimeoutError:
            raise MailboxUnavailable(
                f"the bounce mailbox: not finished within {self._longest:g} seconds"
            ) from None
        finally:
            for client in open_ones:
                _cut(client)

    def _work(self, work: Callable[[imaplib.IMAP4], Result], open_ones: list[imaplib.IMAP4]) -> Result:
        with _translated():
            client = _connected(self._place, open_ones)
            try:
                client.login(self._place.user or "", self._place.password or "")
                _answered(client.select(self._place.folder or "INBOX"))
                return work(client)
            finally:
                with suppress(imaplib.IMAP4.error, OSError):
                    client.logout()


class _Known(imaplib.IMAP4):
    """A client that is in a list as soon as it has a connection: before the greeting, which may never end."""

    def __init__(self, open_ones: list[imaplib.IMAP4], *arguments: Any, **options: Any) -> None:
        self._open_ones = open_ones
        super().__init__(*arguments, **options)

    def open(self, *arguments: Any, **options: Any) -> None:
        """Connect."""
        super().open(*arguments, **options)
        self._open_ones.append(self)


class _KnownOverTls(_Known, imaplib.IMAP4_SSL):
    """The same with TLS from the first byte."""


def _connected(where: ServerUrl, open_ones: list[imaplib.IMAP4]) -> imaplib.IMAP4:
    """Connect, with TLS off the loopback: the password goes over the line."""
    if where.is_tls:
        tls = _tls(where)
        return _KnownOverTls(open_ones, where.host, where.port, ssl_context=tls, timeout=SECONDS)
    client = _Known(open_ones, where.host, where.port, timeout=SECONDS)
    if where.needs_tls:
        client.starttls(_tls(where))
    return client


def _cut(client: imaplib.IMAP4) -> None:
    """Let a thread that still waits for an answer have none."""
    with suppress(OSError):
        client.socket().shutdown(socket.SHUT_RDWR)


def _tls(where: ServerUrl) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if where.is_loopback:  # often a certificate that nobody signed, and nobody listens in between
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _unseen(client: imaplib.IMAP4, limit: int) -> list[Returned]:
    (found,) = _answered(client.uid("SEARCH", "UNSEEN"))
    uids = found.split()[:limit]
    return [Returned(uid.decode(), _read(client, uid.decode())) for uid in uids]


def _read(client: imaplib.IMAP4, uid: str) -> bytes:
    """Return the beginning of a message, without marking it as seen; nothing where it is gone."""
    answer = _answered(client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LONGEST_MESSAGE}>)"))
    return next((bytes(part[1]) for part in answer if isinstance(part, tuple)), b"")


def _seen(client: imaplib.IMAP4, uids: Collection[str]) -> None:
    _answered(client.uid("STORE", ",".join(uids), "+FLAGS.SILENT", r"(\Seen)"))


def _answered(answer: tuple[str, list[Any]]) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        raise MailboxUnavailable("the bounce mailbox refused a command")
    return data


@contextmanager
def _translated() -> Iterator[None]:
    """Say what goes wrong without a word of the server's, which may quote an address."""
    try:
        yield
    except (imaplib.IMAP4.error, OSError, EOFError, ValueError) as error:
        raise MailboxUnavailable(f"the bounce mailbox: {type(error).__name__}") from None
