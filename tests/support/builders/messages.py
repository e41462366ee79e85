"""A message of each schema as the contract writes it, and where its objects are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from schemas import export
from schemas.messages.review import FindingItem
from tests.support.builders.suggestions import suggestion

Json = dict[str, Any]

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
        suggestion(
            filter={
                "strategy": "union",
                "rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}],
            },
            coverage={"exactly_one": 1004, "none": 0, "several": 0},
            leftovers=[{"school": "h1", "grade": None, "none": 1, "several": 0}],
            leftover_groups=1,
            as_of="2026-08-20T14:00:00.000Z",
        )
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
"""What a finding says only where it applies."""


def is_taken_by_model(name: str, message: Json) -> bool:
    """Whether the model of this name reads a message."""
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
    """Return what is at a path."""
    for step in path:
        node = node[step]
    return node
