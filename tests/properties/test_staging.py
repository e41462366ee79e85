"""A feed stages alike in any order and batching."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders.records import event
from tests.support.builders.staging import staged_by
from worker.domain.roster.records import RecordKind
from worker.domain.roster.staging import Event, Staged

RECORDS = st.none() | st.fixed_dictionaries({"name": st.sampled_from("AB")})
SAID = st.tuples(st.sampled_from([RecordKind.USER, RecordKind.SECTION]), st.integers(1, 3), RECORDS)


@st.composite
def feeds(draw: st.DrawFn) -> tuple[list[Event], list[list[Event]]]:
    """Return a feed, and a delivery of it in any order and batches, with any duplication."""
    said = draw(st.lists(SAID, min_size=1, max_size=12))
    feed = [event(place, record, number, kind) for place, (kind, number, record) in enumerate(said)]
    repeated = draw(st.lists(st.sampled_from(feed), max_size=8))
    delivered = draw(st.permutations(feed + repeated))
    cuts = sorted(draw(st.lists(st.integers(0, len(delivered)), max_size=4)))
    bounds = [0, *cuts, len(delivered)]
    return feed, [delivered[start:end] for start, end in pairwise(bounds)]


@given(feeds())
def test_any_order_and_batching_of_a_feed_stages_alike(some: tuple[list[Event], list[list[Event]]]) -> None:
    feed, batches = some

    by_the_feed = {one.key: Staged(one.id, one.record) for one in feed}
    assert staged_by(*batches) == by_the_feed
