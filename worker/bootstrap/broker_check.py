"""Whether the broker has what this process needs: looked for at the start, and until it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from typing import Final

import structlog

from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.rabbitmq import rights
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.runtime import logs
from worker.runtime.errors import UsageError
from worker.runtime.loop import Health, Stop, when_there

FIRST_LOOK_SECONDS: Final = 5.0
"""For the broker, before everything else begins without it."""


class BrokerCheck:
    """The broker of a process with these stages."""

    def __init__(
        self, broker: RabbitBroker | InProcessBroker, stages: Collection[str], stop: Stop, health: Health
    ) -> None:
        self._broker = broker
        self._stages = stages
        self._stop = stop
        self._health = health
        self._passed = asyncio.Event()

    async def first_look(self) -> None:
        """Look for a few seconds; raises `TopologyError`, and nothing where the broker is not there."""
        try:
            async with asyncio.timeout(FIRST_LOOK_SECONDS):
                await self._look()
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 — it is looked for again, and told then
            structlog.get_logger().debug("broker.absent", **logs.shown(error))
        else:
            self._passed.set()

    async def until_stopped(self) -> None:
        """Wait until the broker is there and has what we need; the rest goes on meanwhile, alerts above all.

        Raises `TopologyError`, and `SettingsError` where the broker does not let us in.
        """
        if not self._passed.is_set():
            await when_there(self._look, self._stop, self._health)
            self._passed.set()
        await self._stop.wait()

    async def before(self, work: Coroutine[None, None, None]) -> None:
        """Do `work` once the broker has what we need; nothing where a stop comes first."""
        try:
            await self._stop.interrupt(self._wait())
            if self._passed.is_set():
                await work
        finally:
            work.close()

    async def _wait(self) -> None:
        await self._passed.wait()

    async def _look(self) -> None:
        """Raise where the broker lacks something that we need, or we a right there."""
        if not isinstance(self._broker, RabbitBroker):
            await self._broker.check_topology()
            return
        await self._broker.check_topology(rights=rights.of_stages(self._stages))
        if self._broker.uncompared:
            structlog.get_logger().info("topology.not_compared", names=sorted(set(self._broker.uncompared)))
