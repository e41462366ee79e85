"""A real Alertmanager for one test run: the system's package, on ports of its own, removed afterwards."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

BINARIES = ("prometheus-alertmanager", "alertmanager")
BOOT_SECONDS = 20
CONFIGURATION = """
route: {receiver: nobody}
receivers: [{name: nobody}]
"""


def binary() -> str | None:
    """Return the program; None where it is not installed."""
    return next((found for name in BINARIES if (found := shutil.which(name))), None)


class AlertmanagerNode:
    """One Alertmanager; `start` it first."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="alertmanager-test-"))
        (self._folder / "alertmanager.yml").write_text(CONFIGURATION)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, with nothing that it knew before; returns when it answers."""
        program = binary()
        assert program is not None
        shutil.rmtree(self._folder / "data", ignore_errors=True)
        with (self._folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program,
                    f"--config.file={self._folder / 'alertmanager.yml'}",
                    f"--storage.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "log.txt").read_text()[-2000:])
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def remove(self) -> None:
        """End it and delete its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that stand there."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=5) as answer:  # noqa: S310 — ours
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def _answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/-/ready", timeout=1) as answer:  # noqa: S310
            return bool(answer.status == 200)
        return False
