"""The client against a Clever that answers what each test tells it to, over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import orjson
import pytest
from aiohttp import web
from structlog.testing import capture_logs
from yarl import URL

from tests.support.fakes.waited_time import EPOCH, Time
from worker.adapters.clever import http
from worker.adapters.clever.client import CleverClient
from worker.adapters.clever.clock import Timing
from worker.pipeline.poll.clever import Clever, CleverPage, Token
from worker.runtime.errors import (
    CleverRefused,
    CleverTokenRefused,
    CleverUnavailable,
    RosteringError,
    SettingsError,
)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

TOKEN = Token("token-canary")
SECRET = "secret-canary"  # noqa: S105 — invented
NAME = "name-canary"


class Server:
    """Gives its answers one after the other, the last one for good, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [answer()]
        self.asked: list[web.Request] = []
        self.url = ""

    @property
    def paths(self) -> list[str]:
        return [str(request.rel_url) for request in self.asked]

    async def start(self) -> web.AppRunner:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        following = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await following(request)


def answer(document: Any = None, status: int = 200, headers: list[tuple[str, str]] | None = None) -> Answer:
    body = document if isinstance(document, bytes) else orjson.dumps(document)

    async def give(_request: web.Request) -> web.StreamResponse:
        response = web.Response(body=body, status=status, content_type="application/json")
        response.headers.extend(headers or [])
        return response

    return give


def rows(*records: Any, next_uri: str | None = None, **around: Any) -> dict[str, Any]:
    links = [{"rel": "self", "uri": "/here"}] + ([{"rel": "next", "uri": next_uri}] if next_uri else [])
    return {"data": [{"data": record, "uri": "/x"} for record in records], "links": links} | around


def grant(district: str, token: str, created: str = "2026-01-01T00:00:00.000Z") -> dict[str, Any]:
    owner = {"type": "district", "id": district}
    return {"id": "t", "created": created, "owner": owner, "access_token": token, "scopes": []}


def grants(*rows: Any, next_uri: str | None = None) -> dict[str, Any]:
    links = [{"rel": "next", "uri": next_uri}] if next_uri else []
    return {"data": list(rows), "links": links}


async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b'{"data": [{"data": {"name": "name-canary"')
    assert request.transport is not None
    request.transport.close()
    return response


async def hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


HTML = answer(b"\n <!doctype html><p>name-canary")
BROKEN_JSON = answer(b'{"data": [{"name": "name-canary"')


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    runner = await server.start()
    yield server
    await runner.cleanup()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Server]:
    server = Server()
    runner = await server.start()
    yield server
    await runner.cleanup()


@pytest.fixture
async def client(server: Server, time: Time) -> AsyncIterator[CleverClient]:
    client = client_of(server.url, time)
    yield client
    await client.close()


def client_of(url: str, time: Time, **changes: Any) -> CleverClient:
    settings: dict[str, Any] = {
        "api_url": url,
        "oauth_url": url,
        "api_version": "v3.1",
        "client_id": "app",
        "client_secret": SECRET,
        "page_size": 2,
        "timing": time.timing,
    }
    return CleverClient(**settings | changes)


def test_it_answers_to_the_port(time: Time) -> None:
    clever: Clever = client_of("https://api.clever.com/", time)

    assert "canary" not in repr(clever)


# Tokens


async def test_tokens_are_asked_for_with_the_apps_credentials(server: Server, client: CleverClient) -> None:
    server.answers = [answer(grants(grant("d1", "one"), {"data": grant("d2", "two"), "uri": "/x"}))]

    assert await client.tokens() == {"d1": Token("one"), "d2": Token("two")}
    (asked,) = server.asked
    assert str(asked.rel_url) == "/oauth/tokens?owner_type=district"
    assert base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")) == b"app:secret-canary"


@pytest.mark.parametrize("place", ["", "http://{host}", "http://user:password@{host}"])
async def test_tokens_are_followed_to_the_lists_end(server: Server, client: CleverClient, place: str) -> None:
    following = "/oauth/tokens?owner_type=district&starting_after=t1"
    place = place.format(host=server.url.removeprefix("http://"))
    server.answers = [
        answer(grants(grant("d1", "one"), next_uri=place + following)),
        answer(grants(grant("d2", "two"))),
    ]

    assert set(await client.tokens()) == {"d1", "d2"}
    assert server.paths[1] == following


async def test_of_a_districts_tokens_the_newest_wins(server: Server, client: CleverClient) -> None:
    server.answers = [
        answer(
            grants(
                grant("d1", "old", "2026-01-02T00:00:00.000Z"),
                grant("d1", "new", "2026-03-01T00:00:00+01:00"),
                grant("d1", "older", "2025-12-31"),
                grant("d1", "undated", "yesterday"),
            )
        )
    ]

    assert await client.tokens() == {"d1": Token("new")}


async def test_a_token_of_unknown_age_is_better_than_none(server: Server, client: CleverClient) -> None:
    server.answers = [answer(grants(grant("d1", "undated", "")))]

    assert await client.tokens() == {"d1": Token("undated")}


async def test_tokens_of_others_than_districts_are_left_out(server: Server, client: CleverClient) -> None:
    user = grant("u1", "user") | {"owner": {"type": "user", "id": "u1"}}
    server.answers = [answer(grants(user, {"id": "t"}, grant("", "x"), grant("d1", "one")))]

    assert await client.tokens() == {"d1": Token("one")}


@pytest.mark.parametrize("unusable", ["", None, 7, "canary\r\nX: y"])
async def test_an_unusable_token_is_left_out(server: Server, client: CleverClient, unusable: Any) -> None:
    server.answers = [answer(grants(grant("d1", unusable), grant("d2", "two")))]

    with capture_logs() as logs:
        assert await client.tokens() == {"d2": Token("two")}
    assert logs == [{"event": "clever.token_unusable", "district_id": "d1", "log_level": "warning"}]


@pytest.mark.parametrize(
    "link", ["{other}/oauth/tokens", "//{other_host}/x", "http://app@{other_host}/", "ftp:x", "http://[/"]
)
async def test_the_apps_credentials_are_sent_to_no_other_host(
    server: Server, elsewhere: Server, client: CleverClient, link: str
) -> None:
    place = {"other": elsewhere.url, "other_host": elsewhere.url.removeprefix("http://")}
    server.answers = [answer(grants(grant("d1", "one"), next_uri=link.format(**place)))]

    with pytest.raises(CleverUnavailable, match="another host"):
        await client.tokens()
    assert (elsewhere.asked, len(server.asked)) == ([], 1)


async def test_a_list_of_tokens_that_goes_in_circles_is_left(server: Server, client: CleverClient) -> None:
    back = "/oauth/tokens?owner_type=district"
    server.answers = [answer(grants(next_uri="/oauth/tokens?page=2")), answer(grants(next_uri=back))]

    with pytest.raises(CleverUnavailable, match="links back"):
        await client.tokens()
    assert len(server.asked) == 2


async def test_one_districts_token_is_asked_for_by_its_id(server: Server, client: CleverClient) -> None:
    server.answers = [answer(grants(grant("d1", "one"))), answer(grants())]

    assert await client.token_of("d1") == Token("one")
    assert await client.token_of("d&2") is None
    assert server.paths == [
        "/oauth/tokens?owner_type=district&district=d1",
        "/oauth/tokens?owner_type=district&district=d%262",
    ]


async def test_refused_credentials_are_told_by_their_settings(server: Server, client: CleverClient) -> None:
    server.answers = [answer({"message": NAME}, 401)]

    with pytest.raises(CleverRefused, match=r"ROSTERING_CLEVER__CLIENT_ID and .*CLIENT_SECRET") as caught:
        await client.tokens()
    assert not isinstance(caught.value, CleverTokenRefused)
    assert str(caught.value).startswith("Clever: GET /oauth/tokens: 401: ")


# Records


@pytest.mark.parametrize("document", [rows({"id": "d1"}), {"data": [{"id": "d1"}]}])
async def test_a_tokens_district_is_its_one_row(server: Server, client: CleverClient, document: Any) -> None:
    server.answers = [answer(document)]

    assert await client.district(TOKEN) == {"id": "d1"}
    assert server.paths == ["/v3.1/districts"]


@pytest.mark.parametrize("found", [rows(), rows({"id": "d1"}, {"id": "d2"})])
async def test_no_district_or_several_is_no_answer(server: Server, client: CleverClient, found: Any) -> None:
    server.answers = [answer(found)]

    with pytest.raises(CleverUnavailable, match="expected one district"):
        await client.district(TOKEN)


async def test_a_page_has_records_as_sent_and_the_next_place(server: Server, client: CleverClient) -> None:
    next_uri = "/v3.1/users?limit=2&starting_after=u2%2B"
    server.answers = [answer(rows({"id": "u1"}, {"id": "u2"}, next_uri=next_uri)), answer(rows())]

    assert await client.page(TOKEN, "users", None) == CleverPage([{"id": "u1"}, {"id": "u2"}], "u2+")
    assert await client.page(TOKEN, "users", "u2+") == CleverPage([], None)
    assert server.paths == ["/v3.1/users?limit=2", "/v3.1/users?limit=2&starting_after=u2%2B"]


async def test_a_request_says_who_asks_and_takes_gzip(server: Server, client: CleverClient) -> None:
    async def packed(_request: web.Request) -> web.StreamResponse:
        response = web.Response(body=orjson.dumps(rows({"id": "u1"})))
        response.enable_compression(web.ContentCoding.gzip)
        return response

    server.answers = [packed]

    assert (await client.page(TOKEN, "users", None)).rows == [{"id": "u1"}]
    headers = server.asked[0].headers
    assert (headers["User-Agent"], headers["Accept-Encoding"]) == ("rostering", "gzip")
    assert headers["Authorization"] == "Bearer token-canary"


async def test_the_version_and_a_path_before_it_are_kept(server: Server, time: Time) -> None:
    client = client_of(f"{server.url}/behind/", time, api_version="v3.0", page_size=10_000)
    server.answers = [answer(rows())]
    try:
        await client.page(TOKEN, "sections", None)
    finally:
        await client.close()

    assert server.paths == ["/behind/v3.0/sections?limit=10000"]


async def test_odd_events_are_passed_on(server: Server, client: CleverClient) -> None:
    bare = {"id": "e2", "type": "users.created", "data": {"object": {}}}
    odd: list[Any] = [{"data": None, "uri": "/x"}, {}, {"data": {"type": 7}}, bare]
    server.answers = [answer(rows() | {"data": odd})]

    page = await client.page(TOKEN, "events", None)

    assert page.rows == [{"data": None, "uri": "/x"}, {}, {"type": 7}, bare]


async def test_an_empty_page_behind_the_last_one_ends_the_list(server: Server, client: CleverClient) -> None:
    server.answers = [answer(rows(next_uri="/v3.1/events?starting_after=e9"))]

    assert await client.page(TOKEN, "events", "e9") == CleverPage([], None)


# The feed's events


async def test_the_newest_events_are_the_last_two_in_order(server: Server, client: CleverClient) -> None:
    server.answers = [
        answer(rows({"id": "e8"}, {"id": "e9"})),
        answer(rows({"id": "e9"}, {"id": "e8"})),
        answer(rows({"id": "e9"})),
        answer(rows()),
    ]

    assert [await client.newest_events(TOKEN) for _ in range(4)] == [["e8", "e9"], ["e8", "e9"], ["e9"], []]
    assert server.paths == ["/v3.1/events?ending_before=last&limit=2"] * 4


async def test_an_event_is_known_or_gone(server: Server, client: CleverClient) -> None:
    server.answers = [answer({"data": {"id": "e1"}}), answer({"message": NAME}, 404)]

    assert await client.knows_event(TOKEN, "e1") is True
    assert await client.knows_event(TOKEN, "a/../b?c") is False
    assert server.paths == ["/v3.1/events/e1", "/v3.1/events/a%2F..%2Fb%3Fc"]


async def test_a_page_that_is_no_event_does_not_make_one_known(server: Server, client: CleverClient) -> None:
    server.answers = [HTML, answer({"message": "maintenance"}), answer({"data": {}}, 403)]

    with pytest.raises(CleverRefused, match="403"):
        await client.knows_event(TOKEN, "e1")


# What is not asked again


@pytest.mark.parametrize("status", [301, 302, 307, 400, 402, 403, 404, 409, 413, 501])
async def test_a_refusal_is_not_asked_again(
    server: Server, elsewhere: Server, client: CleverClient, status: int
) -> None:
    server.answers = [answer({"message": NAME}, status, [("Location", elsewhere.url)])]

    with pytest.raises(CleverRefused) as caught:
        await client.page(TOKEN, "users", "person-canary")

    assert caught.value.status == status
    assert str(caught.value) == f"Clever: GET /v3.1/users: {status}"
    assert (len(server.asked), elsewhere.asked) == (1, [])


async def test_a_token_unknown_to_clever_is_told_as_that(server: Server, client: CleverClient) -> None:
    server.answers = [answer({"message": NAME}, 401)]

    with pytest.raises(CleverTokenRefused) as caught:
        await client.page(TOKEN, "users", None)
    assert (str(caught.value), len(server.asked)) == ("Clever: GET /v3.1/users: 401", 1)


async def test_a_body_of_no_end_is_not_read_to_its_end(
    server: Server, client: CleverClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 2**20)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b" " * 2**16)
        return response

    server.answers = [endless]

    with pytest.raises(CleverUnavailable, match="more than 1 MiB"):
        await client.page(TOKEN, "users", None)
    assert len(server.asked) == 1


# What is asked again


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (answer({"message": NAME}, 500), "answered 500"),
        (answer(b"<html>", 502), "answered 502"),
        (answer({}, 503), "answered 503"),
        (answer({}, 504), "answered 504"),
        (answer({}, 408), "answered 408"),
        (answer({}, 429), "answered 429"),
        (answer({}, 202), "answered 202"),
        (cut, "the connection was cut"),
        (HTML, "answered HTML where JSON was expected"),
        (BROKEN_JSON, "broken JSON"),
        (answer(b""), "broken JSON"),
        (answer([NAME]), "JSON that is not Clever's envelope"),
        (answer({"data": {"name": NAME}}), "JSON that is not Clever's envelope"),
        (answer({"data": [], "links": {"next": NAME}}), "links that are not Clever's"),
        (answer({"data": [], "links": [{"rel": "next", "uri": 5}]}), "links that are not Clever's"),
        (
            answer(rows({}, next_uri="/v3.1/users?limit=2")),
            "a link to the next page that does not say where the page begins",
        ),
        (
            answer(rows({}, next_uri="http://[name-canary")),
            "a link to the next page that does not say where the page begins",
        ),
        (
            answer(rows({}, next_uri="/x?starting_after=u7")),
            "a page whose link to the next page leads to itself",
        ),
        (answer({"data": [{"id": "u8"}, {"id": "u9"}]}), "a full page without links"),
    ],
)
async def test_what_may_pass_is_asked_again_and_told(
    server: Server, client: CleverClient, time: Time, first: Answer, reason: str
) -> None:
    server.answers = [first, answer(rows({"id": "u9"}))]

    with capture_logs() as logs:
        page = await client.page(TOKEN, "users", "u7")

    assert page == CleverPage([{"id": "u9"}], None)
    assert logs == [
        {
            "event": "clever.retry",
            "log_level": "warning",
            "path": "/v3.1/users",
            "attempt": 1,
            "reason": reason,
            "seconds": 0.2,
        }
    ]
    assert (len(server.asked), time.waits) == (2, [0.2])


@pytest.mark.parametrize("odd", [7, None, {"type": "users.created"}, {"id": 7}, {"data": None}])
async def test_a_newest_event_without_an_id_is_left_out(
    server: Server, client: CleverClient, odd: object
) -> None:
    server.answers = [answer({"data": [{"data": {"id": "e0"}}, odd]})]

    assert await client.newest_events(TOKEN) == ["e0"]


@pytest.mark.parametrize(
    "odd",
    [None, 7, [NAME], {"data": None}, {"owner": {"type": "district", "id": "d" * 3000}, "access_token": "t"}],
)
async def test_a_row_of_the_list_of_tokens_that_is_none_keeps_no_other_district_back(
    server: Server, client: CleverClient, odd: object
) -> None:
    sound = {"owner": {"type": "district", "id": "d1"}, "access_token": "t1"}
    server.answers = [answer({"data": [odd, sound], "links": []})]

    assert list(await client.tokens()) == ["d1"]


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        (
            {"data": None, "uri": "/v3.1/users/u7"},
            {"data": {"data": None, "uri": "/v3.1/users/u7"}, "id": "u7"},
        ),
        ({"data": NAME}, {"data": {"data": NAME}}),
        (None, {"data": None}),
        ([NAME], {"data": [NAME]}),
    ],
)
async def test_a_row_that_is_no_record_is_given_as_far_as_it_goes_and_the_others_with_it(
    server: Server, client: CleverClient, odd: object, kept: dict[str, object]
) -> None:
    server.answers = [answer({"data": [{"data": {"id": "u1"}}, odd], "links": []})]

    page = await client.page(TOKEN, "users", None)

    assert page.rows == [{"id": "u1"}, kept]


async def test_an_event_that_is_no_object_is_handed_on(server: Server, client: CleverClient) -> None:
    server.answers = [answer({"data": [7, {"data": {"id": "e1", "type": "users.created"}}], "links": []})]

    page = await client.page(TOKEN, "events", None)

    assert page.rows == [{"data": 7}, {"id": "e1", "type": "users.created"}]


async def test_waits_double_and_end_in_two_minutes(server: Server, client: CleverClient, time: Time) -> None:
    server.answers = [answer({}, 500)]

    with pytest.raises(CleverUnavailable) as caught:
        await client.page(TOKEN, "users", None)

    assert str(caught.value) == "Clever: GET /v3.1/users: answered 500"
    assert time.waits[:8] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15]
    assert max(time.waits) == 15
    assert 105 < sum(time.waits) < 120
    assert len(server.asked) == len(time.waits) + 1


async def test_the_last_trouble_is_the_one_told(server: Server, client: CleverClient) -> None:
    server.answers = [answer({}, 500), cut, BROKEN_JSON]

    with pytest.raises(CleverUnavailable, match="broken JSON"):
        await client.page(TOKEN, "users", None)


async def test_the_last_attempt_has_the_time_left(server: Server, client: CleverClient, time: Time) -> None:
    async def late(_request: web.Request) -> web.StreamResponse:
        time.now += 119.75
        return web.Response(status=500)

    server.answers = [late, hang]

    with pytest.raises(CleverUnavailable, match="no answer within"):
        await client.page(TOKEN, "users", None)
    assert len(server.asked) == 2


async def test_a_clever_that_cannot_be_reached_is_away(elsewhere: Server, time: Time) -> None:
    gone = Server()
    await (await gone.start()).cleanup()
    client = client_of(gone.url, time)

    with pytest.raises(CleverUnavailable, match=r"no connection \(ClientConnectorError\)"):
        await client.district(TOKEN)
    await client.close()
    await client.close()
    assert elsewhere.asked == []


async def test_a_client_is_usable_after_connections_closed(server: Server, client: CleverClient) -> None:
    server.answers = [answer(rows({"id": "d1"}))]

    await client.district(TOKEN)
    await client.close()

    assert await client.district(TOKEN) == {"id": "d1"}


# Limits


@pytest.mark.parametrize(
    ("reset", "wait"),
    [
        (["+12"], 13),
        (["+12", "+30"], 31),
        (["+12, -5"], 13),
        (["+3600"], 66),
        (["+0.01"], 1.1),
        (["-5"], 0.2),
        (["soon, nan"], 0.2),
        ([], 0.2),
    ],
)
async def test_too_many_requests_are_waited_off_until_clever_says(
    server: Server, client: CleverClient, time: Time, reset: list[str], wait: float
) -> None:
    def absolute(value: str) -> str:
        parts = (part.strip() for part in value.split(","))
        return ", ".join(str(EPOCH + float(part)) if part[0] in "+-" else part for part in parts)

    headers = [("X-RateLimit-Reset", absolute(value)) for value in reset]
    server.answers = [answer({}, 429, headers), answer(rows({"id": "d1"}))]

    await client.district(TOKEN)

    assert time.waits == [pytest.approx(wait)]


async def test_only_those_with_the_same_token_wait(server: Server, client: CleverClient, time: Time) -> None:
    reset = [("X-Ratelimit-Remaining", "77, 0"), ("X-Ratelimit-Reset", str(EPOCH + 40))]
    server.answers = [answer(rows({"id": "d1"}), 200, reset), answer(rows({"id": "d1"}))]

    await client.district(TOKEN)
    await client.district(Token("another"))
    assert time.waits == []

    await client.district(TOKEN)
    assert time.waits == [40]


async def test_all_districts_together_send_no_more_than_the_settings_say(server: Server, time: Time) -> None:
    server.answers = [answer(rows({"id": "d1"})) for _ in range(3)]
    client = client_of(server.url, time, requests=2)

    for token in ("one", "two", "three"):
        await client.district(Token(token))
    await client.close()

    assert time.waits == [pytest.approx(60)]


async def test_requests_left_are_no_reason_to_wait(server: Server, client: CleverClient, time: Time) -> None:
    left = [("X-Ratelimit-Remaining", "1"), ("X-Ratelimit-Reset", str(EPOCH + 40))]
    server.answers = [answer(rows({"id": "d1"}), 200, left)]

    await client.district(TOKEN)
    await client.district(TOKEN)

    assert time.waits == []


async def test_the_token_service_may_be_busy_too(server: Server, client: CleverClient, time: Time) -> None:
    server.answers = [answer({}, 429, [("X-RateLimit-Reset", str(EPOCH + 5))]), answer(grants())]

    assert await client.tokens() == {}
    assert time.waits == [6]


# Cancelling


async def test_cancelling_ends_a_request_at_once(server: Server, client: CleverClient) -> None:
    reached = asyncio.Event()

    async def reach_and_hang(request: web.Request) -> web.StreamResponse:
        reached.set()
        return await hang(request)

    server.answers = [reach_and_hang]
    asking_task = asyncio.create_task(client.page(TOKEN, "users", None))
    await reached.wait()

    asking_task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking_task
    assert len(server.asked) == 1


async def test_cancelling_ends_a_wait_at_once(server: Server) -> None:
    asleep = asyncio.Event()

    async def sleep_for_good(_seconds: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    client = client_of(server.url, Time(), timing=Timing(sleep=sleep_for_good))
    server.answers = [answer({}, 500)]
    asking_task = asyncio.create_task(client.page(TOKEN, "users", None))
    await asleep.wait()

    asking_task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking_task
    await client.close()


# What nobody may read in a log


@pytest.mark.parametrize(
    "bad",
    [
        answer({"message": NAME}, 400),
        answer({"message": NAME}, 401),
        answer({"message": NAME}, 500),
        answer({"message": NAME}, 429),
        answer({"message": NAME}, 302, [("Location", "http://name-canary.test/")]),
        cut,
        HTML,
        BROKEN_JSON,
        answer([NAME]),
        answer({"data": [NAME]}),
        answer(rows({"name": NAME}, next_uri="/name-canary")),
        answer({"data": []}, 200, [("Content-Encoding", "gzip")]),
        answer(rows({"name": NAME}, next_uri="http://name-canary.test/")),
    ],
)
async def test_no_token_secret_record_or_query_is_in_a_log_or_an_error(
    server: Server, client: CleverClient, caplog: pytest.LogCaptureFixture, bad: Answer
) -> None:
    caplog.set_level("DEBUG")
    server.answers = [bad]
    told = []

    with capture_logs() as logs:
        for call in (
            client.tokens(),
            client.token_of("district-canary"),
            client.district(TOKEN),
            client.page(TOKEN, "users", "person-canary"),
            client.newest_events(TOKEN),
            client.knows_event(TOKEN, "e1"),
        ):
            try:
                await call
            except RosteringError as error:
                told += [*texts(error), "".join(traceback.format_exception(error))]

    assert told
    assert "canary" not in "".join(told) + repr(logs) + caplog.text


def texts(error: BaseException | None) -> list[str]:
    """Return what an error and all those behind it say, shown or not."""
    if error is None:
        return []
    own = [str(error), repr(error), repr(vars(error))]
    return own + texts(error.__cause__) + texts(error.__context__)


def test_a_question_as_text_has_neither_query_nor_credentials() -> None:
    url = URL("https://api.clever.com/v3.1/users?starting_after=canary")
    question = http.CleverRequest(url, "/v3.1/users", "Bearer canary", limited_as=b"canary")

    assert str(question) == "Clever: GET /v3.1/users"
    assert "canary" not in repr(question)


async def test_errors_have_no_error_of_a_library_behind_them(server: Server, client: CleverClient) -> None:
    for bad in (cut, BROKEN_JSON, HTML, answer({}, 404)):
        server.answers = [bad]
        with pytest.raises(RosteringError) as caught:
            await client.page(TOKEN, "users", None)
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)


# Settings


@pytest.mark.parametrize(
    "changes",
    [
        {"api_url": "api.clever.com"},
        {"api_url": "https://user:canary@api.clever.com"},
        {"api_url": "https://[canary"},
        {"oauth_url": "ftp://clever.com"},
        {"oauth_url": "https://clever.com?canary=1"},
        {"client_id": "canary:1"},
    ],
)
def test_an_impossible_address_or_client_id_is_a_wrong_setting(changes: dict[str, str], time: Time) -> None:
    (name,) = changes
    with pytest.raises(SettingsError, match=f"ROSTERING_CLEVER__{name.upper()}: expected") as caught:
        client_of("https://clever.com", time, **changes)
    assert "canary" not in "".join(texts(caught.value))


@pytest.mark.parametrize("size", [0, 10_001])
def test_a_page_has_as_many_rows_as_clever_allows(size: int, time: Time) -> None:
    with pytest.raises(ValueError, match="1 to 10000"):
        client_of("https://clever.com", time, page_size=size)
