"""The models of what goes over the wire."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas import clever, export
from schemas.messages.alert import AlertMessage
from schemas.messages.fields import Instant, Published
from schemas.messages.headers import HEADERS, DeadLetterHeaders, Headers, MessageHeaders
from schemas.messages.records import ClassRecord
from schemas.messages.review import FindingItem
from schemas.words import AlertStatus, FindingCode
from tests.support.builders.messages import ALERT, COMMIT, DETAILS, SAMPLES, at, is_taken_by_model, objects


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_is_written_as_it_was_read(name: str) -> None:
    message = export.PUBLISHED[name].model_validate_json(json.dumps(SAMPLES[name]))

    assert message.wire() == SAMPLES[name]


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
        code=FindingCode.EVENTS_QUARANTINED, severity="error", kind="district", id="district-1", waiting=0
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
