"""Mutants of the program, and of statements, that change nothing that matters; each with the reason."""

from __future__ import annotations

from typing import Final

ONE_BYTE: Final = "one byte more or less until others have their turn is nothing to anybody"
ONE_MESSAGE: Final = "a loss is read alone: its batch has one message, which is the first and the last"
OPENED: Final = "it is set when the subscription is opened, before anything looks at it"

EQUIVALENT: Final[dict[str, str]] = {
    "worker/adapters/postgres/alerts/deliveries.sql::refresh: "
    "WHERE i.told IS NOT NULL AND l.status <> 'resolved' AND l.delivered_at IS NOT NULL => "
    "WHERE i.told IS NOT NULL AND l.status <> 'resolved' AND (true OR (l.delivered_at IS NOT NULL))": (
        "what was never delivered has no time of a refresh, so that the next condition leaves it out as well;"
        " only an end, which is left out too, is put back after its delivery"
    ),
    "worker/domain/roster/texts.py::folded: return _folded(text) if len(text) <= KEPT_LENGTH else "
    "_settled(text, _squeezed) => return _folded(text) if len(text) < KEPT_LENGTH else "
    "_settled(text, _squeezed)": ("only shorter texts are kept in memory; what comes out is the same"),
    'worker/domain/roster/baseline_check.py::why_refused: before, after = staged.get("students", 0), '
    'read["students"] => before, after = staged.get("students", 1), read["students"]': (
        "one student is a small district, of which nothing is refused, as none is"
    ),
    'worker/domain/roster/baseline_check.py::why_refused: before, after = staged.get("students", 0), '
    'read["students"] => before, after = staged.get("students", (-1)), read["students"]': (
        "fewer than no student is a small district, of which nothing is refused, as none is"
    ),
    "worker/pipeline/ingest/micro_batch.py::read_in_turns: batch, since, latest = MicroBatch(), 0, "
    "latest_at(time.time()) => batch, since, latest = MicroBatch(), 1, latest_at(time.time())": ONE_BYTE,
    "worker/pipeline/ingest/micro_batch.py::read_in_turns: batch, since, latest = MicroBatch(), 0, "
    "latest_at(time.time()) => batch, since, latest = MicroBatch(), (-1), "
    "latest_at(time.time())": ONE_BYTE,
    "worker/pipeline/ingest/micro_batch.py::read_in_turns: if since >= SLICE: => if since > SLICE:": ONE_BYTE,
    "worker/pipeline/ingest/micro_batch.py::read_in_turns: since = 0 => since = 1": ONE_BYTE,
    "worker/pipeline/ingest/micro_batch.py::read_in_turns: since = 0 => since = (-1)": ONE_BYTE,
    "worker/pipeline/evaluate/candidate/step3_classes.py::refresh_classes: if state.rank is "
    "not None and state.record "
    "is not None => if ((state.rank is not None))": (
        "a section without a record has no rank: the step before took it"
    ),
    "worker/pipeline/ingest/quarantine.py::_whose: return batch.arrivals[0].district_id, "
    "batch.arrivals[0].event_id => return batch.arrivals[0].district_id, "
    "batch.arrivals[(-1)].event_id": ONE_MESSAGE,
    "worker/pipeline/poll/turn.py::_Turn._read_baseline: if run is None or is_over or "
    "connection.resync is not None: => if ((is_over) or (connection.resync is not None)):": (
        "where there is no run, its time is over as well; the condition says so to mypy"
    ),
    "worker/pipeline/poll/turn.py::_Turn._read_baseline: is_over = run is None or run.is_read or "
    "run.age_seconds > baseline.OLDEST_RUN_SECONDS => is_over = ((run is None) or "
    "(run.age_seconds > baseline.OLDEST_RUN_SECONDS))": (
        "a run that is read is read again only where that was asked for, which is the next condition"
    ),
    "worker/pipeline/ingest/stage.py::IngestStage: "
    "_looked_at: float = 0.0 => _looked_at: float = 1.0": OPENED,
    "worker/runtime/loop.py::_Loop.turn: if task is None or task.cancelling(): => if "
    "((task.cancelling())):": ("a turn always runs in a task; the condition says so to mypy"),
    "worker/pipeline/ingest/quarantine.py::_whose: return batch.arrivals[0].district_id, "
    "batch.arrivals[0].event_id => return batch.arrivals[(-1)].district_id, "
    "batch.arrivals[0].event_id": ONE_MESSAGE,
    "worker/pipeline/ingest/stage.py::IngestStage: "
    "_looked_at: float = 0.0 => _looked_at: float = (-1.0)": OPENED,
    "worker/pipeline/ingest/stage.py::IngestStage: "
    "_is_narrow: bool = False => _is_narrow: bool = True": OPENED,
    "worker/pipeline/ingest/quarantine.py::_whose: return batch.unreadable[0][1].district_id, None => "
    "return batch.unreadable[(-1)][1].district_id, None": ONE_MESSAGE,
    "worker/pipeline/ingest/stage.py::_Group: due_at: float = 0.0 => due_at: float = 1.0": (
        "it is set when a group is put aside, before anything looks at it"
    ),
    "worker/pipeline/ingest/micro_batch.py::_is_ahead: record is not None and record.last_modified is "
    "not None and moment(record.last_modified) is not None => ((record is not None) and "
    "(moment(record.last_modified) is not None))": (
        "no time at all is no moment either, as the next condition says"
    ),
    "worker/pipeline/ingest/stage.py::IngestStage._return_from_aside: if group.failing_since is not "
    "None and now - group.failing_since >= HOLD_SECONDS: => if ((now - group.failing_since >= "
    "HOLD_SECONDS)):": (
        "what was put aside has failed, and since when is known; the condition says so to mypy"
    ),
    "worker/pipeline/ingest/stage.py::_Group: due_at: float = 0.0 => due_at: float = (-1.0)": (
        "it is set when a group is put aside, before anything looks at it"
    ),
    "worker/pipeline/ingest/stage.py::IngestStage._store_one_by_one: district = "
    "batch.arrivals[0].district_id if batch.arrivals else None => district = "
    "batch.arrivals[(-1)].district_id if batch.arrivals else None": (
        "one message is read into the batch: what has arrived first is what has arrived last"
    ),
    "worker/pipeline/poll/feed.py::_Reader._publish: for event, each in zip(events, messages, "
    "strict=True) => for event, each in zip(events, messages, strict=False)": (
        "the messages were made of these events, one of each"
    ),
    "worker/pipeline/poll/feed.py::_Reader.__init__: self.cursor = connection.cursor or BEGINNING => "
    "self.cursor = ((connection.cursor))": ("a feed without a cursor is not read, as the caller sees to"),
    "worker/pipeline/poll/feed.py::_Reader._keep_old: self._old_ids = nlargest(2, {*self._old_ids, "
    "*(one for one in ids if _is_old(one, old, latest))}) => self._old_ids = nlargest(3, "
    "{*self._old_ids, *(one for one in ids if _is_old(one, old, latest))})": (
        "only the newest one before the cursor counts, and one of the newest two is before it"
    ),
    "worker/pipeline/poll/feed.py::_Reader._is_joined: may_come_yet = goes_on and all(event_id < "
    "self.cursor for event_id in ids) => may_come_yet = goes_on and all(event_id <= "
    "self.cursor for event_id in ids)": (
        "where the cursor is among the ids it was seen, and the answer is yes without this"
    ),
    "worker/pipeline/ingest/dead_lettering.py::DeadLettering._flush: while self._waiting and not "
    "self._is_failing and not self._is_idle: => while ((not self._is_failing) and (not "
    "self._is_idle)):": ("the task that publishes ends with the last message, and says so"),
    "worker/pipeline/ingest/stage.py::IngestStage._return_from_aside: await "
    "subscription.reject(group.deliveries[0].tag, requeue=True) => await "
    "subscription.reject(group.deliveries[(-1)].tag, requeue=True)": (
        "only a group of one message is put aside"
    ),
    "worker/pipeline/evaluate/candidate/step3_classes.py::_entry: if section is None or "
    "state.students == 0: => if "
    "((state.students == 0)):": (
        "a section that the filter does not keep has no students for whom it counts"
    ),
    "worker/pipeline/evaluate/term_facts.py::term_states: if view.term is None or "
    "calendar.counts(view.section, "
    "view.term): => if ((calendar.counts(view.section, view.term))):": (
        "a section without a term always counts"
    ),
    "worker/pipeline/evaluate/candidate/refresh.py::Touched.judge: self.schools |= outcome.schools => pass": (
        "a student comes into the roster, leaves it, or moves by a change of his own record, whose "
        "schools are looked at for it; where the scope changes the whole district is"
    ),
    "worker/pipeline/evaluate/candidate/step2_students.py::_judge: class_id = sections[0] if "
    "len(sections) == 1 else None => "
    "class_id = sections[(-1)] if len(sections) == 1 else None": ("of one section the first is the last"),
    "worker/pipeline/evaluate/candidate/step2_students.py::refresh_students: "
    "sizes.update(write.sections or ()) => "
    "sizes.update(((write.sections)))": (
        "what is written of a student always says which sections count, none of them included"
    ),
}
"""Reasons by the name of a mutant, as `make mutants` prints it."""
