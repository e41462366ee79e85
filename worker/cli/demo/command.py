"""The command `demo`: the whole story, on a worker that runs in this process."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import click
import orjson
from pydantic import SecretStr

from config.settings import AlertSettings, CleverSettings, HttpSettings, Settings, WindowSettings
from worker.bootstrap.checks import STAGES
from worker.bootstrap.process import RunningWorker, Worker
from worker.cli.context import CommandContext
from worker.cli.demo import story
from worker.cli.demo.folder import fresh_folder
from worker.cli.demo.live import LiveDistrict, StoryFailed
from worker.cli.demo.scene import Scene
from worker.cli.demo.terminal_story import TerminalStory
from worker.pipeline.evaluate.record_decision import Decided
from worker.runtime.count_text import counted
from worker.runtime.errors import InputFileError, SettingsError
from worker.runtime.logs import configure_logging
from worker.sandbox.api import CLIENT
from worker.sandbox.district import DistrictSpec, generate
from worker.sandbox.live_districts import WorldDistrict
from worker.sandbox.server import CleverServer
from worker.sandbox.world import World

QUIET_SECONDS = 2.0
"""Nothing waits for it: each time the feed says that it was read to its end, which closes the window."""
POLL_SECONDS = 0.5
LOOPBACK = "127.0.0.1"
START_SECONDS = 45.0
"""For a PostgreSQL that is made and started for the first time."""
INTERRUPTED = 130


@click.command()
@click.option(
    "--district",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with saved Clever list pages of one district (default: an invented district).",
)
@click.option("--serve", is_flag=True, help="Keep the worker and the console running after the demo.")
@click.pass_obj
def demo(ctx: CommandContext, folder: Path | None, serve: bool) -> None:
    """Run a demo with one district. Its worker runs inside this process.

    It needs no broker, no database and no network, and works in the folder `demo` of the data folder.
    """
    configured = ctx.settings
    world = _read(folder) if folder else _invented()
    with fresh_folder(_folder(configured)):
        sys.exit(ctx.run(_run(ctx.actor, configured, world, invented=folder is None, serve=serve)))


async def _run(actor: str, configured: Settings, world: World, *, invented: bool, serve: bool) -> int:
    """Serve the world as Clever does while the demo runs; return the exit code."""
    async with _serving(world) as server:
        demo = _Demo(actor, _settings(configured, server.url), server, invented=invented, serve=serve)
        return await demo.run()


class _Demo:
    """One run of the demo: a worker on the sandbox, and beside it the story."""

    def __init__(
        self, actor: str, settings: Settings, server: CleverServer, *, invented: bool, serve: bool
    ) -> None:
        self._actor = actor
        self._settings = settings
        self._server = server
        self._clever = _only_district(server.running.world)
        self._invented = invented
        self._serve = serve
        self._teller = TerminalStory()
        self._worker = Worker(settings, STAGES, needs_http=serve)
        self._decisions: asyncio.Queue[Decided] = asyncio.Queue()

    async def run(self) -> int:
        """Run it all; return the exit code."""
        loop = asyncio.get_running_loop()
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, self._worker.stop.set)
        started: asyncio.Future[RunningWorker] = loop.create_future()
        self._worker.started = started.set_result
        self._worker.watch = lambda _district, _evaluation, decided: self._decisions.put_nowait(decided)
        with _logging_to(self._settings.data_dir / "worker.log"):
            working = asyncio.create_task(self._worker.run())
            playing = asyncio.create_task(self._play(started))
            try:
                return await self._until_played(working, playing)
            finally:
                self._worker.stop.set()
                with self._teller.waiting("stopping"):
                    await asyncio.gather(working, return_exceptions=True)

    async def _until_played(self, working: asyncio.Task[int], playing: asyncio.Task[None]) -> int:
        """Wait for the end of the story, or for whatever breaks it off."""
        stopped = asyncio.create_task(self._worker.stop.wait())
        await asyncio.wait([working, playing, stopped], return_when=asyncio.FIRST_COMPLETED)
        try:
            if playing.done():
                playing.result()
                if self._serve:
                    await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
                if self._worker.stop.requested or not working.done():
                    return 0
            elif self._worker.stop.requested and not working.done():
                self._teller.say("Interrupted.", "yellow")
                return INTERRUPTED
            return self._failed(f"the worker stopped, with exit code {working.result()}")
        except StoryFailed as error:
            return self._failed(str(error))
        finally:
            for task in (playing, stopped):
                task.cancel()
            await asyncio.gather(playing, stopped, return_exceptions=True)

    def _failed(self, text: str) -> int:
        self._teller.say(f"The demo failed: {text}.", "bold red")
        self._teller.line(f"log: {self._settings.data_dir / 'worker.log'}")
        return 1

    async def _play(self, started: asyncio.Future[RunningWorker]) -> None:
        begun = time.perf_counter()
        self._teller.title("One district, from connecting to its first changes")
        self._teller.say(
            "A real worker runs in this process, with its own broker, PostgreSQL and simulated Clever. "
            f"Everything it does is stored in {self._settings.data_dir}."
        )
        with self._teller.waiting("starting PostgreSQL and the worker"):
            running = await _in_time(started)
        self._teller.say(f"Started in {time.perf_counter() - begun:.1f} s.")
        out, clever = self._settings.data_dir / "out", self._clever
        live = LiveDistrict(running, self._worker.metrics, self._decisions, clever, out)
        await story.play(
            Scene(self._teller, live, clever, self._server.url, self._actor, invented=self._invented)
        )
        await live.everything_published()
        self._show_where(running.opening_link or running.url)
        self._teller.end(f"Finished in {time.perf_counter() - begun:.1f} s.")

    def _show_where(self, url: str | None) -> None:
        teller, folder, program = self._teller, self._settings.data_dir, _program()
        look = f"ROSTERING_DATA_DIR={shlex.quote(str(folder))} {program}"
        with teller.chapter("Where to look"):
            teller.say("What the worker published, one message per line:")
            for path in sorted((folder / "out").glob("*.ndjson")):
                messages = [orjson.loads(line) for line in path.read_bytes().splitlines()]
                whole = sum(1 for message in messages if message.get("part", 1) == 1)
                what = path.stem.removesuffix("s")
                teller.line(f"{path}  ({counted(len(messages), 'line')}, {counted(whole, what)})")
            teller.say("Commands to explore the district:")
            teller.line(f"{look} districts")
            teller.line(f"{look} show {self._clever.id}")
            teller.line(f"{look} filter suggest {self._clever.id}")
            teller.line(f"{look} filter try {self._clever.id} FILE")
            if (folder / "out" / "commit.ndjson").exists():
                teller.line(f"{look} rollback {self._clever.id} --list")
            teller.say("The log of the worker:")
            teller.line(f"{folder / 'worker.log'}")
            if self._serve:
                self._show_addresses(url)
            else:
                teller.say(
                    "The console and the sandbox ran during the demo. To keep them running afterwards:"
                )
                teller.line(f"{program} {shlex.join(sys.argv[1:])} --serve")

    def _show_addresses(self, url: str | None) -> None:
        teller, sandbox = self._teller, self._server.url
        if url is None:
            teller.say("The console is not available; see the worker's log.")
        else:
            teller.say("The console. This link opens it once; `rostering users link` prints another one:")
            teller.line(url, "bold")
        teller.say("The sandbox. Make changes in it: the worker reads them from the feed and evaluates them.")
        teller.line(sandbox, "bold")
        teller.line(f"curl -d '{{\"changes\":100}}' {sandbox}/sandbox/districts/{self._clever.id}/day")
        teller.line(f"curl -d '{{}}' {sandbox}/sandbox/districts/{self._clever.id}/break-student")
        teller.say("Both run until Ctrl-C.")


async def _in_time(started: asyncio.Future[RunningWorker]) -> RunningWorker:
    # The worker itself waits for its database for as long as it takes.
    try:
        async with asyncio.timeout(START_SECONDS):
            return await asyncio.shield(started)
    except TimeoutError:
        raise StoryFailed(f"expected the worker to start within {START_SECONDS:.0f} seconds") from None


def _folder(configured: Settings) -> Path:
    return configured.data_dir / "demo"


def _settings(configured: Settings, clever: str) -> Settings:
    """Return the demo's settings: the defaults, whatever is configured, in a folder of its own.

    So it never reaches a configured broker, database or Clever, and its checks are those that the story
    tells of. It has no users, so its page is for this machine only.
    """
    host, port = LOOPBACK, configured.http.port
    return Settings(
        data_dir=_folder(configured),
        window=WindowSettings(quiet_seconds=QUIET_SECONDS),
        alerts=AlertSettings(flap_seconds=0),  # a district whose days pass in seconds does not flap
        http=HttpSettings(host=host, port=port if _is_free(host, port) else 0),
        clever=CleverSettings(
            api_url=clever,
            client_id=CLIENT,
            client_secret=SecretStr(CLIENT),
            poll_seconds=POLL_SECONDS,
            quiet_poll_seconds=POLL_SECONDS,
            paused_poll_seconds=POLL_SECONDS,
        ),
    )


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError:
        return False
    return True


def _invented() -> World:
    """Return a world of one generated district."""
    world = World()
    clever = world.add(generate(DistrictSpec()))
    for _ in clever.resume():  # the sync ran just now; nobody follows the feed yet, to be told
        pass
    return world


def _read(folder: Path) -> World:
    """Return a world of the one district whose pages are in a folder."""
    world = World.from_folder(folder)
    if len(world.districts) != 1:
        raise InputFileError(
            f"{folder}: expected the pages of one district, found folders of {len(world.districts)}"
        )
    return world


def _only_district(world: World) -> WorldDistrict:
    (clever,) = world.districts.values()
    return clever


@asynccontextmanager
async def _serving(world: World) -> AsyncIterator[CleverServer]:
    """Serve a world to this machine while the context is open."""
    server = CleverServer(world)
    try:
        await server.start(LOOPBACK, 0)
    except OSError as error:
        raise SettingsError(f"cannot listen on {LOOPBACK}: {error.strerror or error}") from None
    try:
        yield server
    finally:
        await server.close()


def _program() -> str:
    """Return how a person calls this program from here."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m worker"
    found = shutil.which("rostering")
    if found and Path(found).resolve() == called.resolve():
        return "rostering"
    here = Path.cwd()
    return shlex.quote(str(called.relative_to(here) if called.is_relative_to(here) else called))


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Keep the worker's log lines out of the story."""
    with path.open("w") as log:
        configure_logging(log, pretty=False)
        try:
            yield
        finally:
            configure_logging(sys.stderr, pretty=sys.stderr.isatty())
