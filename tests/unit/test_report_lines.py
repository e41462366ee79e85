"""What `publish` and `resync` say of rows that repeat, are old, or are none."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from tests.support.builders.records import DISTRICT, NOON, Json, record_id, student_json
from worker.cli import publish, source
from worker.domain.roster.records import RecordKind
from worker.domain.roster.versions import micros
from worker.messaging.event_files import read_events
from worker.operations.resync import ReadWhole
from worker.operations.row_report import RowReport
from worker.pipeline.poll.baseline_store import Older, Run, Version

YESTERDAY = NOON - timedelta(days=1)


def report_on(folder: Path, *rows: object) -> RowReport:
    """Return the report on a page of these rows."""
    path = folder / "page.json"
    path.write_text(json.dumps({"data": list(rows)}))
    report = RowReport(NOON)
    for event in read_events([path], NOON):
        report.add(event)
    return report


def row(number: int, modified: object = None) -> Json:
    record = student_json(number) | {"last_modified": modified}
    return {"data": record, "uri": f"/v3.1/users/{record['id']}"}


def read(repeated: int = 0, older: int = 0, kept: int = 0, ahead: int = 0) -> ReadWhole:
    run = Run(DISTRICT, "1", "", [], None, None, 9, NOON, 1.0, is_read=True, is_ready=True, repeated=repeated)
    return ReadWhole(run, Older(older, kept), ahead)


def test_rows_that_repeat_a_record_are_none_or_lie_ahead_are_counted(tmp_path: Path) -> None:
    ahead = (NOON + timedelta(days=1)).isoformat()

    report = report_on(tmp_path, row(1), row(1), row(2, ahead), {"data": None}, row(3, YESTERDAY.isoformat()))

    assert (report.repeated, report.ahead, report.unreadable) == (1, 1, 1)
    assert report.versions == [Version(DISTRICT, RecordKind.USER, record_id(3), micros(YESTERDAY))]


def test_events_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text(json.dumps({"id": "1" * 24, "type": "users.created", "data": {"object": {}}}))
    report = RowReport(NOON)
    for event in read_events([path], NOON):
        report.add(event)

    assert publish.report_lines(report) == []


def test_publish_says_how_many_rows_change_nothing_and_why() -> None:
    report = RowReport(NOON, repeated=1, unreadable=2, ahead=1, older=2_000)

    assert publish.report_lines(report) == [
        (
            "1 row repeated a record: the most recently modified version is kept, "
            "or of equal ones the one read last."
        ),
        "2 rows without a record go to the dead letters.",
        "1 row with a modification time in the future: the time was ignored.",
        "2,000 rows are older than the stored version, and will change nothing.",
    ]


def test_resync_says_how_many_rows_change_nothing_and_what_would_let_them() -> None:
    assert source.report_lines(read()) == []
    assert source.report_lines(read(repeated=3, older=1, kept=1, ahead=2)) == [
        (
            "3 rows repeated a record: the most recently modified version is kept, "
            "or of equal ones the one read last."
        ),
        "2 rows with a modification time in the future: the time was ignored.",
        "1 row is older than the stored version and changed nothing; use --over-newer to overwrite.",
        "1 stored record is newer than the pages and not in them; kept (--over-newer removes it).",
    ]
    assert source.report_lines(read(kept=2)) == [
        "2 stored records are newer than the pages and not in them; kept (--over-newer removes them)."
    ]
