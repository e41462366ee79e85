"""Whatever comes back is read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders.bounces import report
from worker.domain.mail.bounces import read_bounce


@given(st.binary(max_size=400), st.integers(0, 1200))
def test_whatever_a_stranger_writes_into_a_report_is_read_without_an_error(noise: bytes, at: int) -> None:
    whole = report()

    read_bounce(whole[:at] + noise + whole[at:])
    read_bounce(noise)
