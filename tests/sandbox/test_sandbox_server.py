from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.builders.clever_pages import write_pages
from worker.messaging.event_files import COLLECTIONS
from worker.runtime.errors import InputFileError
from worker.sandbox.district import DistrictSpec, generate
from worker.sandbox.expected_roster import truth
from worker.sandbox.live_districts import WorldDistrict
from worker.sandbox.server import CleverServer
from worker.sandbox.world import World

BASIC = aiohttp.encode_basic_auth("sandbox", "sandbox")
NOON = datetime(2026, 9, 15, 12, tzinfo=UTC)
LONG_PAST = "000000000000000000000001"


class Clock:
    """The time, which tests move."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Client:
    """Asks the server as a client of Clever does."""

    def __init__(self, server: CleverServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        self.world = server.running.world

    @property
    def one(self) -> WorldDistrict:
        return next(iter(self.world.districts.values()))

    async def get(self, path: str, token: str | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token or self.one.token}"}
        async with self.session.get(path, headers=headers) as answer:
            return answer.status, await answer.json()

    async def order(
        self, path: str, body: Mapping[str, object] | None = None, *, status: int = 200, method: str = "POST"
    ) -> Any:
        address = f"/sandbox{path}".replace("ONE", f"districts/{self.one.id}")
        async with self.session.request(method, address, json=body or {}) as answer:
            said = await answer.json()
            assert answer.status == status, said
            return said

    async def tokens(self, query: str = "", auth: str | None = BASIC) -> tuple[int, Any]:
        headers = {"Authorization": auth} if auth else {}
        async with self.session.get(f"/oauth/tokens?owner_type=district{query}", headers=headers) as answer:
            return answer.status, await answer.json()

    async def walk(self, path: str) -> list[str]:
        """Read a list to its end by its links; return the ids of its rows."""
        found: list[str] = []
        following: str | None = path
        while following:
            status, page = await self.get(following)
            assert status == 200, page
            found += ids_of(page)
            following = link(page, "next")
        return found


def ids_of(page: dict[str, Any]) -> list[str]:
    return [row["data"]["id"] for row in page["data"]]


def link(page: dict[str, Any], rel: str) -> str | None:
    return next((one["uri"] for one in page["links"] if one["rel"] == rel), None)


async def until(happened: Callable[[], bool]) -> None:
    while not happened():  # noqa: ASYNC110 — the server's own background work
        await asyncio.sleep(0.005)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(clock: Clock) -> AsyncIterator[Client]:
    server = CleverServer(World.generated(2, 50, clock=clock))
    await server.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(server.url) as session:
            yield Client(server, session)
    finally:
        await server.close()


async def test_the_list_of_tokens_is_that_of_connected_districts(client: Client) -> None:
    _, page = await client.tokens()

    tokens = {row["owner"]["id"]: row["access_token"] for row in page["data"]}
    assert tokens == {one.id: one.token for one in client.world.districts.values()}
    assert all("data" not in row for row in page["data"])
    await client.order("/ONE/disconnect")
    _, page = await client.tokens()
    assert client.one.id not in {row["owner"]["id"] for row in page["data"]}
    assert (await client.tokens(f"&district={client.one.id}"))[1]["data"] == []
    assert (await client.get("/v3.1/users", tokens[client.one.id]))[0] == 401


async def test_the_list_of_tokens_has_pages_too(client: Client) -> None:
    _, first = await client.tokens("&limit=1")
    following = link(first, "next")
    async with client.session.get(str(following), headers={"Authorization": BASIC}) as answer:
        second = await answer.json()

    rows = first["data"] + second["data"]
    assert {row["owner"]["id"] for row in rows} == client.world.districts.keys()
    assert link(second, "next") is None


@pytest.mark.parametrize("auth", [None, aiohttp.encode_basic_auth("sandbox", "guess")])
async def test_tokens_are_for_the_client_only(client: Client, auth: str | None) -> None:
    status, said = await client.tokens(auth=auth)

    assert (status, said["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("version", ["v3.0", "v3.1"])
async def test_lists_are_double_wrapped_with_relative_addresses(client: Client, version: str) -> None:
    _, page = await client.get(f"/{version}/terms")
    _, record = await client.get(page["data"][0]["uri"])

    terms = list(client.one.district.records("terms"))
    assert page["data"] == [{"data": term, "uri": f"/{version}/terms/{term['id']}"} for term in terms]
    assert page["links"] == [{"rel": "self", "uri": f"/{version}/terms?limit=100"}]
    assert record == {"data": terms[0], "links": [{"rel": "self", "uri": page["data"][0]["uri"]}]}


@pytest.mark.parametrize("collection", COLLECTIONS)
async def test_following_the_links_gives_every_record_once(client: Client, collection: str) -> None:
    found = await client.walk(f"/v3.1/{collection}?limit=7")

    assert found == sorted(client.one.district.collections[collection])


async def test_links_lead_back_as_well(client: Client) -> None:
    _, first = await client.get("/v3.1/users?limit=10")
    _, second = await client.get(str(link(first, "next")))
    _, again = await client.get(str(link(second, "prev")))

    assert again["data"] == first["data"]
    assert link(first, "prev") is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v3.1/users?limit=10001", 413),
        ("/v3.1/users?limit=none", 400),
        ("/v3.1/users?limit=0", 400),
        ("/v3.1/users?starting_after=1&ending_before=2", 400),
        ("/v3.1/events?record_type=pupils", 400),
        (f"/v3.1/users/{LONG_PAST}", 404),
        (f"/v3.1/districts/{LONG_PAST}", 404),
        ("/v3.1/pupils", 404),
        ("/v2.1/users", 404),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_why(client: Client, path: str, status: int) -> None:
    got, said = await client.get(path)

    assert (got, list(said)) == (status, ["message"])


async def test_a_token_opens_its_own_district_until_it_is_rotated(client: Client) -> None:
    old = client.one.token
    assert ids_of((await client.get("/v3.1/districts", old))[1]) == [client.one.id]

    await client.order("/ONE/rotate-token")

    assert (await client.get("/v3.1/districts", old))[0] == 401
    assert (await client.get("/v3.1/districts"))[0] == 200


async def test_connecting_again_gives_a_new_token(client: Client) -> None:
    old = client.one.token
    await client.order("/ONE/disconnect")
    await client.order("/ONE/connect")

    assert client.one.token != old
    assert (await client.get("/v3.1/districts"))[0] == 200


async def test_the_minute_has_so_many_requests_for_a_token(client: Client, clock: Clock) -> None:
    await client.order("/settings", {"requests_a_minute": 2})
    headers = {"Authorization": f"Bearer {client.one.token}"}
    seen = []
    for seconds in (0, 0, 0, 60):
        clock.now += timedelta(seconds=seconds)
        async with client.session.get("/v3.1/terms", headers=headers) as answer:
            seen.append((answer.status, answer.headers["X-RateLimit-Remaining"]))
            assert answer.headers["X-RateLimit-Limit"] == "2"
            assert int(answer.headers["X-RateLimit-Reset"]) == int(clock.now.timestamp()) + 60

    assert seen == [(200, "1"), (200, "0"), (429, "0"), (200, "1")]
    await client.order("/settings", {"requests_a_minute": 0})
    assert (await client.get("/v3.1/terms"))[0] == 200


async def test_the_feed_is_empty_until_something_changes(client: Client) -> None:
    assert await client.walk("/v3.1/events") == []

    told = await client.order("/ONE/day", {"changes": 5, "seed": 2})

    found = await client.walk("/v3.1/events?limit=3")
    assert len(found) == told["events"]
    assert (found[-1], told["at"]) == (told["last_event_id"], "2026-09-15T12:00:00.000Z")
    _, newest = await client.get("/v3.1/events?ending_before=last&limit=1")
    assert ids_of(newest) == found[-1:]
    assert link(newest, "next") is None
    assert (await client.get(f"/v3.1/events/{found[0]}"))[1]["data"]["id"] == found[0]


async def test_the_feed_is_filtered_by_record_type_and_school(client: Client) -> None:
    await client.order("/ONE/day", {"changes": 20})
    await client.order("/ONE/pause")
    events = client.one.events
    school = next(iter(client.one.district.collections["schools"]))

    users = await client.walk("/v3.1/events?limit=2&record_type=users&record_type=districts")
    at_school = await client.walk(f"/v3.1/events?limit=5&school={school}")
    backwards = (await client.get("/v3.1/events?ending_before=last&limit=2&record_type=users"))[1]

    types = {key: one["type"].split(".")[0] for key, one in events.items()}
    assert users == [key for key, kind in types.items() if kind in {"users", "districts"}]
    assert at_school == [key for key, kind in types.items() if kind != "districts"]
    assert ids_of(backwards) == [key for key, kind in types.items() if kind == "users"][-2:]


@pytest.mark.parametrize(
    ("answer", "status", "rows"), [("error", 404, 0), ("empty", 200, 0), ("oldest", 200, 1)]
)
async def test_what_follows_an_unknown_event_can_be_chosen(
    client: Client, answer: str, status: int, rows: int
) -> None:
    first = (await client.order("/ONE/resume"))["last_event_id"]
    await client.order("/ONE/forget-events")
    await client.order("/ONE/pause")
    await client.order("/settings", {"unknown_cursor": answer})

    got, page = await client.get(f"/v3.1/events?starting_after={first}")

    assert (got, len(page.get("data", []))) == (status, rows)


async def test_a_late_event_is_not_there_while_newer_ones_are(client: Client) -> None:
    told = await client.order("/ONE/day", {"changes": 5, "late": 600})

    found = await client.walk("/v3.1/events")

    assert len(found) == told["events"] - 1
    assert told["late_event_id"] < found[0]


async def test_a_late_event_comes_to_its_place_before_newer_ones(client: Client) -> None:
    told = await client.order("/ONE/day", {"changes": 5, "late": 0.01})
    await until(lambda: len(client.one.events) == told["events"])

    found = await client.walk("/v3.1/events")

    assert found[0] == told["late_event_id"]
    assert found == sorted(found)


async def test_it_is_known_when_an_event_was_handed_out(client: Client, clock: Clock) -> None:
    event = (await client.order("/ONE/pause"))["last_event_id"]
    await client.get("/v3.1/events?ending_before=last&limit=1")
    assert await client.order(f"/ONE/served/{event}", method="GET") == {"at": None}
    clock.now += timedelta(seconds=9)

    await client.walk("/v3.1/events")

    assert await client.order(f"/ONE/served/{event}", method="GET") == {"at": "2026-09-15T12:00:09.000Z"}


@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [("429", 429, "json"), ("500", 500, "json"), ("502_html", 502, "html"), ("html", 200, "html")],
)
async def test_an_answer_can_be_an_error(client: Client, kind: str, status: int, content: str) -> None:
    await client.order("/faults", {"every": 2, "kinds": [kind]})
    headers = {"Authorization": f"Bearer {client.one.token}"}

    assert (await client.get("/v3.1/terms"))[0] == 200
    async with client.session.get("/v3.1/terms", headers=headers) as answer:
        assert (answer.status, answer.content_type.split("/")[1]) == (status, content)
        if kind == "429":
            assert int(answer.headers["X-RateLimit-Reset"]) == NOON.timestamp() + 1
    assert (await client.get("/v3.1/terms"))[0] == 200
    assert (await client.order("", method="GET"))["spoiled"] == {kind: 1}


async def test_an_answer_can_be_cut_in_two_ways(client: Client) -> None:
    await client.order("/faults", {"every": 1, "kinds": ["cut"]})

    with pytest.raises(aiohttp.ClientPayloadError):
        await client.get("/v3.1/users")
    with pytest.raises(json.JSONDecodeError):
        await client.get("/v3.1/users")


async def test_an_answer_can_be_dropped(client: Client) -> None:
    await client.order("/faults", {"every": 1, "kinds": ["drop"]})

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.tokens()


async def test_an_answer_can_be_slow(client: Client) -> None:
    await client.order("/faults", {"every": 1, "kinds": ["slow"], "slow_seconds": 0.05})
    begun = asyncio.get_running_loop().time()

    assert (await client.get("/v3.1/terms"))[0] == 200
    assert asyncio.get_running_loop().time() - begun >= 0.05


async def test_a_token_can_expire_at_any_answer(client: Client) -> None:
    await client.order("/faults", {"every": 1, "kinds": ["expired_token"]})
    old = client.one.token

    assert (await client.tokens())[0] == 200
    assert (await client.get("/v3.1/terms"))[0] == 401
    await client.order("/faults", method="DELETE")
    assert (await client.get("/v3.1/terms", old))[0] == 401
    assert (await client.get("/v3.1/terms"))[0] == 200


async def test_a_page_can_be_empty_with_nothing_after_it(client: Client) -> None:
    await client.order("/faults", {"every": 1, "kinds": ["empty"]})

    _, users = await client.get("/v3.1/users?limit=5")
    _, tokens = await client.tokens()

    assert users == {"data": [], "links": [{"rel": "self", "uri": "/v3.1/users?limit=5"}]}
    assert tokens["data"] == []


async def test_the_page_before_can_come_again(client: Client) -> None:
    _, plain = await client.get("/v3.1/users?limit=5")
    await client.order("/faults", {"every": 2, "kinds": ["repeat"]})

    _, first = await client.get("/v3.1/users?limit=5")
    _, again = await client.get(str(link(first, "next")))
    _, second = await client.get(str(link(first, "next")))

    assert plain == first == again != second


async def test_rows_can_be_out_of_order(client: Client) -> None:
    _, plain = await client.get("/v3.1/users?limit=5")
    await client.order("/faults", {"every": 1, "kinds": ["reorder"]})

    _, page = await client.get("/v3.1/users?limit=5")

    assert page == {"data": plain["data"][::-1], "links": plain["links"]}


async def test_faults_come_in_turn_and_wait_for_an_answer_that_they_fit(client: Client) -> None:
    await client.order("/faults", {"every": 2, "kinds": ["500", "empty"]})
    term = f"/v3.1/terms/{next(iter(client.one.district.collections['terms']))}"
    paths = ["/v3.1/terms", "/v3.1/terms", term, term, term, "/v3.1/terms"]

    answers = [await client.get(path) for path in paths]

    assert [status for status, _ in answers] == [200, 500, 200, 200, 200, 200]
    assert answers[-1][1]["data"] == []


@pytest.mark.parametrize(
    ("path", "body", "names"),
    [
        ("/ONE/day", {"changes": 0}, "changes"),
        ("/ONE/day", {"change": 5}, "change"),
        ("/ONE/day", {"late": "soon"}, "late"),
        ("/ONE/withdraw", {"field": "shoe_size"}, "shoe_size"),
        ("/ONE/restore", {"field": "dob"}, "dob"),
        ("/ONE/pause", {"until": "tomorrow"}, "until"),
        ("/ONE/delete-students", {"percent": True}, "percent"),
        ("/ONE/mend-student", {}, "student"),
        ("/faults", {"kinds": ["typhoon"]}, "typhoon"),
        ("/settings", {"unknown_cursor": "newest"}, "unknown_cursor"),
        ("/ONE/rules", {}, "rules"),
        ("/ONE/rules", {"rules": [{"any": []}]}, "any"),
        ("/ONE/rules", {"rules": [{"all": [{"field": "hat", "op": "is", "value": "x"}]}]}, "hat"),
        ("/ONE/rules", {"rules": [{"all": [{"field": "name", "op": "like", "value": "x"}]}]}, "like"),
        ("/ONE/rules", {"rules": [{"all": [{"field": "name", "op": "is", "value": ["x", "y"]}]}]}, "value"),
        ("/ONE/rules", {"rules": [{"all": [{"field": "name", "op": "is", "value": 3}]}]}, "value"),
        ("/ONE/rules", {"rules": [{"all": [{"field": "name", "op": "is", "value": "x", "or": 1}]}]}, "or"),
        ("/ONE/share", {"what": "sections"}, "what"),
        ("/districts", {"students": 50, "seed": 2}, "seed"),
        ("/districts", {"students": 50, "connected": "no"}, "connected"),
    ],
)
async def test_a_wrong_order_is_refused_by_the_name_of_its_key(
    client: Client, path: str, body: dict[str, object], names: str
) -> None:
    assert names in (await client.order(path, body, status=400))["message"]


async def test_orders_of_all_kinds_change_the_district_and_its_feed(client: Client) -> None:
    before = await client.order("/ONE/truth?contains=homeroom", method="GET")
    made: dict[str, dict[str, object]] = {
        "narrow": {"name_contains": "homeroom"},
        "widen": {},
        "rules": {"rules": [{"all": [{"field": "period", "op": "one_of", "value": ["1", "2"]}]}]},
        "share": {"what": "all"},
        "withdraw": {"field": "dob"},
        "restore": {"field": "dob"},
        "break-student": {},
        "mend-student": {},
        "pause": {"until": "2027-08-12T00:00:00.000Z"},
        "resume": {},
    }

    told = {name: await client.order(f"/ONE/{name}", body) for name, body in made.items()}

    assert all(said["events"] for said in told.values())
    assert told["break-student"]["student"] == told["mend-student"]["student"]
    assert await client.order("/ONE/truth", method="GET") == before
    await client.order("/ONE/rollover")
    await client.order("/ONE/delete-students", {"percent": 50})
    after = await client.order("/ONE/truth", method="GET")
    assert after["digest"] == truth(client.one.district).digest != before["digest"]
    assert len(await client.walk("/v3.1/events")) == len(client.one.events)


async def test_a_district_can_be_added(client: Client) -> None:
    added = await client.order("/districts", {"students": 60, "seed": 9})

    overview = await client.order("", method="GET")
    assert [one["students"] for one in overview["districts"]] == [50, 50, 60]
    assert added == overview["districts"][-1]
    await client.order(f"/districts/{LONG_PAST}/day", status=404)


async def test_a_district_can_be_there_before_it_connects(client: Client) -> None:
    added = await client.order("/districts", {"students": 60, "seed": 9, "connected": False})

    assert not added["connected"]
    _, page = await client.tokens(f"&district={added['id']}")
    assert page["data"] == []
    await client.order(f"/districts/{added['id']}/share", {"what": "students"})
    assert (await client.order(f"/districts/{added['id']}/connect"))["sections"] == 0
    _, page = await client.tokens(f"&district={added['id']}")
    status, sections = await client.get("/v3.1/sections", page["data"][0]["access_token"])
    assert (status, sections["data"]) == (200, [])


async def test_a_paused_district_says_that_its_rules_wait(client: Client) -> None:
    rules = {"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]}
    await client.order("/ONE/pause")

    waiting = await client.order("/ONE/rules", rules)
    resumed = await client.order("/ONE/resume")

    assert (waiting["events"], waiting["waits"]) == (0, True)
    assert resumed["events"] > 1
    assert not (await client.order("/ONE/rules", rules))["waits"]


async def test_districts_change_by_the_clock() -> None:
    world = World.generated(1, 50)
    server = CleverServer(world, change_every=0.01, changes=2)
    await server.start("127.0.0.1", 0)
    (one,) = world.districts.values()
    await until(lambda: bool(one.events))
    await server.close()

    assert one.events.last


def test_a_world_is_the_same_for_the_same_numbers() -> None:
    one, other = (World.generated(2, 50, seed=5, arrival_events=True, clock=Clock()) for _ in range(2))

    for here, there in zip(one.districts.values(), other.districts.values(), strict=True):
        assert (here.id, here.token, here.grant_id) == (there.id, there.token, there.grant_id)
        assert list(here.events.items()) == list(there.events.items())
        assert len(here.events) == sum(map(len, here.district.collections.values()))


def test_worlds_are_read_from_folders_of_pages(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_pages(generate(DistrictSpec(students=50, seed=seed)), tmp_path / f"district {seed}")
    (tmp_path / "district 1" / "districts.json").unlink()

    both, first = World.from_folder(tmp_path), World.from_folder(tmp_path / "district 1")

    assert list(both.districts) == list(World.generated(2, 50).districts)
    assert len(first.districts) == 1
    assert all(one.name for one in both.districts.values())
    shutil.copytree(tmp_path / "district 1", tmp_path / "again")
    with pytest.raises(InputFileError, match="exists already"):
        World.from_folder(tmp_path)
    with pytest.raises(InputFileError, match="cannot be read"):
        World.from_folder(tmp_path / "nowhere")
