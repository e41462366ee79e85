"""Mutants of the reading of messages that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {
    "worker/pipeline/ingest/micro_batch.py::_has_too_many_values: if sum(map(body.count, before)) <= "
    "MAX_VALUES: => if sum(map(body.count, before)) < MAX_VALUES:": (
        "it spares the closer look, which says the same"
    ),
    "worker/pipeline/ingest/micro_batch.py::_read: if len(body) >= LARGE and "
    "_has_too_many_values(body): => if len(body) > LARGE and _has_too_many_values(body):": (
        "a body of so few bytes has no room for too many values"
    ),
    "worker/pipeline/ingest/micro_batch.py::_read: if len(body) >= LARGE and "
    "_has_too_many_values(body): => if ((_has_too_many_values(body))):": (
        "a body of so few bytes has no room for too many values"
    ),
    "worker/pipeline/ingest/micro_batch.py::_read_large: gc.disable() => pass": (
        "it only makes reading faster"
    ),
    "worker/pipeline/ingest/micro_batch.py::_read_into: if isinstance(event, clever.Event) and "
    "event.unread: => if ((event.unread)):": (
        "what is stored as an arrival is an event; the condition says so to the type checker"
    ),
    "worker/pipeline/ingest/translate.py::_section: content = without_blanks(zip(_SECTION_TEXTS, "
    "_section_texts(section), strict=True)) => content = without_blanks(zip(_SECTION_TEXTS, "
    "_section_texts(section), strict=False))": ("there are as many names as values"),
    "worker/pipeline/ingest/translate.py::_student: texts = without_blanks(zip(_STUDENT_TEXTS, "
    "values, strict=True)) => texts = without_blanks(zip(_STUDENT_TEXTS, values, strict=False))": (
        "there are as many names as values"
    ),
}
