"""The broker's definitions say what the topology says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from config import definitions
from config.topology import TOPOLOGY


def test_the_file_in_the_repository_is_what_the_topology_says() -> None:
    assert definitions.main(["--check"]) == 0, f"run: {definitions.COMMAND}"


def test_check_names_a_file_that_differs_and_writing_repairs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert definitions.main(["--check"], tmp_path) == 1
    assert definitions.PATH in capsys.readouterr().err

    assert definitions.main([], tmp_path) == 0
    assert definitions.main(["--check"], tmp_path) == 0


def test_the_definitions_hold_no_password_and_no_hash_of_one() -> None:
    assert "users" not in definitions.definitions()
    assert re.search("password|hash", definitions.rendered()) is None


def test_the_user_may_do_what_a_worker_does_with_ours_and_nothing_with_others() -> None:
    (permissions,) = definitions.definitions()["permissions"]
    exchanges, queues = ({each.name for each in some} for some in (TOPOLOGY.exchanges, TOPOLOGY.queues))

    assert permissions["configure"] == "^$"
    assert all(re.search(permissions["write"], name) for name in exchanges)
    assert all(re.search(permissions["read"], name) for name in queues)
    for verb in ("write", "read"):
        assert not any(re.search(permissions[verb], name) for name in ("rosterings", "cleverXevents", ""))
    assert not re.search(permissions["write"], "rostering.commit")


def test_everything_of_the_topology_is_there() -> None:
    made = json.loads(definitions.rendered())

    assert [each["name"] for each in made["exchanges"]] == [each.name for each in TOPOLOGY.exchanges]
    assert {each["name"]: each["arguments"] for each in made["queues"]} == {
        each.name: each.arguments for each in TOPOLOGY.queues
    }
    assert [(each["source"], each["routing_key"], each["destination"]) for each in made["bindings"]] == [
        (each.exchange, each.pattern, each.queue) for each in TOPOLOGY.bindings
    ]
