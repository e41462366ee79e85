"""The files in `schemas/json`, and that they say what the models say."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from config.topology import DEAD_LETTER_CLAIM_QUEUE, TOPOLOGY
from schemas import export
from schemas.messages.commit import CommitMessage
from schemas.messages.review import FindingsSummary
from tests.support.builders.messages import (
    COMMIT,
    DETAILS,
    DIGEST,
    REVIEW,
    SAMPLES,
    Json,
    at,
    is_taken_by_model,
    objects,
)

Accepted = Callable[[str, Json], tuple[bool, bool]]
Mutation = tuple[str, list[str | int], object]
OPTIONAL = {"FindingItem": DETAILS, "UpsertStudent": {"replaces"}}
"""By the definition in the schema: the keys that are written only where they apply."""


@pytest.fixture(scope="module")
def documents() -> dict[str, Json]:
    """The files, which `test_the_files_in_the_repository_are_what_the_models_say` holds to the models."""
    return {path.name: json.loads(path.read_bytes()) for path in export.FOLDER.glob("*.json")}


@pytest.fixture(scope="module")
def asyncapi(documents: dict[str, Json]) -> Json:
    return documents["asyncapi.json"]


@pytest.fixture(scope="module")
def accepted(documents: dict[str, Json]) -> Accepted:
    """Ask the model and the JSON Schema whether a message is one."""
    schemas = {name: Draft202012Validator(documents[f"{name}.v1.schema.json"]) for name in SAMPLES}

    def ask(name: str, message: Json) -> tuple[bool, bool]:
        return is_taken_by_model(name, message), schemas[name].is_valid(message)

    return ask


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


# The files


def test_the_files_in_the_repository_are_what_the_models_say() -> None:
    assert export.main(["--check"]) == 0


def test_check_names_each_file_that_was_changed_is_missing_or_is_nobodys_and_exporting_repairs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export.main([], tmp_path)
    (tmp_path / "alert.v1.schema.json").write_text("{}\n")
    (tmp_path / "asyncapi.json").unlink()
    (tmp_path / "refund.v1.schema.json").write_text("{}\n")

    assert export.main(["--check"], tmp_path) == 1

    named = [line.split()[0] for line in capsys.readouterr().err.splitlines()]
    assert named == ["alert.v1.schema.json", "asyncapi.json", "refund.v1.schema.json"]
    assert export.main([], tmp_path) == 0
    assert export.differing(tmp_path) == []


def test_the_files_are_sorted_indented_and_end_with_a_newline() -> None:
    for path in export.FOLDER.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        again = json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False)
        assert text == again + "\n"


@pytest.mark.parametrize("name", ["commit.v1", "review.v1", "alert.v1", "clever-event"])
def test_each_schema_is_a_valid_one_of_the_2020_12_draft(documents: dict[str, Json], name: str) -> None:
    schema = documents[f"{name}.schema.json"]

    Draft202012Validator.check_schema(schema)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "urn:rostering:" + name.replace(".", ":")


def test_no_file_names_a_network_address_but_that_of_the_meta_schema() -> None:
    for path in export.FOLDER.glob("*.json"):
        addresses = set(re.findall(r"\w+://[^\"]*", path.read_text(encoding="utf-8")))
        assert addresses <= {export.META_SCHEMA}


def test_every_field_and_every_model_is_described(documents: dict[str, Json]) -> None:
    for name in SAMPLES:
        schema = documents[f"{name}.v1.schema.json"]
        for model in (schema, *schema.get("$defs", {}).values()):
            assert model == {} or model["description"]
            for field in model.get("properties", {}).values():
                assert field["description"].endswith(".")


# The messages


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_of_the_contracts_shape_passes_model_and_schema(name: str, accepted: Accepted) -> None:
    assert accepted(name, SAMPLES[name]) == (True, True)


@pytest.mark.parametrize("name", SAMPLES)
def test_an_unknown_key_is_refused_wherever_it_stands(name: str, accepted: Accepted) -> None:
    for path in objects(SAMPLES[name]):
        message = copy.deepcopy(SAMPLES[name])
        at(message, path)["Unknown key"] = 1
        assert accepted(name, message) == (False, False), path


def test_every_schema_requires_each_key_but_details_that_do_not_apply(documents: dict[str, Json]) -> None:
    for name in SAMPLES:
        schema = documents[f"{name}.v1.schema.json"]
        for title, model in {name: schema, **schema.get("$defs", {})}.items():
            keys = set(model.get("properties", {}))
            assert set(model.get("required", [])) == keys - OPTIONAL.get(title, set()), title


WRONG: dict[str, Mutation] = {
    "a time with an offset": ("commit", ["decided_at"], "2025-09-02T10:15:14.300+02:00"),
    "a time without milliseconds": ("commit", ["decided_at"], "2025-09-02T08:15:14Z"),
    "a time as a number": ("commit", ["decided_at"], 1756800914),
    "another schema's name": ("commit", ["schema"], "rostering.commit/v2"),
    "an unknown trigger": ("commit", ["batch", "trigger"], "whim"),
    "a sequence from zero": ("commit", ["sequence"], 0),
    "a count below zero": ("commit", ["counts", "class", "removed"], -1),
    "a count as text": ("commit", ["counts", "class", "removed"], "1"),
    "a digest in capitals": ("commit", ["roster", "digest"], DIGEST.upper()),
    "an unknown operation": ("commit", ["changes", 4, "op"], "patch"),
    "a record of another kind": ("commit", ["changes", 0, "kind"], "class"),
    "a student without a class": ("commit", ["changes", 3, "record", "class_id"], None),
    "an unknown code": ("review", ["findings", "items", 0, "code"], "student.too_tall"),
    "an unknown code in the counts": ("review", ["findings", "by_code"], {"student.too_tall": 1}),
    "an unknown owner": ("review", ["causes", 0, "owner"], "weather"),
    "too many sections of a cause": ("review", ["causes", 0, "sections"], ["section-1"] * 21),
    "too many schools of a cause": ("review", ["causes", 0, "schools"], ["school-1"] * 21),
    "a cause of errors that there are none of": ("review", ["causes", 0, "findings"], {"weather": 1}),
    "a flag as a number": ("review", ["sync", "paused"], 1),
    "an alert that is neither firing nor resolved": ("alert", ["status"], "muted"),
    "a name among the counts": ("alert", ["counts"], {"Homeroom - Abara - 0": 1}),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_model_and_schema_both_refuse(wrong: str, accepted: Accepted) -> None:
    name, path, value = WRONG[wrong]
    message = copy.deepcopy(SAMPLES[name])
    at(message, tuple(path[:-1]))[path[-1]] = value

    assert accepted(name, message) == (False, False)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("commit", ["previous_commit_id"], None),
        ("commit", ["rolled_back_to"], None),
        ("commit", ["changes"], []),
        ("commit", ["changes", 2, "record", "teacher_ids"], []),
        ("review", ["suggestions"], []),
        ("review", ["sync"], dict.fromkeys(REVIEW["sync"])),
        ("alert", ["district_id"], None),
        ("alert", ["ends_at"], "2025-09-02T09:00:00.000Z"),
    ],
)
def test_what_is_unknown_or_none_passes_as_null_or_empty(
    name: str, path: list[str | int], value: object, accepted: Accepted
) -> None:
    message = copy.deepcopy(SAMPLES[name])
    at(message, tuple(path[:-1]))[path[-1]] = value

    assert accepted(name, message) == (True, True)


def test_a_part_of_a_commit_has_at_most_1000_changes(documents: dict[str, Json]) -> None:
    removals = [COMMIT["changes"][4]] * 1001

    with pytest.raises(ValidationError, match="at most 1000 items"):
        CommitMessage.model_validate(COMMIT | {"changes": removals})

    assert documents["commit.v1.schema.json"]["properties"]["changes"]["maxItems"] == 1000


def test_a_review_lists_at_most_500_findings(documents: dict[str, Json]) -> None:
    findings = REVIEW["findings"] | {"items": [REVIEW["findings"]["items"][1]] * 501}

    with pytest.raises(ValidationError, match="at most 500 items"):
        FindingsSummary.model_validate(findings)

    summary = documents["review.v1.schema.json"]["$defs"]["FindingsSummary"]
    assert summary["properties"]["items"]["maxItems"] == 500


def test_a_clever_event_passes_the_schema_in_each_form(documents: dict[str, Json]) -> None:
    schema = Draft202012Validator(documents["clever-event.schema.json"])
    section = {"id": "section-1", "district": "district-1", "name": "Homeroom", "students": ["student-1"]}
    event = {"id": "e1" * 12, "type": "sections.updated", "data": {"object": section}}
    settled = {
        "type": "feed.settled",
        "district": "district-1",
        "since": None,
        "through": "e1" * 12,
        "count": 1,
    }

    assert schema.is_valid(event)
    assert schema.is_valid({"data": event, "uri": "/v3.1/events/event-1"})
    assert schema.is_valid(settled)
    assert not schema.is_valid({"type": "refunds.created"})


# The AsyncAPI document


def test_the_asyncapi_document_has_what_version_3_asks_for(asyncapi: Json) -> None:
    assert asyncapi["asyncapi"] == "3.0.0"
    assert asyncapi["info"]["title"]
    assert asyncapi["info"]["version"]
    for channel in asyncapi["channels"].values():
        assert channel["address"]
        assert channel["messages"]
    for operation in asyncapi["operations"].values():
        assert operation["action"] in {"send", "receive"}
        (message,) = operation["messages"]
        assert message["$ref"].startswith(operation["channel"]["$ref"] + "/messages/")
    for message in asyncapi["components"]["messages"].values():
        assert {"headers", "payload", "contentType"} <= set(message)


def test_the_asyncapi_document_names_every_queue_and_how_it_is_bound(asyncapi: Json) -> None:
    described = {
        (channel["bindings"]["amqp"]["queue"]["name"], bound["exchange"]["name"], bound["routingKey"])
        for channel in asyncapi["channels"].values()
        for bound in channel["bindings"]["amqp"]["x-bound-to"]
    }

    assert set(asyncapi["channels"]) == {queue.name for queue in TOPOLOGY.queues} - {DEAD_LETTER_CLAIM_QUEUE}
    assert described == {(binding.queue, binding.exchange, binding.pattern) for binding in TOPOLOGY.bindings}
    assert {exchange for _, exchange, _ in described} == {exchange.name for exchange in TOPOLOGY.exchanges}


def test_every_channel_has_an_operation(asyncapi: Json) -> None:
    used = {operation["channel"]["$ref"] for operation in asyncapi["operations"].values()}

    assert used == {f"#/channels/{name}" for name in asyncapi["channels"]}


def test_every_reference_in_the_asyncapi_file_resolves(asyncapi: Json, documents: dict[str, Json]) -> None:
    found = set(references(asyncapi))

    assert len(found) > 20
    for reference in found:
        file, _, place = reference.partition("#/")
        document = documents[file.removeprefix("./")] if file else asyncapi
        assert at(document, tuple(place.split("/")) if place else ()) is not None


@pytest.mark.parametrize("name", SAMPLES)
def test_a_payload_takes_its_messages_alone(asyncapi: Json, documents: dict[str, Json], name: str) -> None:
    file = asyncapi["components"]["messages"][name]["payload"]["$ref"].removeprefix("./")
    schema = Draft202012Validator(documents[file])

    assert schema.is_valid(SAMPLES[name])
    assert not schema.is_valid(SAMPLES[name] | {"unknown": 1})


def test_a_messages_type_is_the_name_of_its_schema(asyncapi: Json) -> None:
    for name, sample in SAMPLES.items():
        binding = asyncapi["components"]["messages"][name]["bindings"]["amqp"]
        assert binding["messageType"] == sample["schema"]
