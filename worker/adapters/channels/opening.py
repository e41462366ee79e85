"""From addresses to channels: which technology takes which."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp

from worker.adapters.channels.alertmanager import Alertmanager
from worker.adapters.channels.notifier import Notifier, is_known
from worker.adapters.channels.webhook import Webhook
from worker.errors import SettingsError
from worker.ports.channel import Channel


def check_address(url: str) -> None:
    """Raise `SettingsError` for an address that no channel takes; its text does not quote it."""
    if not (is_known(url) or _is_web(url)):
        raise SettingsError("expected an http(s):// address, or the address of a service that Apprise knows")


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
