"""What every command has: the settings, a way to run, and who gives the order."""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import uvloop
from rich.console import Console

from config import loading as configuration
from config.data_folder import nearest
from config.settings import Settings
from worker.cli.district_argument import district_id_of
from worker.cli.terminal_console import TerminalConsole
from worker.runtime.errors import SettingsError
from worker.runtime.logs import configure_logging

if TYPE_CHECKING:
    from worker.bootstrap.store import Stores

Result = TypeVar("Result")


@dataclass
class CommandContext:
    """The program's surroundings, for one command."""

    config_file: Path | None

    @cached_property
    def settings(self) -> Settings:
        """The settings, read and checked at the first use; raises `SettingsError`."""
        try:
            loaded = configuration.load(file=self.config_file)
        except configuration.SettingsProblem as error:
            raise SettingsError(str(error)) from None
        from worker.bootstrap.settings import policy  # noqa: PLC0415 — slow to import

        policy(loaded)  # for its refusals
        if "data_dir" in loaded.model_fields_set:
            return loaded
        return loaded.model_copy(update={"data_dir": nearest(loaded.data_dir, Path.cwd())})

    @cached_property
    def console(self) -> Console:
        """Standard output; colours only on a terminal, and a bracket in a name is a bracket."""
        return TerminalConsole(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)

    def run(self, work: Coroutine[Any, Any, Result], *, quiet: bool = False) -> Result:
        """Run a command's work to its end, with logs on standard error.

        `quiet` keeps what goes well out of them, where the command shows that itself.
        """
        level = logging.WARNING if quiet else logging.INFO
        configure_logging(sys.stderr, pretty=sys.stderr.isatty(), level=level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)

    def on_store(self, work: Callable[[Stores], Awaitable[Result]], *, quiet: bool = False) -> Result:
        """Run work with the store, opened for it."""
        from worker.bootstrap.store import open_store  # noqa: PLC0415 — slow to import

        async def done() -> Result:
            async with open_store(self.settings) as store:
                return await work(store)

        return self.run(done(), quiet=quiet)

    def on_district(
        self,
        text: str,
        work: Callable[[Stores, str], Awaitable[Result]],
        *,
        may_be_new: bool = False,
        is_final: bool = False,
        quiet: bool = False,
    ) -> Result:
        """Run work with the store and the id of the district that a person means; see `district_id_of`."""

        async def done(store: Stores) -> Result:
            return await work(
                store, await district_id_of(store, text, may_be_new=may_be_new, is_final=is_final)
            )

        return self.on_store(done, quiet=quiet)

    @property
    def actor(self) -> str:
        """Who gives the order, for the audit: the user that the process runs as, and the machine.

        Of the system and never of the environment, where everybody may call himself what he likes.
        """
        uid = os.getuid()
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:  # no such user in a container
            name = "unknown"
        return f"{name} (uid {uid}) at {socket.gethostname()}"
