"""What is to be said of rows of lists that are published: those that repeat, cannot be read, or are old."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from worker.domain.roster.records import KINDS
from worker.domain.roster.versions import changed_at, micros, moment
from worker.messaging.event_files import ROW_ORIGIN, JsonObject, district_of
from worker.pipeline.poll.baseline_store import Version


@dataclass(slots=True)
class RowReport:
    """Counts of the rows among the events of files."""

    now: datetime
    repeated: int = 0
    unreadable: int = 0
    ahead: int = 0
    older: int = 0
    """Than what is staged, as far as that was asked."""
    versions: list[Version] = field(default_factory=list)
    """Rows whose time is known, to be compared with what is staged."""
    _seen: set[int] = field(default_factory=set)

    def add(self, event: JsonObject) -> None:
        """Count an event, if it was made of a row."""
        if event.get("origin") != ROW_ORIGIN:
            return
        collection = str(event["type"]).partition(".")[0]
        record = event["data"]["object"]
        record_id = record.get("id") if isinstance(record, dict) else None
        if not isinstance(record_id, str):
            self.unreadable += 1
            return
        known = len(self._seen)
        self._seen.add(hash((collection, record_id)))
        self.repeated += known == len(self._seen)
        changed = changed_at(record.get("last_modified"), micros(self.now))
        kind, district_id = KINDS.get(collection), district_of(event)
        if changed is None:
            self.ahead += moment(record.get("last_modified")) is not None
        elif kind is not None and district_id is not None:
            self.versions.append(Version(district_id, kind, record_id, changed))
