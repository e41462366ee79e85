"""A large district in the store: as the pipeline would have staged it."""

from __future__ import annotations

from dataclasses import replace

from tests.support.builders.records import DISTRICT
from tests.support.districts.full_run import with_filter
from tests.support.districts.habits import large
from tests.support.fixtures.people import LIMITS, NORTHERN, SOUTHERN, Feed, evaluate, everybody
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.canonical import to_bytes
from worker.domain.roster.records import RecordKind
from worker.domain.roster.section_filter import KEEP_ALL
from worker.pipeline.evaluate.preflight import run_preflight


async def test_a_large_district_is_staged_with_what_its_sections_list(store: StoreUnderTest) -> None:
    rows = list(large.rows(2_200))
    assert await large.load(store.url, "d1", iter(rows)) == len(rows)

    staged = await store.rows("SELECT kind, count(*) FROM staged WHERE district_id = 'd1' GROUP BY kind")
    counted = {row["kind"]: row["count"] for row in staged}
    assert sum(counted.values()) == len(rows)
    assert counted["school"] == 4
    assert await store.rows("SELECT 1 FROM districts WHERE district_id = 'd1'")
    (links,) = await store.rows("SELECT count(*) FROM section_links WHERE district_id = 'd1'")
    (wrong,) = await store.rows(
        """
        SELECT count(*) FROM section_links FULL JOIN (
            SELECT s.record_id, l.role, l.target_id
            FROM staged s CROSS JOIN LATERAL rostering_links(s.record) l WHERE s.kind = 'section') AS told
        ON section_id = record_id AND section_links.role = told.role
            AND section_links.target_id = told.target_id
        WHERE section_id IS NULL OR record_id IS NULL
        """
    )
    assert links["count"] > 2_200 / 5
    assert wrong["count"] == 0
    listed = sorted(
        (student, record_id)
        for kind, record_id, record in rows
        if kind is RecordKind.SECTION
        for student in record["students"]
    )
    enrolled = await store.rows("SELECT student_id, unnest(sections) FROM enrollments ORDER BY 1, 2")
    assert [tuple(row) for row in enrolled] == listed


async def test_a_first_load_of_several_batches_is_judged_once(store: StoreUnderTest) -> None:
    feed = Feed(store)
    await feed.send(*everybody())
    limits = replace(LIMITS, max_events=5)

    outcomes = await evaluate(store, limits)

    assert set(outcomes[:-1]) == {"deferred"}
    assert outcomes[-1] == "commit"
    (district,) = await store.rows(
        "SELECT batch_number, is_partly_loaded, policy_fingerprint, counts, candidate_digest FROM districts"
    )
    assert district["batch_number"] == len(outcomes) > 2
    assert not district["is_partly_loaded"]
    assert district["counts"]["roster:student"] == len(NORTHERN) + len(SOUTHERN)
    async with with_filter(store, DISTRICT, KEEP_ALL) as evaluation:
        assert evaluation is not None
        evaluation.state.evaluated_policy = "another"
        await run_preflight(evaluation, [])
        assert to_bytes(evaluation.state.tally.candidate_digest) == district["candidate_digest"]
