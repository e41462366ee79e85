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
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import GenerateJsonSchema

from schemas import clever
from schemas.asyncapi import COMPONENTS, JsonObject, asyncapi_document
from schemas.messages.alert import AlertMessage
from schemas.messages.commit import CommitMessage
from schemas.messages.fields import Published
from schemas.messages.headers import DeadLetterHeaders, EventHeaders, MessageHeaders
from schemas.messages.review import ReviewMessage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

FOLDER: Final = Path(__file__).parent / "json"
META_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"
DEFINITIONS: Final = "#/$defs/"

PUBLISHED: Final[dict[str, type[Published]]] = {
    "commit": CommitMessage,
    "review": ReviewMessage,
    "alert": AlertMessage,
}
HEADER_MODELS: Final[tuple[type[BaseModel], ...]] = (
    MessageHeaders,
    EventHeaders,
    DeadLetterHeaders,
)


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
        "asyncapi.json": asyncapi_document(_component_schemas(published, event)),
    }


def _document(identifier: str, schema: JsonObject) -> JsonObject:
    return {**schema, "$schema": META_SCHEMA, "$id": identifier}


def _schema(model: type[BaseModel]) -> JsonObject:
    return model.model_json_schema(schema_generator=PlainJsonSchema)


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
