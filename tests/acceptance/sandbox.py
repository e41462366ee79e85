"""The sandbox as the program that it is, and its control commands."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.acceptance.program import started

HOMEROOM = '{"rules":[{"all":[{"field":"name","op":"contains","value":"homeroom"}]}]}'


class Sandbox:
    """A running sandbox."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    @property
    def settings(self) -> dict[str, str]:
        """What a worker needs to read from it: the address, and the app's credentials."""
        return {
            "CLEVER__API_URL": self.url,
            "CLEVER__CLIENT_ID": "sandbox",
            "CLEVER__CLIENT_SECRET": "sandbox",
            "CLEVER__POLL_SECONDS": "1",
            "CLEVER__QUIET_POLL_SECONDS": "1",
            "CLEVER__PAUSED_POLL_SECONDS": "1",
        }

    async def districts(self) -> list[str]:
        """Return the ids of its districts."""
        return [one["id"] for one in (await self.look(""))["districts"]]

    async def order(self, path: str, **body: Any) -> dict[str, Any]:
        """Give a control command."""
        async with self._session.post(f"{self.url}/sandbox/{path}", json=body) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, answer
            return answer

    async def change(self, district_id: str, what: str, **body: Any) -> dict[str, Any]:
        """Let something happen to a district."""
        return await self.order(f"districts/{district_id}/{what}", **body)

    async def look(self, path: str) -> dict[str, Any]:
        """Ask something."""
        async with self._session.get(f"{self.url}/sandbox/{path}".rstrip("/")) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, answer
            return answer

    async def truth(self, district_id: str) -> str:
        """Return the digest of the roster that ought to be committed, by homerooms."""
        return str((await self.look(f"districts/{district_id}/truth?contains=homeroom"))["digest"])


@asynccontextmanager
async def sandbox(*arguments: str) -> AsyncIterator[Sandbox]:
    """Run a sandbox while the context is open."""
    process = await started(["sandbox", "--port", "0", *arguments], dict(os.environ))
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(60):
            found = None
            while found is None:
                line = await process.stdout.readline()
                assert line, "the sandbox ended before it said its address"
                found = re.search(r"http://\S+", line.decode())
        async with aiohttp.ClientSession() as session:
            draining = asyncio.gather(process.stdout.read(), process.stderr.read())
            yield Sandbox(found[0], session)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
            await draining
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()
