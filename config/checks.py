"""What a setting's value must be: the checks of values, and the types made of them."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from config.addresses import postgres_url


def sendable_headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    """Check headers: names and values that may be sent."""
    for name, value in headers.items():
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value.get_secret_value())):
            raise ValueError("expected valid HTTP header names and values")
    return headers


_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[!-~]([ -~]*[!-~])?")


def url_of(*schemes: str) -> AfterValidator:
    """Return the check of a URL that may hold a password, which no error quotes."""

    def check(url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            scheme = parts.scheme
            if scheme in {"postgresql", "postgres"}:
                postgres_url(url.get_secret_value())
            # PostgreSQL's may name several hosts and ports, or none.
            if scheme not in {"postgresql", "postgres"} and (not parts.hostname or parts.port == 0):
                scheme = ""
        except ValueError:  # its text quotes the URL, password and all
            scheme = ""
        if scheme not in schemes:
            raise ValueError(
                f"expected a well-formed URL that begins with {' or '.join(f'{name}://' for name in schemes)}"
            )
        return url

    return AfterValidator(check)


def mailbox(text: str) -> str:
    """Check an e-mail address, with or without a name before it."""
    if not _MAILBOX.fullmatch(text):
        raise ValueError(
            "expected an e-mail address of ASCII letters, or a name and one: "
            "Insights <rostering@vendor.example>"
        )
    return text


def bare_address(text: str) -> str:
    """Check an e-mail address without a name."""
    if not _BARE.fullmatch(text):
        raise ValueError("expected an e-mail address without a name, such as bounces@vendor.example")
    return text


def hour_of_day(text: str) -> str:
    """Check a time of the day."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError("expected a time of the day from 00:00 to 23:59, such as 20:00")
    return text


def one_line(text: str) -> str:
    """Check a text that stands in the headers of a mail."""
    if not text.strip() or len(text) > LONGEST_LINE or not text.isprintable():
        raise ValueError(f"expected one line of at most {LONGEST_LINE} characters")
    return text


LONGEST_LINE: Final = 200
_BARE: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_MAILBOX: Final = re.compile(rf'{_BARE.pattern}|"?[^"<>\x00-\x1f\x7f-\x9f]{{1,200}}"?\s*<{_BARE.pattern}>')


def web_address(url: str) -> str:
    """Check an address that begins with http:// or https://."""
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its text quotes the URL
        is_web = False
    if not is_web:
        raise ValueError("expected an address that begins with http:// or https://")
    return url


def public_address(url: str) -> str:
    """Check a web address that people may see."""
    parts = urlsplit(web_address(url))
    if parts.username or parts.query or parts.fragment:
        raise ValueError("expected a public address, without a password or query")
    return url


def connect_address(url: str) -> str:
    """Check an address in which `{client_id}` and `{district_id}` may stand."""
    try:
        url.format(client_id="", district_id="")
    except (KeyError, IndexError, ValueError, AttributeError):
        raise ValueError("expected no braces except {client_id} and {district_id}") from None
    return web_address(url)


def zone(name: str) -> str:
    """Check the name of a time zone."""
    if name not in available_timezones():
        raise ValueError("expected the name of a time zone, such as America/Chicago")
    return name


def network(text: str) -> str:
    """Check an address or a network of some addresses."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("expected an address or a network, such as 10.0.0.0/8") from None
    if network.prefixlen == 0:
        raise ValueError("expected specific addresses, got all: then anyone could log in as any user")
    return str(network)


def header_name(name: str) -> str:
    """Check the name of a header."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", name):
        raise ValueError("expected the name of a header: letters, digits and dashes")
    return name


def _from_text(value: Any) -> Any:
    """Read a list or an object out of an environment variable, where it stands as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('expected JSON, such as ["sis_id"] for a list') from None


AsJson = BeforeValidator(_from_text)
Texts = Annotated[tuple[str, ...], AsJson]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
