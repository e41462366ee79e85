"""Addresses of servers: the hosts in a URL, and whether the way to one leaves this machine."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

_OF_THE_CLIENT: Final = frozenset(
    {
        *("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        *("tcp_user_timeout", "gssencmode", "channel_binding", "fallback_application_name", "sslsni"),
        *("sslcompression", "load_balance_hosts", "requirepeer", "client_encoding"),
    }
)
"""Parameters that libpq keeps to itself; a driver that does not know them would send them to the server."""


def is_local(host: str) -> bool:
    """Whether nothing leaves this machine on the way to a host: loopback, or a folder of Unix sockets."""
    if not host or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """A PostgreSQL URL, as libpq reads one: several hosts, and parameters in the query."""

    url: str
    hosts: tuple[str, ...]
    """The hosts, each with its port where one is given; '' for a Unix socket in its usual place."""
    parameters: dict[str, str]

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine on the way to any of the hosts."""
        # A service file may lead anywhere.
        return "service" not in self.parameters and all(is_local(_without_port(host)) for host in self.hosts)

    def for_each_host(self) -> list[str]:
        """Return the URL of each host, in their order, with what only libpq understands left out."""
        parts = urlsplit(self.url)
        credentials, at, _ = parts.netloc.rpartition("@")
        kept = {
            name: value
            for name, value in self.parameters.items()
            if name not in _OF_THE_CLIENT | {"host", "hostaddr", "port"}
        }
        urls = []
        for host in self.hosts:
            place, more = host, kept
            if host.startswith(("/", "@")):
                folder, _, port = host.partition(":")
                place, more = "", kept | {"host": folder} | ({"port": port} if port else {})
            query = urlencode(more, quote_via=quote)
            urls.append(f"{parts.scheme}://{credentials}{at}{place}{parts.path}{query and '?'}{query}")
        return urls


def postgres_url(url: str) -> PostgresUrl:
    """Read a PostgreSQL URL. Raises `ValueError`, without quoting it, where it is not well formed."""
    parts = urlsplit(url)
    parameters = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    named = [unquote(host) for host in parts.netloc.rpartition("@")[2].split(",")]
    # As libpq does; where the way leads must be known before anybody goes it.
    elsewhere = parameters.get("host") or os.environ.get("PGHOST", "")
    hosts = named if any(named) else elsewhere.split(",")
    ports = parameters.get("port", "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise ValueError("expected as many ports as hosts")
    pairs = zip(hosts, ports, strict=True)
    return PostgresUrl(url, tuple(_with_port(host, port) for host, port in pairs), parameters)


def _with_port(host: str, port: str) -> str:
    return f"{host}:{port}" if port and _without_port(host) == host else host


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[: host.index("]") + 1]
    return host.partition(":")[0]
