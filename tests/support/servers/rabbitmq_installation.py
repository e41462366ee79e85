"""RabbitMQ as it is installed on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

DEBIAN_BINARIES = Path("/usr/lib/rabbitmq/bin")


def available() -> bool:
    """Whether RabbitMQ and Erlang are installed."""
    return binaries() is not None and shutil.which("epmd") is not None


def binaries() -> Path | None:
    """The folder of the scripts themselves: Debian's on the path change the user when root calls them."""
    if (DEBIAN_BINARIES / "rabbitmq-server").exists():
        return DEBIAN_BINARIES
    found = shutil.which("rabbitmq-server")
    return Path(found).resolve().parent if found else None


def link_plugins(scripts: Path, folder: Path) -> None:
    """Link to what the server itself needs, without its forty plugins.

    A third of the boot goes into reading them, enabled or not.
    """
    folder.mkdir()
    for part in ((scripts / "rabbitmq-server").resolve().parent.parent / "plugins").iterdir():
        if part.name.startswith("rabbitmq_prelaunch") or not part.name.startswith("rabbitmq_"):
            (folder / part.name).symlink_to(part)
