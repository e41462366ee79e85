"""The wire's models, the files made from them, and that the two say the same."""

from __future__ import annotations

import copy
import json
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError

from config.topology import DEAD_LETTER_CLAIM_QUEUE, TOPOLOGY
from schemas import clever, export
from schemas.messages.alert import AlertMessage
from schemas.messages.commit import CommitMessage
from schemas.messages.fields import Instant, Published
from schemas.messages.headers import HEADERS, DeadLetterHeaders, Headers, MessageHeaders
from schemas.messages.records import ClassRecord
from schemas.messages.review import FindingItem, FindingsSummary
from schemas.words import AlertStatus, FindingCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Accepted = Callable[[str, dict[str, Any]], tuple[bool, bool]]

Json = dict[str, Any]
Mutation = tuple[str, list[str | int], object]

BATCH = {
    "batch_id": "batch-12",
    "trigger": "quiet",
    "events": 12,
    "opened_at": "2025-09-02T08:15:04.000Z",
    "closed_at": "2025-09-02T08:15:14.250Z",
}
COUNTS = {
    "school": {"upserted": 1, "removed": 0},
    "teacher": {"upserted": 1, "removed": 0},
    "class": {"upserted": 1, "removed": 1},
    "student": {"upserted": 1, "removed": 0},
}
DIGEST = "0f" * 32

COMMIT: Json = {
    "schema": "rostering.commit/v1",
    "commit_id": "commit-3",
    "district_id": "district-1",
    "sequence": 3,
    "previous_commit_id": "commit-2",
    "rolled_back_to": 1,
    "part": 1,
    "parts": 1,
    "decided_at": "2025-09-02T08:15:14.300Z",
    "batch": BATCH,
    "counts": COUNTS,
    "roster": {"schools": 3, "teachers": 31, "classes": 39, "students": 1004, "digest": DIGEST},
    "changes": [
        {
            "op": "upsert",
            "kind": "school",
            "id": "school-1",
            "record": {
                "name": "Lakeside Elementary",
                "sis_id": "100",
                "school_number": "1",
                "low_grade": "Kindergarten",
                "high_grade": "5",
            },
        },
        {
            "op": "upsert",
            "kind": "teacher",
            "id": "teacher-1",
            "record": {"first_name": "Ada", "last_name": "Abara", "email": None, "sis_id": "T-1"},
        },
        {
            "op": "upsert",
            "kind": "class",
            "id": "section-1",
            "record": {
                "name": "Homeroom - Abara - 0",
                "school_id": "school-1",
                "teacher_ids": ["teacher-1", "teacher-9"],
                "grade": "4",
                "subject": "homeroom/advisory",
                "period": "0",
                "term_id": None,
                "sis_id": "SEC-812",
            },
        },
        {
            "op": "upsert",
            "kind": "student",
            "id": "student-1",
            "record": {
                "first_name": "Zoë",
                "middle_name": None,
                "last_name": " Okafor",
                "email": None,
                "sis_id": "S-1",
                "student_number": None,
                "state_id": None,
                "grade": "4",
                "school_id": "school-1",
                "class_id": "section-1",
                "extra": {"ell_status": "Y", "ext.house": {"colour": "green"}},
            },
        },
        {"op": "remove", "kind": "class", "id": "section-0"},
    ],
}

REVIEW: Json = {
    "schema": "rostering.review/v1",
    "review_id": "review-1",
    "district_id": "district-1",
    "sequence": 1,
    "decided_at": "2025-09-02T08:15:14.300Z",
    "standing_since": "2025-09-01T00:00:00.000Z",
    "batch": BATCH,
    "students": {"total": 1004, "ready": 592, "blocked": 412, "outside_scope": 9},
    "findings": {
        "errors": 414,
        "warnings": 1,
        "by_code": {"student.multiple_sections": 412, "student.field_missing": 1, "class.unknown_teacher": 1},
        "new": 412,
        "resolved": 0,
        "standing": 2,
        "changes": {
            "new": {"student.multiple_sections": 412},
            "resolved": {},
            "standing": {"student.field_missing": 1, "district.mass_removal": 1},
        },
        "since": "2025-09-01T00:00:00.000Z",
        "items": [
            {
                "code": "student.multiple_sections",
                "severity": "error",
                "kind": "student",
                "id": "student-1",
                "sections": ["section-1", "section-2"],
                "since": "2025-09-02T08:15:14.300Z",
            },
            {
                "code": "student.field_missing",
                "severity": "error",
                "kind": "student",
                "id": "student-2",
                "field": "dob",
            },
            {
                "code": "district.mass_removal",
                "severity": "error",
                "kind": "district",
                "id": "district-1",
                "removed": 200,
                "committed": 1004,
                "limit_percent": 12.5,
            },
            {
                "code": "class.unknown_teacher",
                "severity": "warning",
                "kind": "class",
                "id": "section-1",
                "teachers": ["teacher-9"],
            },
        ],
    },
    "causes": [
        {
            "code": "student.multiple_sections",
            "owner": "filter",
            "students": 412,
            "unblocks": 411,
            "removed": None,
            "class_changes": None,
            "findings": {"student.multiple_sections": 412},
            "field": None,
            "schools": ["school-1"],
            "school_count": 1,
            "grades": ["3", "Kindergarten"],
            "sections": ["section-1", "section-2"],
            "since": "2025-09-01T00:00:00.000Z",
            "advice": "Keep the homeroom sections only.",
        }
    ],
    "suggestions": [
        {
            "filter": {
                "strategy": "union",
                "rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}],
            },
            "coverage": {"exactly_one": 1004, "none": 0, "several": 0},
            "sharing_rules": True,
            "why_not_shared": None,
            "text": 'Match all sections where name contains "homeroom"',
            "leftovers": [{"school": "h1", "grade": None, "none": 1, "several": 0}],
            "leftover_groups": 1,
            "in_force": False,
            "cut_short": False,
            "as_of": "2026-08-20T14:00:00.000Z",
        }
    ],
    "sync": {
        "state": "paused",
        "paused": True,
        "pause_start": "2026-06-08T00:00:00.000Z",
        "pause_end": "2026-08-10T00:00:00.000Z",
        "last_sync": None,
        "warning": None,
    },
    "plan": {"digest": DIGEST, "counts": COUNTS},
}

ALERT: Json = {
    "schema": "rostering.alert/v1",
    "alert_id": "alert-1",
    "dedup_key": "preflight.failed:district-1",
    "status": "firing",
    "severity": "warning",
    "code": "preflight.failed",
    "district_id": "district-1",
    "summary": "Preflight failed: 412 of 1,004 students blocked",
    "counts": {"errors": 412, "student.multiple_sections": 412},
    "url": "/districts/district-1",
    "starts_at": "2025-09-02T08:15:14.300Z",
    "ends_at": None,
}

SAMPLES = {"commit": COMMIT, "review": REVIEW, "alert": ALERT}
FREE_FORM = {"extra", "filter"}
DETAILS = {name for name, field in FindingItem.model_fields.items() if not field.is_required()}
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


def is_taken_by_model(name: str, message: Json) -> bool:
    try:
        export.PUBLISHED[name].model_validate_json(json.dumps(message))
    except ValidationError:
        return False
    return True


def objects(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every object whose keys the contract fixes."""
    if isinstance(node, dict):
        yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(child, dict | list) and key not in FREE_FORM:
            yield from objects(child, (*path, key))


def at(node: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        node = node[step]
    return node


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
def test_a_message_is_written_as_it_was_read(name: str) -> None:
    message = export.PUBLISHED[name].model_validate_json(json.dumps(SAMPLES[name]))

    assert message.wire() == SAMPLES[name]


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


@pytest.mark.parametrize("name", SAMPLES)
def test_no_key_may_be_missing_but_details_that_do_not_apply(name: str) -> None:
    for path in objects(SAMPLES[name]):
        optional = DETAILS if path[-2:-1] == ("items",) else set()
        if path[-1:] in {("by_code",), ("counts",)} and name != "commit":
            continue
        if path[-2:-1] == ("changes",) or (path[:1] == ("causes",) and path[-1:] == ("findings",)):
            continue  # counts by code
        for key in at(SAMPLES[name], path):
            message = copy.deepcopy(SAMPLES[name])
            del at(message, path)[key]
            assert is_taken_by_model(name, message) == (key in optional), (path, key)


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


def test_a_class_lists_its_teachers_in_ascending_order() -> None:
    record = COMMIT["changes"][2]["record"] | {"teacher_ids": ["teacher-9", "teacher-1"]}

    with pytest.raises(ValidationError, match="ascending"):
        ClassRecord.model_validate(record)


def test_a_message_cannot_be_changed() -> None:
    alert = AlertMessage.model_validate(ALERT)

    with pytest.raises(ValidationError, match="frozen"):
        alert.status = AlertStatus.RESOLVED  # type: ignore[misc]  # what the test is about


def test_details_of_a_finding_that_do_not_apply_are_not_written() -> None:
    item = FindingItem(
        code=FindingCode.EVENTS_QUARANTINED,
        severity="error",
        kind="district",
        id="district-1",
        waiting=0,
    )

    assert item.wire() == {
        "code": "district.events_quarantined",
        "severity": "error",
        "kind": "district",
        "id": "district-1",
        "waiting": 0,
    }


def test_a_time_is_written_in_utc_with_milliseconds_and_read_back() -> None:
    instant = TypeAdapter[datetime](Instant)
    berlin = timezone(timedelta(hours=2))

    kept = instant.validate_python(datetime(2025, 9, 2, 10, 15, 4, 123987, tzinfo=berlin))

    assert instant.dump_json(kept) == b'"2025-09-02T08:15:04.123Z"'
    assert instant.validate_json(instant.dump_json(kept)) == kept.replace(microsecond=123_000)


def test_a_time_that_knows_no_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        TypeAdapter(Instant).validate_python(datetime(2025, 9, 2))  # noqa: DTZ001 - the test's subject


def test_headers_are_the_contracts_and_leave_room_for_the_brokers() -> None:
    headers = {"district_id": "district-1", "decision_id": "commit-3", "sequence": 3, "part": 1, "parts": 1}
    traced = {**headers, "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "x-delivery-count": 1}

    read = MessageHeaders.model_validate(traced)

    assert set(traced) - {"x-delivery-count"} == set(HEADERS)
    assert read.sequence == 3


def test_a_dead_letters_reason_stands_in_the_header_that_the_contract_names() -> None:
    headers = DeadLetterHeaders(reason=clever.Reason.NOT_JSON)

    assert headers.model_dump(exclude_none=True) == {"x-reason": "not_json"}


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


def parts_of(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for part in base.__subclasses__():
        yield part
        yield from parts_of(part)


def test_every_published_part_is_frozen_and_refuses_unknown_keys() -> None:
    parts = list(parts_of(Published))

    assert len(parts) > 20
    for part in parts:
        assert part.model_config["frozen"]
        assert issubclass(part, Headers) or part.model_config["extra"] == "forbid"
