"""Every service that Apprise knows: mail, Slack, Teams, PagerDuty and a hundred more.

Apprise blocks, so that each channel has threads of its own, and one that hangs holds up no other. It logs
addresses, tokens and all, so that its loggers are silent here.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from config.addresses import is_local
from worker.adapters.channels.names import channel_name
from worker.domain.alerts.codes import CATALOGUE
from worker.runtime.errors import ChannelFailed, SettingsError

if TYPE_CHECKING:
    import apprise

THREADS: Final = 2
"""Of one channel: one that hangs past its time, and one that tries again."""
SILENT: Final = logging.CRITICAL + 1


class Notifier:
    """Answers to `worker.alerts.channel.Channel`."""

    at_once = THREADS
    refresh_every: timedelta | None = None

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self.kind = _kind(_service(url))
        self.name = channel_name(self.kind, url)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=self.name)

    async def send(self, bodies: Sequence[str]) -> None:
        """Send each alert as a message for people; raises `ChannelFailed`."""
        loop = asyncio.get_running_loop()
        for body in bodies:
            try:
                async with asyncio.timeout(self._seconds):
                    is_sent = await loop.run_in_executor(self._threads, self._notify, orjson.loads(body))
            except TimeoutError:
                raise ChannelFailed(f"not sent within {self._seconds:g} seconds") from None
            except Exception as error:  # noqa: BLE001 — a plugin may raise anything, and quote the address
                raise ChannelFailed(f"not sent ({type(error).__name__})") from None
            if not is_sent:
                raise ChannelFailed("not sent: the service could not be reached, or refused")

    def close(self) -> None:
        """Take nothing more; what is under way ends by its time-outs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _notify(self, alert: dict[str, Any]) -> bool:
        # A service made anew has not spoken yet, and does not wait for its turn: Apprise spaces mails by
        # seconds, and alerts are few by themselves.
        service = _service(self._url)
        service.socket_connect_timeout = service.socket_read_timeout = self._seconds / 2
        title, body = in_words(alert)
        return bool(service.notify(body=body, title=title, notify_type=_notify_type(alert)))


def is_known(url: str) -> bool:
    """Whether Apprise knows a service for this address."""
    return _instantiated(url) is not None


def is_unprotected(url: str) -> bool:
    """Whether the service is on another machine, and spoken to without TLS or without a look at who it is."""
    service = _service(url)
    host = getattr(service, "host", None)
    if host and is_local(host):
        return False
    is_plain = _scheme(url) in _names(service.protocol) and not service.secure
    # Mail has a mode besides, which may take back what its scheme says.
    return is_plain or not service.verify_certificate or getattr(service, "secure_mode", "") == "insecure"


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def in_words(alert: dict[str, Any]) -> tuple[str, str]:
    """Return the title and the body of an alert for a person."""
    district = alert["district_id"]
    # The title becomes a line of a mail's head, and an id may hold whatever its publisher likes.
    place = f" in district {''.join(filter(str.isprintable, district))}" if district else ""
    title = f"[{alert['status']}] {alert['code']}{place}"
    meaning = CATALOGUE[alert["code"]].meaning if alert["code"] in CATALOGUE else None
    lines = [
        alert["summary"],
        *([meaning] if meaning and alert["status"] != "resolved" else []),
        "",
        f"severity: {alert['severity']}",
        f"since: {alert['starts_at']}",
        *([f"until: {alert['ends_at']}"] if alert["ends_at"] else []),
        *(f"{name}: {count}" for name, count in alert["counts"].items()),
        *([f"look: {alert['url']}"] if alert["url"] else []),
    ]
    return title, "\n".join(lines)


def _service(url: str) -> apprise.NotifyBase:
    service = _instantiated(url)
    if service is None:
        raise SettingsError("expected the address of a service that Apprise knows")
    return service


def _instantiated(url: str) -> apprise.NotifyBase | None:
    service: apprise.NotifyBase | None = _apprise().instantiate(url, suppress_exceptions=True)
    return service


@cache
def _apprise() -> type[apprise.Apprise]:
    """Load Apprise with all of its services, silent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one of the services uses what Python is about to drop
        import apprise  # noqa: PLC0415 — slow to import, and only who delivers needs it

        apprise.Apprise.instantiate("json://localhost", suppress_exceptions=True)
    for name in ("apprise", "urllib3", "requests"):
        logging.getLogger(name).setLevel(SILENT)
    return apprise.Apprise


def _kind(service: apprise.NotifyBase) -> str:
    """Return the service's scheme, the same for its secure and its insecure form."""
    return next(iter(_names(service.protocol or service.secure_protocol)))


def _names(schemes: Any) -> tuple[str, ...]:
    """Return schemes as a tuple, where Apprise has one, several or none of them."""
    if schemes is None:
        return ()
    return (schemes,) if isinstance(schemes, str) else tuple(schemes)


def _notify_type(alert: dict[str, Any]) -> str:
    if alert["status"] == "resolved":
        return "success"
    return "failure" if alert["severity"] == "critical" else "warning"
