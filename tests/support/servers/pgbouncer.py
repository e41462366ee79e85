"""A real PgBouncer on the loopback, configured as Debian installs it, in front of the tests' PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.servers.installed import path_of
from tests.support.servers.tcp_proxy import proxied, socket_of

USER, PASSWORD = "rosterer", "s3sam3-0p3n"
CONFIGURATION = """\
[databases]
* = host=127.0.0.1 port={server_port} user=postgres
[pgbouncer]
logfile = {folder}/log
pidfile = {folder}/pid
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = md5
auth_file = {folder}/userlist.txt
pool_mode = {pool_mode}
{more}
"""
START_SECONDS = 20


@dataclass(frozen=True)
class PgBouncer:
    """A pooler that runs."""

    port: int

    def url(self, database: str) -> str:
        """Return the URL of a database through it."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"


def pgbouncer_path() -> str:
    """Return where PgBouncer is; skips the test where it is not, and fails it where CI runs."""
    return path_of("PgBouncer", "pgbouncer")


@asynccontextmanager
async def running_pgbouncer(server_url: str, pool_mode: str, more: str = "") -> AsyncIterator[PgBouncer]:
    """Run one in front of a server while the context is open."""
    path = pgbouncer_path()
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        # The server's own socket is the server's alone: the pooler comes by the loopback.
        async with proxied(socket_of(server_url)) as server:
            folder, port = Path(name), _free_port()
            values = {"server_port": server.port, "port": port, "pool_mode": pool_mode, "more": more}
            user = _configured(folder, CONFIGURATION.format(folder=folder, **values))
            command = [path, "-q", *(["-u", user] if os.getuid() == 0 else []), str(folder / "pgbouncer.ini")]
            process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
            try:
                await _until_it_answers(process, port, folder)
                yield PgBouncer(port)
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()


def _configured(folder: Path, configuration: str) -> str:
    """Write what it reads; return the user it runs as, who is not root: that it refuses."""
    (folder / "userlist.txt").write_text(f'"{USER}" "{PASSWORD}"\n')
    (folder / "pgbouncer.ini").write_text(configuration)
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    for place in (folder, *folder.iterdir()):
        os.chown(place, user.pw_uid, user.pw_gid)
    return user.pw_name


def _log(folder: Path) -> str:
    log = folder / "log"
    return log.read_text() if log.exists() else "no log"


async def _until_it_answers(process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + START_SECONDS
    while loop.time() < end and process.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)  # nothing tells of a port that opens
        else:
            writer.close()
            return
    pytest.fail(f"PgBouncer did not start: {_log(folder)}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
