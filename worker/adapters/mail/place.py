"""From a URL to a server: where it is, how to talk to it, and who we are there."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

PORTS: Final = {"smtp": 25, "smtps": 465, "imap": 143, "imaps": 993}


@dataclass(frozen=True, slots=True)
class Place:
    """A server of a URL."""

    host: str
    port: int
    user: str | None
    password: str | None
    folder: str
    """What stands behind the host; '' where nothing does."""
    is_tls: bool
    """Whether TLS begins with the first byte."""

    @property
    def is_loopback(self) -> bool:
        """Whether nothing leaves this machine on the way there."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def needs_tls(self) -> bool:
        """Whether a password would be told in clear to whoever listens."""
        return not self.is_tls and not self.is_loopback and self.user is not None


def place(url: str) -> Place:
    """Read a URL, which the settings have checked."""
    parts = urlsplit(url)
    return Place(
        parts.hostname or "",
        parts.port or PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        unquote(parts.path.strip("/")),
        parts.scheme.endswith("s"),
    )
