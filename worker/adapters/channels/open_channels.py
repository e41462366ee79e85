"""From addresses to channels: which technology takes which."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp

from config.addresses import is_local
from config.security import why
from worker.adapters.channels.alertmanager import Alertmanager
from worker.adapters.channels.notifier import Notifier, is_known, is_unprotected
from worker.adapters.channels.webhook import Webhook
from worker.alerts.channel import Channel
from worker.runtime.errors import SettingsError


def check_address(url: str, *, may_be_plain: bool = False) -> None:
    """Raise `SettingsError` for an address that no channel takes, or that is not protected off this machine.

    Its text does not quote the address.
    """
    if not (is_known(url) or _is_web(url)):
        raise SettingsError("expected an http(s):// address, or the address of a service that Apprise knows")
    if not may_be_plain and is_in_plain_text(url):
        raise SettingsError(why("alerts", "https://, or the service's scheme with TLS, without verify=no"))


def is_in_plain_text(url: str) -> bool:
    """Whether an address leads off this machine without TLS, or without a check of the certificate."""
    if is_known(url):
        return is_unprotected(url)
    parts = urlsplit(url)
    return parts.scheme != "https" and not is_local(parts.hostname or "")


@asynccontextmanager
async def open_channels(
    urls: Sequence[str], alertmanager: str | None, seconds: float, refresh_every: timedelta
) -> AsyncIterator[list[Channel]]:
    """Open the channels; an address given twice is one channel."""
    async with AsyncExitStack() as stack:
        channels: list[Channel] = []
        if alertmanager is not None:
            channels.append(Alertmanager(await _session(stack), alertmanager, seconds, refresh_every))
        for url in dict.fromkeys(urls):
            if is_known(url):
                notifier = Notifier(url, seconds)
                stack.callback(notifier.close)
                channels.append(notifier)
            else:
                channels.append(Webhook(await _session(stack), url, seconds))
        yield channels


async def _session(stack: AsyncExitStack) -> aiohttp.ClientSession:
    """Return connections of one channel: what hangs there takes none of another's."""
    return await stack.enter_async_context(aiohttp.ClientSession())


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
