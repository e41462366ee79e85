"""A baseline, branch by branch: where it begins, what of it is believed and how its rows are staged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import DISTRICT, Json, later, student_json
from tests.support.fakes.source import FakeBaselines, World, broken_off, feed_id
from worker.domain.roster.records import RecordKind
from worker.pipeline.poll import baseline
from worker.pipeline.poll.baseline_store import NOBODY, Run
from worker.pipeline.poll.clever import CleverPage
from worker.runtime.cooperative import SLICE
from worker.runtime.errors import BaselineRefused, CleverUnavailable
from worker.runtime.progress import no_progress

NOW = later(3600)
RUN = Run(DISTRICT, "run 1", feed_id(2), ["users", "sections"], "users", None, 0, NOW, 0.0, False, False)


@pytest.mark.parametrize("odd", ["", "no id", feed_id(3600 + 86400 * 400)])
async def test_a_baseline_begins_at_no_event_whose_id_cannot_be_believed(odd: str) -> None:
    world = World()
    world.connect()
    world.clever.newest_answers = [[feed_id(1), odd]]

    run = await baseline.begin(world.source, DISTRICT, world.clever.granted[DISTRICT], NOW)

    assert run.seed == feed_id(1)


@pytest.mark.parametrize(("until", "pages"), [(100.0, 1), (100.1, 2)])
async def test_reading_ends_with_the_page_in_hand_once_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch, until: float, pages: int
) -> None:
    class Standing:
        def monotonic(self) -> float:
            return 100.0

    monkeypatch.setattr(baseline, "time", Standing())
    world = World()
    world.clever.collections = {"users": [student_json(number) for number in (1, 2, 3)]}
    world.tables.runs[DISTRICT] = run = replace(RUN, collections=["users"])

    await baseline.read_on(world.source, run, world.clever.granted[DISTRICT], until, no_progress)

    assert len(world.calls.of("add")) == pages


class Counted(FakeBaselines):
    """Baselines that were counted."""

    def __init__(self, world: World, staged: dict[str, int], read: dict[str, int]) -> None:
        super().__init__(world.calls, world.clock, world.tables)
        self.counts = staged, read

    async def census(self, run: Run) -> tuple[dict[str, int], dict[str, int]]:
        assert run
        return self.counts


@pytest.mark.parametrize(
    ("collections", "accept_fewer", "calls"),
    [
        (["users", "sections"], False, ["believe"]),
        (["users", "sections", "schools"], False, ["refuse"]),
        (["users", "sections", "schools"], True, ["believe"]),
    ],
)
async def test_what_was_not_read_refuses_no_baseline_and_what_vanished_does_unless_a_person_knows(
    collections: list[str], accept_fewer: bool, calls: list[str]
) -> None:
    world = World()
    counts = {"students": 5, "schools": 0, "sections": 1}
    counted = Counted(world, counts | {"schools": 3}, counts)
    run = replace(RUN, collections=collections)

    if calls == ["refuse"]:
        with pytest.raises(BaselineRefused, match="schools"):
            await baseline.conclude(counted, run)
    else:
        await baseline.conclude(counted, run, accept_fewer=accept_fewer)

    assert world.calls.made == calls


@pytest.mark.parametrize(
    ("last_modified", "modified", "ahead"),
    [(None, False, False), ("someday", False, False), ("2026-01-01T00:00:00Z", True, False),
     ("2999-01-01T00:00:00Z", False, True)],
)  # fmt: skip
def test_a_row_of_the_future_has_no_time(last_modified: str | None, modified: bool, ahead: bool) -> None:
    with capture_logs() as logs:
        (record,) = baseline.staged_records("users", [student_json(1, last_modified=last_modified)], DISTRICT)

    assert (record.modified is not None, record.ahead) == (modified, ahead)
    assert [line["records"] for line in logs] == [1] * ahead


@pytest.mark.parametrize(("dob", "told"), [("2/11/2017", []), (5, [1])])
def test_fields_of_a_row_that_were_left_out_are_told(dob: object, told: list[int]) -> None:
    with capture_logs() as logs:
        baseline.staged_records("users", [student_json(1, {"dob": dob})], DISTRICT)

    assert [len(line["fields"]) for line in logs] == told


async def test_rows_come_in_their_order_however_many_slices_they_are_read_in() -> None:
    rows: list[Json] = [student_json(number) for number in range(SLICE * 2 + 1)]
    ids = [row["id"] for row in rows]

    records = await baseline.read_records("users", rows, DISTRICT)

    assert [record.record_id for record in records] == ids


def test_a_user_without_a_side_is_staged_as_nobody() -> None:
    row = student_json(1) | {"roles": {"contact": {}}}

    (record,) = baseline.staged_records("users", [row], DISTRICT)

    assert (record.kind, record.record) == (RecordKind.USER, NOBODY)


@pytest.mark.parametrize(
    ("rows", "before", "last"),
    [
        ([], None, None),
        ([], "b", "b"),
        ([{"id": "c"}, {"id": "a"}, {"id": 7}, {}], "b", "c"),
        ([{"id": "a"}], "b", "b"),
        ([{"id": "a"}], None, "a"),
    ],
)
def test_a_list_goes_on_after_the_greatest_id_that_is_one(
    rows: list[Json], before: str | None, last: str | None
) -> None:
    assert baseline._last_id(CleverPage(rows, None), before) == last


async def test_a_list_that_broke_off_goes_on_where_the_rest_leads_to() -> None:
    world = World()
    world.clever.collections = {"users": [student_json(number) for number in (1, 2, 3)]}
    world.clever.quirks = [
        ("users", broken_off),
        ("users", lambda page, _before: CleverPage(page.rows, "where it leads to")),
    ]

    page = await baseline._next_page(world.source, world.clever.granted[DISTRICT], "users", None)

    assert (len(page.rows), page.next_after) == (3, "where it leads to")


@pytest.mark.parametrize("link", ["a", "b"])
async def test_a_list_that_leads_back_is_a_failure(link: str) -> None:
    world = World()
    world.clever.quirks = [("users", lambda page, _before: CleverPage(page.rows, link))]

    with pytest.raises(CleverUnavailable):
        await baseline._next_page(world.source, world.clever.granted[DISTRICT], "users", "b")
