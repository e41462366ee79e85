"""Write the broker's topology down as definitions that RabbitMQ imports, for those who set it up that way.

    python -m config.definitions            writes config/rabbitmq/definitions.json
    python -m config.definitions --check    exits 1 if the file is not what config/topology.py says

The file names no user's password: a user of the same name is made beforehand (`rabbitmqctl add_user`, or the
image's RABBITMQ_DEFAULT_USER), and gets the permissions that a worker needs and no others.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from config.topology import TOPOLOGY, Binding, Exchange, Queue

ROOT: Final = Path(__file__).parent.parent
PATH: Final = "config/rabbitmq/definitions.json"
COMMAND: Final = "python -m config.definitions"
VHOST: Final = "rostering"
USER: Final = "rostering"


def definitions() -> dict[str, Any]:
    """Return everything that RabbitMQ has to know before a worker can run, but for the user's password."""
    return {
        "vhosts": [{"name": VHOST}],
        "permissions": [{"user": USER, "vhost": VHOST, **_permissions()}],
        "exchanges": [_exchange(exchange) for exchange in TOPOLOGY.exchanges],
        "queues": [_queue(queue) for queue in TOPOLOGY.queues],
        "bindings": [_binding(binding) for binding in TOPOLOGY.bindings],
    }


def rendered() -> str:
    """Return the exact text of the file."""
    return json.dumps(definitions(), indent=2) + "\n"


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write the file, or with `--check` compare it; returns the exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Write the broker's definitions.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the file differs")
    file = root / PATH
    if not parser.parse_args(arguments).check:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(rendered(), encoding="utf-8", newline="\n")
        return 0
    if file.exists() and file.read_text(encoding="utf-8") == rendered():
        return 0
    sys.stderr.write(f"{PATH} is not what config/topology.py says; run: {COMMAND}\n")
    return 1


def _permissions() -> dict[str, str]:
    """Allow to write to our exchanges and to read our queues, and nothing else."""
    return {
        "configure": "^$",
        "write": _exactly(exchange.name for exchange in TOPOLOGY.exchanges),
        "read": _exactly(queue.name for queue in TOPOLOGY.queues),
    }


def _exactly(names: Iterable[str]) -> str:
    return f"^({'|'.join(re.escape(name) for name in sorted(names))})$"


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "name": exchange.name,
        "vhost": VHOST,
        "type": "topic",
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(queue: Queue) -> dict[str, Any]:
    return {
        "name": queue.name,
        "vhost": VHOST,
        "durable": True,
        "auto_delete": False,
        "arguments": queue.arguments,
    }


def _binding(binding: Binding) -> dict[str, Any]:
    return {
        "source": binding.exchange,
        "vhost": VHOST,
        "destination": binding.queue,
        "destination_type": "queue",
        "routing_key": binding.pattern,
        "arguments": {},
    }


if __name__ == "__main__":
    sys.exit(main())
