"""The broker's definitions, imported into a real RabbitMQ, are a topology that a worker accepts."""

from __future__ import annotations

import json
from pathlib import Path

from program import Site
from rabbitmq_node import RabbitNode

from config import definitions
from config.topology import TOPOLOGY

PASSWORD = "open-sesame-53"  # noqa: S105 — invented, for a node that lives as long as this run


async def test_a_broker_that_imported_the_definitions_has_what_a_worker_needs(
    tmp_path: Path, rabbitmq: RabbitNode, database_url: str
) -> None:
    rabbitmq.ctl("add_user", definitions.USER, PASSWORD)

    rabbitmq.ctl("import_definitions", str(definitions.ROOT / definitions.PATH))

    url = rabbitmq.vhost_url(definitions.VHOST).replace("guest:guest", f"{definitions.USER}:{PASSWORD}")
    site = Site(tmp_path, url, database_url)
    assert "every exchange and queue, as declared" in await site.done("topology", "check")
    assert bindings(rabbitmq) == {(each.exchange, each.pattern, each.queue) for each in TOPOLOGY.bindings}


def bindings(node: RabbitNode) -> set[tuple[str, str, str]]:
    """Return what is bound in the virtual host, but for what the default exchange binds by itself."""
    listed = json.loads(
        node.ctl(
            *("--formatter", "json", "list_bindings", "--vhost", definitions.VHOST),
            *("source_name", "routing_key", "destination_name"),
        )
    )
    return {
        (each["source_name"], each["routing_key"], each["destination_name"])
        for each in listed
        if each["source_name"]
    }
