"""The mutants that no test needs to notice, each with the reason: it changes nothing that matters."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {
    "worker/adapters/postgres/sql/deliveries.sql::refresh: "
    "WHERE i.told IS NOT NULL AND l.status <> 'resolved' AND l.delivered_at IS NOT NULL => "
    "WHERE i.told IS NOT NULL AND l.status <> 'resolved' AND (true OR (l.delivered_at IS NOT NULL))": (
        "what was never delivered has no time of a refresh, so that the next condition leaves it out as well;"
        " only an end, which is left out too, is put back after its delivery"
    ),
    "worker/domain/texts.py::folded: return _folded(text) if len(text) <= KEPT_LENGTH else "
    "_settled(text, _squeezed) => return _folded(text) if len(text) < KEPT_LENGTH else "
    "_settled(text, _squeezed)": ("only shorter texts are kept in memory; what comes out is the same"),
    "worker/domain/fitting.py::fitted: if over <= 0: => if over < 0:": (
        "a review that fits exactly loses nothing on the way that leaves things out either"
    ),
    'worker/domain/baseline.py::refusal: before, after = staged.get("students", 0), '
    'read.get("students", 0) => before, after = staged.get("students", 1), '
    'read.get("students", 0)': ("one student is a small district, of which nothing is refused, as none is"),
    'worker/domain/baseline.py::refusal: before, after = staged.get("students", 0), '
    'read.get("students", 0) => before, after = staged.get("students", (-1)), '
    'read.get("students", 0)': (
        "fewer than no student is a small district, of which nothing is refused, as none is"
    ),
    "worker/stages/micro_batch.py::read_in_turns: batch, since, latest = MicroBatch(), 0, "
    "latest_at(time.time()) => batch, since, latest = MicroBatch(), 1, latest_at(time.time())": (
        "one byte more or less until others have their turn is nothing to anybody"
    ),
    "worker/stages/micro_batch.py::read_in_turns: batch, since, latest = MicroBatch(), 0, "
    "latest_at(time.time()) => batch, since, latest = MicroBatch(), (-1), "
    "latest_at(time.time())": ("one byte more or less until others have their turn is nothing to anybody"),
    "worker/stages/micro_batch.py::read_in_turns: if since >= SLICE: => if since > SLICE:": (
        "one byte more or less until others have their turn is nothing to anybody"
    ),
    "worker/stages/micro_batch.py::read_in_turns: since = 0 => since = 1": (
        "one byte more or less until others have their turn is nothing to anybody"
    ),
    "worker/stages/micro_batch.py::read_in_turns: since = 0 => since = (-1)": (
        "one byte more or less until others have their turn is nothing to anybody"
    ),
    "worker/candidate/classes.py::refresh_classes: if state.rank is not None and state.record "
    "is not None => if ((state.rank is not None))": (
        "a section without a record has no rank: the step before took it"
    ),
    "worker/adapters/postgres/sql/mails.sql::for_a_person: "
    "WHERE (dead_at IS NOT NULL OR bounced_at IS NOT NULL OR refused <> '{}' "
    "OR (waits AND handed_at IS NOT NULL)) => "
    "WHERE (dead_at IS NOT NULL OR bounced_at IS NOT NULL OR refused <> '{}' "
    "OR (waits OR handed_at IS NOT NULL))": (
        "it names the index that the rows are read by; the condition behind it leaves out all that it lets in"
    ),
}
"""Reasons by the name of a mutant, as `make mutants` prints it."""
