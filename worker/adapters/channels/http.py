"""One POST of JSON, in time, with errors that never quote the address."""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp

from worker.runtime.errors import ChannelFailed

AGENT: Final = {"User-Agent": "rostering", "Content-Type": "application/json"}
DRAINED_BYTES: Final = 64 * 1024
"""Of an answer that nobody reads: the connection can be used again."""


async def post(session: aiohttp.ClientSession, url: str, body: bytes, seconds: float) -> None:
    """Return once the other side answered with a 2xx; raises `ChannelFailed`."""
    try:
        async with (
            asyncio.timeout(seconds),
            session.post(url, data=body, headers=AGENT, allow_redirects=False) as answer,
        ):
            await answer.content.read(DRAINED_BYTES)
            status = answer.status
    except TimeoutError:
        raise ChannelFailed(f"no answer within {seconds:g} seconds") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise ChannelFailed(f"not reached ({type(error).__name__})") from None
    if not 200 <= status < 300:  # noqa: PLR2004 — what HTTP calls a success
        raise ChannelFailed(f"answered with status {status}")
