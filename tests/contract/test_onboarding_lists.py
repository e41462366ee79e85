"""The board and the to-do list show a page of what the whole list has, and count all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from tests.support.fixtures.store import StoreUnderTest
from worker.domain.onboarding.states import State
from worker.domain.onboarding.todo import ReminderDelays, Who
from worker.onboarding.district_store import StateCount, TodoCount
from worker.onboarding.todo import todos

pytestmark = pytest.mark.alone

COUNT: Final = 90
DELAYS: Final = ReminderDelays(timedelta(hours=30), timedelta(hours=50), timedelta(0))
FILL: Final = f"""
    ALTER TABLE onboarding DISABLE TRIGGER onboarding_starts;
    INSERT INTO onboarding (district_id, state, since, returns_to, contacts, held_since, troubles)
    SELECT 'd' || n, s.state, now() - (n * 7 % 90) * interval '1 hour',
           CASE s.state WHEN 'disconnected' THEN 'launch_scheduled' END,
           CASE WHEN n % 4 = 0 THEN '{{}}' ELSE ARRAY['a@example.org'] END,
           CASE WHEN n % 9 = 0 THEN now() - interval '1 hour' END,
           CASE WHEN n % 9 = 0 THEN ARRAY[(ARRAY['on_hold', 'parked', 'deciding'])[1 + n / 9 % 3]]
                ELSE '{{}}' END
    FROM generate_series(1, {COUNT}) AS n
    JOIN (SELECT state, row_number() OVER (ORDER BY state) AS place FROM onboarding_states) AS s
      ON s.place = 1 + n % 12;
    ALTER TABLE onboarding ENABLE TRIGGER onboarding_starts;
    INSERT INTO districts (district_id, status, standing_since, reported_digest)
    SELECT 'd' || n, 'review', now() - n * interval '1 hour', '' FROM generate_series(1, {COUNT}, 2) AS n;
    INSERT INTO mails (mail_id, district_id, kind, occasion, recipients, subject, text, html, time_zone,
                       state, dead_at)
    SELECT gen_random_uuid(), 'd' || n, 'invitation', 'invite/1', '{{a}}', '', '', '', 'UTC', 'dead', now()
    FROM generate_series(5, {COUNT}, 20) AS n"""


@pytest.fixture
async def filled(store: StoreUnderTest) -> StoreUnderTest:
    """A store with districts in every state, some of them with every reason to wait for somebody."""
    async with store.database.connection() as connection:
        await connection.execute(FILL)
    return store


@pytest.mark.parametrize("first", [1, 5, 1000])
@pytest.mark.parametrize("who", [list(Who), *([one] for one in Who)])
async def test_the_first_to_dos_of_an_owner_are_those_of_the_whole_list(
    filled: StoreUnderTest, who: list[Who], first: int
) -> None:
    everything = todos(await filled.onboarding.records(), DELAYS)

    page = await filled.onboarding.todos(DELAYS, who, first)

    found = todos(page.records, DELAYS)
    for owner in who:
        expected = [
            (todo.record.district_id, todo.wait.code) for todo in everything if todo.wait.who is owner
        ]
        shown = [(todo.record.district_id, todo.wait.code) for todo in found if todo.wait.who is owner]
        assert shown[:first] == expected[:first]


async def test_to_dos_are_counted_for_each_owner_with_those_overdue(filled: StoreUnderTest) -> None:
    everything = todos(await filled.onboarding.records(), DELAYS)

    page = await filled.onboarding.todos(DELAYS, [Who.OPERATIONS], 1)

    assert page.districts == COUNT
    for who in Who:
        those = [todo for todo in everything if todo.wait.who is who]
        assert page.counts[who] == TodoCount(len(those), sum(todo.is_due for todo in those))


async def test_the_board_counts_each_state_and_pages_it_the_longest_first(filled: StoreUnderTest) -> None:
    records = await filled.onboarding.records()

    counts = await filled.onboarding.states()
    second = await filled.onboarding.standing([State.LIVE, State.INVITED], 2, 3)

    for state in State:
        those = sorted(
            (one for one in records if one.onboarding.state is state),
            key=lambda one: (one.since, one.district_id),
        )
        held = sum(one.held_since is not None for one in those)
        assert counts.get(state, StateCount()) == StateCount(len(those), held)
        if state in {State.LIVE, State.INVITED}:
            shown = {one.district_id for one in second if one.onboarding.state is state}
            assert shown == {one.district_id for one in those[2:5]}


async def test_counts_follow_every_change_and_an_inspection_sums_them_up(filled: StoreUnderTest) -> None:
    before = await filled.onboarding.states()
    for number in range(250):
        contacts = "'{}'" if number % 2 else "ARRAY['b@example.org']"
        await filled.rows(f"UPDATE onboarding SET contacts = {contacts} WHERE district_id = 'd1'")
    await filled.rows("DELETE FROM onboarding WHERE state = 'live'")
    (many,) = await filled.rows("SELECT count(*) FROM counts")

    assert await filled.inspections.inspect(timedelta(0), 0) is not None

    (few,) = await filled.rows("SELECT count(*) FROM counts")
    assert many[0] > 200
    assert few[0] < 30
    after = await filled.onboarding.states()
    assert State.LIVE not in after
    assert after == {state: count for state, count in before.items() if state is not State.LIVE}
