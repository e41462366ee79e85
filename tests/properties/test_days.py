"""Days in a district's zone, at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from worker.domain.roster.days import beginning_of, day_in

ZONES = ["Pacific/Guam", "America/Los_Angeles", "America/Havana", "Pacific/Apia", "America/St_Johns", "UTC"]
MOMENTS = st.integers(631_152_000, 2_208_988_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
"""From 1990 to 2040."""


@given(moment=MOMENTS, zone=st.sampled_from(ZONES))
def test_the_next_day_begins_after_now_and_it_is_that_day_then(moment: datetime, zone: str) -> None:
    tomorrow = day_in(zone, moment) + timedelta(days=1)

    begins = beginning_of(tomorrow, zone)

    assert begins > moment
    assert day_in(zone, begins) >= tomorrow
    assert day_in(zone, begins - timedelta(seconds=1)) < tomorrow
