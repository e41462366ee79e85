"""What is told of an incident, however often it comes and goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.words import AlertStatus
from tests.support.builders.incidents import FLAP, OTHER, WORSE, WRONG, told
from tests.support.builders.records import DISTRICT, later
from worker.domain.alerts.codes import PREFLIGHT_FAILED
from worker.domain.alerts.incidents import FLAPPING_RETURNS, AlertRules, Memory, Problem, alert, step

conditions = st.sampled_from([None, WRONG, WORSE, OTHER])
histories = st.lists(st.tuples(st.integers(0, 60), conditions), max_size=60)


@given(histories)
def test_alerts_are_in_order_and_end_with_what_is_so(history: list[tuple[int, Problem | None]]) -> None:
    memory: Memory | None = None
    is_firing, now, last = False, 0, None
    identifiers = list[str]()
    for seconds, condition in history:
        now, last = now + seconds + 1, condition
        memory, status = step(memory, condition, later(now), FLAP)
        if status is None:
            continue
        assert memory is not None
        identifiers.append(alert(DISTRICT, PREFLIGHT_FAILED, memory, status, AlertRules()).id)
        assert is_firing == (status is not AlertStatus.FIRING)
        is_firing = status is not AlertStatus.RESOLVED
    assert len(set(identifiers)) == len(identifiers), "no two alerts are told under one id"
    # Once it has stayed so for long enough, what was told last is what is so.
    for _ in range(3):
        now += 101
        memory, _ = step(memory, last, later(now), FLAP)
    assert (memory is not None and memory.told) == (last is not None and last.picture)


@given(st.lists(conditions, min_size=1, max_size=400))
def test_however_often_it_comes_it_costs_a_bounded_number_of_alerts(history: list[Problem | None]) -> None:
    count = len(told(*enumerate(history)))

    # A beginning, an update and an end each time until it counts as flapping, and then as seldom as that.
    assert count <= 3 * (FLAPPING_RETURNS + 1 + len(history) / FLAP.total_seconds())
