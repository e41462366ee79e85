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
from typing import TYPE_CHECKING, Final

from pydantic.json_schema import GenerateJsonSchema

from schemas import clever
from schemas.asyncapi import JsonObject, asyncapi_document
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
    return {
        **{
            f"{name}.v1.schema.json": _document(f"urn:rostering:{name}:v1", _schema(model))
            for name, model in PUBLISHED.items()
        },
        "clever-event.schema.json": _document("urn:rostering:clever-event", clever.event_json_schema()),
        "asyncapi.json": asyncapi_document({model.__name__: _schema(model) for model in HEADER_MODELS}),
    }


def _document(identifier: str, schema: JsonObject) -> JsonObject:
    return {**schema, "$schema": META_SCHEMA, "$id": identifier}


def _schema(model: type[BaseModel]) -> JsonObject:
    return model.model_json_schema(schema_generator=PlainJsonSchema)


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
