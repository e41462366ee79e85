"""From a URL to a server: where it is, how to talk to it, and who we are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from config.addresses import is_local

PORTS: Final = {"smtp": 25, "smtps": 465, "imap": 143, "imaps": 993}


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """A server of a URL."""

    host: str
    port: int
    user: str | None
    password: str | None
    folder: str
    """What stands behind the host; '' where nothing does."""
    is_tls: bool
    """Whether TLS begins with the first byte."""
    may_be_plain: bool
    """Whether an operator has said that the network in between is his own."""

    @property
    def is_loopback(self) -> bool:
        """Whether nothing leaves this machine on the way there."""
        return is_local(self.host)

    @property
    def needs_tls(self) -> bool:
        """Whether TLS has to begin before anything is said: mails and passwords are for nobody in between."""
        return not self.is_tls and not self.is_loopback and not self.may_be_plain


def place(url: str, *, may_be_plain: bool = False) -> ServerUrl:
    """Read a URL, which the settings have checked."""
    parts = urlsplit(url)
    return ServerUrl(
        parts.hostname or "",
        parts.port or PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        unquote(parts.path.strip("/")),
        parts.scheme.endswith("s"),
        may_be_plain,
    )
