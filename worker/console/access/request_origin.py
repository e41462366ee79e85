"""Where a request comes from: its address, its scheme, and the name under which the console was called."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from aiohttp import web

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

FORWARDING: Final = (
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "Forwarded",
    "X-Real-IP",
    "Via",
)
"""Headers by which a proxy gives itself away."""
_WAYS: Final = ("/login", "/logout")
"""In and out: nobody wants to be led there once in."""
_V6_PREFIX: Final = 64
"""Whoever has one address of such a network has all of them."""


@dataclass(frozen=True, slots=True)
class AccessRules:
    """What the operator said about how people reach the console."""

    host: str = "127.0.0.1"
    public_url: str | None = None
    trusted: tuple[Network, ...] = ()
    user_header: str | None = None
    """The header in which a trusted proxy says who is asking; None: none does."""
    role_header: str | None = None

    @property
    def has_proxy(self) -> bool:
        """Whether a proxy says who is asking."""
        return self.user_header is not None and bool(self.trusted)

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the console."""
        return is_loopback(self.host)

    @property
    def public_host(self) -> str:
        """The host of the public address, with a port if it names one; empty where there is none."""
        return urlsplit(self.public_url).netloc.lower() if self.public_url else ""

    def trusts(self, address: str) -> bool:
        """Whether an address is one of a trusted proxy."""
        found = address_of(address)
        return found is not None and any(found in network for network in self.trusted)


def address_of(text: str) -> Address | None:
    """Read an address; an IPv4 one in the clothes of IPv6 is an IPv4 one. None where it is none."""
    try:
        address = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_loopback(host: str) -> bool:
    """Whether a host, without a port, is this machine's own and nobody else can mean it."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = address_of(name)
    return address is not None and address.is_loopback


def name_in(host: str) -> str:
    """Return the name or address in a `Host` header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def client_of(peer: str, forwarded: Sequence[str], rules: AccessRules) -> str:
    """Return the address that made the request: of those that proxies wrote down, the last that is no proxy.

    What a stranger wrote himself stands further to the front, and is never reached.
    """
    client = peer
    written = [part.strip() for line in forwarded for part in line.split(",")]
    while written and rules.trusts(client):
        client = written.pop()
    return client


def counted_as(address: str) -> str:
    """Return what tries to log in from an address are counted under."""
    found = address_of(address)
    if found is None:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(ipaddress.ip_network((found, _V6_PREFIX), strict=False))
    return str(found)


def peer(request: web.Request) -> str:
    """Return the address at the other end of the connection."""
    name = request.transport.get_extra_info("peername") if request.transport else None
    return str(name[0]) if isinstance(name, tuple | list) and name else ""


def listened_on(request: web.Request) -> str:
    """Return the address at our end of the connection."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    host, port = (str(name[0]), int(name[1])) if isinstance(name, tuple | list) else ("localhost", 80)
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if request.secure else 'http'}://{shown}:{port}"


def client(request: web.Request, rules: AccessRules) -> str:
    """Return the address that made the request."""
    return client_of(peer(request), request.headers.getall("X-Forwarded-For", []), rules)


def is_https(request: web.Request, rules: AccessRules) -> bool:
    """Whether the browser speaks https, with us or with a proxy before us."""
    if request.secure or (rules.public_url or "").lower().startswith("https://"):
        return True
    told = request.headers.getall("X-Forwarded-Proto", [])
    return bool(told) and rules.trusts(peer(request)) and told[-1].split(",")[-1].strip().lower() == "https"


def own_hosts(request: web.Request, rules: AccessRules) -> set[str]:
    """Return the hosts, with their ports, under which this very request may have called the console."""
    hosts = {(request.headers.get("Host") or "").lower(), rules.public_host}
    if rules.trusts(peer(request)):
        hosts |= {host.strip().lower() for host in request.headers.get("X-Forwarded-Host", "").split(",")}
    return hosts - {""}


def local_path(text: str | None) -> str:
    """Return a path of this console to go on to; `/` for whatever else was asked for."""
    path = text or "/"
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    place = path.partition("?")[0]
    # A browser that resolves dots in a path must not get to another host by them either.
    return path if is_ours and " " not in path and "//" not in place and place not in _WAYS else "/"
