"""Ports for servers, and the end of what they started."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import suppress

import psutil

KILL_SECONDS = 20


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def with_children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The process and its descendants: the shell script, the Erlang machine, and its own helpers."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(process.pid)
        return [root, *root.children(recursive=True)]
    return []


def kill(processes: list[psutil.Process]) -> None:
    """Kill processes, and wait until they are dead."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + KILL_SECONDS
    while not all(map(_is_dead, processes)) and time.monotonic() < deadline:
        time.sleep(0.01)


def _is_dead(process: psutil.Process) -> bool:
    """Whether it runs no more; orphans may stay listed until the system's first process collects them."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
