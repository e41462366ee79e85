"""Districts on their way, over PostgreSQL."""

from __future__ import annotations

from builders import DISTRICT
from store_fixtures import StoreUnderTest

from worker.domain.lifecycle.states import Move
from worker.ports.lifecycles import Description

TEAM = Description("Larkspur", ["ada@larkspur.example"], "America/Chicago")


async def test_a_district_goes_its_way(store: StoreUnderTest) -> None:
    lifecycles = store.lifecycles
    await lifecycles.choose(DISTRICT, TEAM, "vic")
    await lifecycles.order(DISTRICT, Move.INVITE, "vic", writes=False)
    await store.rows("INSERT INTO connections (district_id) VALUES ($1)", DISTRICT)
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", DISTRICT)
    connected = await lifecycles.advance()
    await lifecycles.order(DISTRICT, Move.REQUEST_SHARING, "vic", writes=False)
    await store.rows("UPDATE districts SET status = 'rostered', commit_sequence = 1")
    rostered = await lifecycles.advance()
    (today,) = await store.rows("SELECT now()::date AS today")
    launched = await lifecycles.set_window(DISTRICT, today["today"], None, "vic")

    assert [one.move for one in (*connected, *rostered)] == [Move.CONNECT, Move.COMMIT]
    assert [step.move for step in launched][:2] == [Move.SCHEDULE, Move.LAUNCH]
    assert await lifecycles.advance() == []
    link = (await lifecycles.links(DISTRICT))[0]
    welcome = await lifecycles.welcome(link.token)
    assert welcome is not None
    assert (welcome.district_id, welcome.name) == (DISTRICT, "Larkspur")
