"""Write the wire down for those who do not read Python: JSON Schemas, and one AsyncAPI document.

    python -m schemas.export            writes schemas/json/
    python -m schemas.export --check    exits 1 and names each file that is not what the models say

The files are made from the models and the topology and from nothing else, and are the same bytes
every time: a change of the wire shows as a change of a file, for a reviewer to see.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pydantic.json_schema import GenerateJsonSchema

from config import topology
from schemas import clever, messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

JsonObject: TypeAlias = dict[str, Any]

FOLDER: Final = Path(__file__).parent / "json"
META_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"
WIRE_VERSION: Final = "1.0.0"
BINDING_VERSION: Final = "0.3.0"
CONTENT_TYPE: Final = "application/json"
DEFINITIONS: Final = "#/$defs/"
COMPONENTS: Final = "#/components/schemas/"

PUBLISHED: Final[dict[str, type[BaseModel]]] = {
    "commit": messages.CommitMessage,
    "review": messages.ReviewMessage,
    "alert": messages.AlertMessage,
}
HEADER_MODELS: Final[tuple[type[BaseModel], ...]] = (
    messages.MessageHeaders,
    messages.EventHeaders,
    messages.DeadLetterHeaders,
)


@dataclass(frozen=True, slots=True)
class MessageDocument:
    """A message of the AsyncAPI document, by the names of its schemas in the components."""

    title: str
    summary: str
    payload: str
    headers: str
    content_type: str = CONTENT_TYPE
    type: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelDocument:
    """What a queue is for, and the message that stands in it."""

    title: str
    description: str
    message: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that the worker does with a queue, seen from the worker."""

    action: Literal["send", "receive"]
    queue: str
    summary: str


MESSAGES: Final = {
    "cleverEvent": MessageDocument(
        "Clever event",
        "One Clever change event, or the word that a feed was read to its end.",
        payload="CleverEvent",
        headers="EventHeaders",
    ),
    "deadLetter": MessageDocument(
        "Dead letter",
        "A message that could not be used, with the reason, its body untouched.",
        payload="DeadLetter",
        headers="DeadLetterHeaders",
        content_type="application/octet-stream",
    ),
    "commit": MessageDocument(
        "Commit",
        "What changed in a district's roster, all or nothing.",
        payload="CommitMessage",
        headers="MessageHeaders",
        type=messages.COMMIT_SCHEMA,
    ),
    "review": MessageDocument(
        "Review",
        "Why a district was not committed, who owns each cause, and which rule would fix it.",
        payload="ReviewMessage",
        headers="MessageHeaders",
        type=messages.REVIEW_SCHEMA,
    ),
    "alert": MessageDocument(
        "Alert",
        "An incident began, changed or is over; no personal data.",
        payload="AlertMessage",
        headers="MessageHeaders",
        type=messages.ALERT_SCHEMA,
    ),
}

CHANNELS: Final = {
    topology.EVENTS_QUEUE: ChannelDocument(
        "Events from Clever",
        "Publish to the exchange with any routing key; ours is `<district>.<type>`."
        " Events may come late, twice and out of order.",
        "cleverEvent",
    ),
    topology.DEAD_LETTER_QUEUE: ChannelDocument(
        "Events that could not be used", "They wait for a person, who replays or discards them.", "deadLetter"
    ),
    topology.DEAD_LETTER_COPY_QUEUE: ChannelDocument(
        "Copies of events that could not be used",
        "For the stage that holds a district back whose event the broker itself put aside.",
        "deadLetter",
    ),
    topology.COMMIT_QUEUE: ChannelDocument(
        "Commits",
        "Routing key `commit.<district>`. In order per district; a message may come twice, never not at all.",
        "commit",
    ),
    topology.REVIEW_QUEUE: ChannelDocument(
        "Reviews",
        "Routing key `review.<district>`. In order per district; a message may come twice, never not at all.",
        "review",
    ),
    topology.ALERT_QUEUE: ChannelDocument(
        "Alerts",
        "Routing key `alert.<severity>`. One firing and one resolved alert per incident, and an updated one"
        " where its picture changes.",
        "alert",
    ),
}

OPERATIONS: Final = {
    "pollClever": Operation("send", topology.EVENTS_QUEUE, "Publish what the Clever API reports."),
    "ingestEvent": Operation("receive", topology.EVENTS_QUEUE, "Store an event, then acknowledge it."),
    "setAside": Operation("send", topology.DEAD_LETTER_QUEUE, "Put aside what cannot be read."),
    "quarantineDistrict": Operation(
        "receive", topology.DEAD_LETTER_COPY_QUEUE, "Quarantine the district of what the broker put aside."
    ),
    "replayDeadLetter": Operation("receive", topology.DEAD_LETTER_QUEUE, "Replay or discard it, on request."),
    "publishCommit": Operation("send", topology.COMMIT_QUEUE, "Publish a commit, persistent and confirmed."),
    "publishReview": Operation("send", topology.REVIEW_QUEUE, "Publish a review, persistent and confirmed."),
    "publishAlert": Operation("send", topology.ALERT_QUEUE, "Publish an alert, persistent and confirmed."),
    "notifyOperations": Operation(
        "receive",
        topology.ALERT_QUEUE,
        "Hand an alert on to operations; the worker's own channels do not read here.",
    ),
}


class PlainJsonSchema(GenerateJsonSchema):
    """JSON Schema without what only pydantic or OpenAPI would understand."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's signature
        """Leave out titles that only repeat the field's name."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out our one default, None: on the wire such a field is absent."""
        return self.generate_inner(schema["schema"])

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Leave out OpenAPI's `discriminator`, which AsyncAPI spells otherwise; `oneOf` says it all."""
        union = super().tagged_union_schema(schema)
        union.pop("discriminator", None)
        return union


def documents() -> dict[str, JsonObject]:
    """Return every document by its file's name."""
    published = {name: _schema(model) for name, model in PUBLISHED.items()}
    event: JsonObject = clever.event_json_schema()
    return {
        **{
            f"{name}.v1.schema.json": _document(f"urn:rostering:{name}:v1", schema)
            for name, schema in published.items()
        },
        "clever-event.schema.json": _document("urn:rostering:clever-event", event),
        "asyncapi.json": _asyncapi(_component_schemas(published, event)),
    }


def _document(identifier: str, schema: JsonObject) -> JsonObject:
    return {**schema, "$schema": META_SCHEMA, "$id": identifier}


def _schema(model: type[BaseModel]) -> JsonObject:
    return model.model_json_schema(schema_generator=PlainJsonSchema)


def _asyncapi(schemas: JsonObject) -> JsonObject:
    """Return the AsyncAPI 3.0.0 document of the queues and what stands in them."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:rostering:worker",
        "info": {
            "title": "Rostering worker",
            "version": WIRE_VERSION,
            "description": "Takes Clever's change events, checks each district in a preflight, and publishes"
            " a commit, or a review that says why not.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {
            queue.name: _channel(queue) for queue in topology.TOPOLOGY.queues if queue.name in CHANNELS
        },
        "operations": {name: _operation(operation) for name, operation in OPERATIONS.items()},
        "components": {
            "messages": {name: _message(name, message) for name, message in MESSAGES.items()},
            "schemas": schemas,
        },
    }


def _channel(queue: topology.Queue) -> JsonObject:
    channel = CHANNELS[queue.name]
    return {
        "address": queue.name,
        "title": channel.title,
        "description": channel.description,
        "messages": {channel.message: {"$ref": f"#/components/messages/{channel.message}"}},
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {"name": queue.name, "durable": True, "exclusive": False, "autoDelete": False},
                # The binding takes a queue or an exchange, not both: the way in is an extension.
                "x-bound-to": [
                    {"exchange": _exchange(binding.exchange), "routingKey": binding.pattern}
                    for binding in topology.TOPOLOGY.bindings
                    if binding.queue == queue.name
                ],
                "x-queue-arguments": queue.arguments,
                "bindingVersion": BINDING_VERSION,
            }
        },
    }


def _exchange(name: str) -> JsonObject:
    return {"name": name, "type": "topic", "durable": True, "autoDelete": False}


def _operation(operation: Operation) -> JsonObject:
    message = CHANNELS[operation.queue].message
    document: JsonObject = {
        "action": operation.action,
        "summary": operation.summary,
        "channel": {"$ref": f"#/channels/{operation.queue}"},
        "messages": [{"$ref": f"#/channels/{operation.queue}/messages/{message}"}],
    }
    if operation.action == "send":
        document["bindings"] = {"amqp": {"deliveryMode": 2, "bindingVersion": BINDING_VERSION}}
    return document


def _message(name: str, message: MessageDocument) -> JsonObject:
    document: JsonObject = {
        "name": message.type or name,
        "title": message.title,
        "summary": message.summary,
        "contentType": message.content_type,
        "headers": {"$ref": COMPONENTS + message.headers},
        "payload": {"$ref": COMPONENTS + message.payload},
    }
    if message.type is not None:
        document["bindings"] = {"amqp": {"messageType": message.type, "bindingVersion": BINDING_VERSION}}
    return document


def _component_schemas(published: dict[str, JsonObject], event: JsonObject) -> JsonObject:
    """Collect all schemas in one namespace; Clever's get a prefix, for they too know a school."""
    named = {PUBLISHED[name].__name__: schema for name, schema in published.items()}
    named |= {model.__name__: _schema(model) for model in HEADER_MODELS}
    components: JsonObject = {
        "DeadLetter": {"title": "DeadLetter", "description": "Whatever arrived: it need not even be JSON."}
    }
    for name, schema in named.items():
        components |= _as_components(name, schema)
    return components | _as_components("CleverEvent", event, prefix="Clever")


def _as_components(name: str, schema: JsonObject, prefix: str = "") -> JsonObject:
    root = {key: value for key, value in schema.items() if key != "$defs"}
    parts = {prefix + part: definition for part, definition in schema.get("$defs", {}).items()}
    return {key: _relinked(value, prefix) for key, value in (parts | {name: root}).items()}


def _relinked(node: Any, prefix: str) -> Any:
    """Point every reference at the components instead of at the schema's own definitions."""
    if isinstance(node, list):
        return [_relinked(item, prefix) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: COMPONENTS + prefix + value.removeprefix(DEFINITIONS)
        if key == "$ref" and isinstance(value, str)
        else _relinked(value, prefix)
        for key, value in node.items()
    }


@cache
def rendered() -> Mapping[str, str]:
    """Return the exact text of every file by its name."""
    return {
        name: json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for name, document in documents().items()
    }


def differing(folder: Path = FOLDER) -> list[str]:
    """Return the names of the files that are missing, not what the models say, or nobody's any more."""
    expected = rendered()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))


def write(folder: Path = FOLDER) -> None:
    """Write every file, and remove what is no longer one of them."""
    folder.mkdir(parents=True, exist_ok=True)
    expected = rendered()
    for path in folder.glob("*.json"):
        if path.name not in expected:
            path.unlink()
    for name, text in expected.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Write the files, or with `--check` compare them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m schemas.export", description="Write the wire's schemas.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a file differs")
    if not parser.parse_args(arguments).check:
        write(folder)
        return 0
    names = differing(folder)
    for name in names:
        sys.stderr.write(f"{name} is not what the models say; run: python -m schemas.export\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
