"""The AsyncAPI document of the queues, and of what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from config import topology
from schemas.messages.alert import ALERT_SCHEMA
from schemas.messages.commit import COMMIT_SCHEMA
from schemas.messages.review import REVIEW_SCHEMA

JsonObject: TypeAlias = dict[str, Any]

WIRE_VERSION: Final = "1.0.0"
BINDING_VERSION: Final = "0.3.0"
CONTENT_TYPE: Final = "application/json"
ANYTHING: Final = {"description": "Whatever arrived: it need not even be JSON."}


@dataclass(frozen=True, slots=True)
class MessageDocument:
    """A message of the AsyncAPI document: the file of its body's schema, the name of its headers'."""

    title: str
    summary: str
    payload: str | None
    """None where the body may be anything."""
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
        payload="clever-event.schema.json",
        headers="EventHeaders",
    ),
    "deadLetter": MessageDocument(
        "Dead letter",
        "A message that could not be used, with the reason, its body untouched.",
        payload=None,
        headers="DeadLetterHeaders",
        content_type="application/octet-stream",
    ),
    "commit": MessageDocument(
        "Commit",
        "What changed in a district's roster, all or nothing.",
        payload="commit.v1.schema.json",
        headers="MessageHeaders",
        type=COMMIT_SCHEMA,
    ),
    "review": MessageDocument(
        "Review",
        "Why a district was not committed, who owns each cause, and which rule would fix it.",
        payload="review.v1.schema.json",
        headers="MessageHeaders",
        type=REVIEW_SCHEMA,
    ),
    "alert": MessageDocument(
        "Alert",
        "An incident began, changed or is over; no personal data.",
        payload="alert.v1.schema.json",
        headers="MessageHeaders",
        type=ALERT_SCHEMA,
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


def asyncapi_document(headers: JsonObject) -> JsonObject:
    """Return the AsyncAPI 3.0.0 document; `headers` are the schemas of the messages' headers, by name.

    The schemas of the bodies are the files beside it.
    """
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
            "schemas": headers,
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
        "headers": {"$ref": f"#/components/schemas/{message.headers}"},
        "payload": {"$ref": f"./{message.payload}"} if message.payload else ANYTHING,
    }
    if message.type is not None:
        document["bindings"] = {"amqp": {"messageType": message.type, "bindingVersion": BINDING_VERSION}}
    return document
