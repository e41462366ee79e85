"""The versions of any sound feed come to the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders.staging import KEY, update
from worker.domain.roster.staging import Key, Staged, apply

FEEDS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=8)


@given(FEEDS, st.randoms(use_true_random=False), st.integers(1, 8))
def test_sound_feeds_come_to_the_same_anyhow(steps: list[tuple[int, bool]], random: object, cut: int) -> None:
    feed, modified = [], 0
    for place, (step, is_deletion) in enumerate(steps):
        modified = max(modified, min(place * 5, modified + step))
        feed.append(update(place * 5, None if is_deletion else {"n": place}, modified))
    expected = feed[-1].record

    mixed = list(feed)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    roster: dict[Key, Staged] = {}
    for start in range(0, len(mixed), cut):
        for change in apply(roster, mixed[start : start + cut]):
            roster[change.key] = Staged(change.event_id, change.after, change.modified)

    assert roster[KEY].record == expected
