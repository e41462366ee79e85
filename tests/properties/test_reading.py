"""Any body is read or refused."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas import clever
from schemas.clever import UnreadableEvent
from tests.support.builders.records import DISTRICT, body, event_json, put, student_json
from worker.pipeline.ingest.translate import to_arrival, to_mark

LEAVES = st.none() | st.booleans() | st.integers(-9, 2**70) | st.floats() | st.text('ab \0"\\é', max_size=3)
KEYS = st.sampled_from(
    [
        *("id", "type", "data", "object", "district", "name"),
        *("roles", "student", "ext", "teachers", "students", "count"),
    ]
)
ANY_JSON = st.recursive(
    LEAVES
    | st.sampled_from(["users.created", "sections.updated", "terms.created", "feed.settled", DISTRICT]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
PATHS = st.sampled_from(
    [
        *("id", "type", "data", "data.object", "data.object.id", "data.object.district", "data.object.name"),
        *("data.object.roles", "data.object.roles.student", "data.object.roles.student.ext"),
    ]
)


def reads_or_refuses(text: bytes) -> None:
    """Read a body; whatever else than `UnreadableEvent` it raises is the test's failure."""
    try:
        event = clever.read(text)
    except UnreadableEvent:
        return
    kept = to_arrival(event) if isinstance(event, clever.Event) else to_mark(event)
    assert kept.district_id.strip()


@given(st.binary(max_size=40))
def test_no_bytes_raise_anything_but_that_they_cannot_be_read(text: bytes) -> None:
    reads_or_refuses(text)
    reads_or_refuses(body(event_json(student_json())).replace(b"Tamsin", text))


@given(ANY_JSON, PATHS)
def test_no_json_raises_anything_but_that_it_cannot_be_read(value: Any, path: str) -> None:
    reads_or_refuses(json.dumps(value).encode())
    reads_or_refuses(json.dumps(put(event_json(student_json()), path, value)).encode())
