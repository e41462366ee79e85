"""What Clever answers: the list of tokens, and the Data API behind each of them.

Only right answers are made here, and refusals that are right; `faults` and `server` spoil them.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

import orjson
from aiohttp import web

from worker.sandbox import ids
from worker.sandbox.faults import Faults
from worker.sandbox.live_districts import WorldDistrict
from worker.sandbox.paging import ListPage, Query, WrongQuery, cut_page, event_filter
from worker.sandbox.rate_limit import RequestLimit
from worker.sandbox.record_store import RecordStore
from worker.sandbox.world import World

CLIENT: Final = "sandbox"
"""Both the client id and the client secret."""
LISTS: Final = ("districts", "schools", "users", "sections", "courses", "terms", "events")
TOKENS_PATH: Final = "/oauth/tokens"
UnknownCursor: TypeAlias = Literal["error", "empty", "oldest"]

_SCOPES: Final = [f"read:{name}" for name in ("district_admins", "sections", "student_contacts", "students")]
_JSON: Final = "application/json"


@dataclass(slots=True)
class Behaviour:
    """Where Clever may be one way or another."""

    unknown_cursor: UnknownCursor = "error"
    """What follows an event that the feed does not know: 404, an empty page, or the feed's beginning."""
    requests_a_minute: int = 1200
    """The limit for each token; 0 is none."""


@dataclass(slots=True)
class RunningSandbox:
    """What the server and its orders share: the world, how Clever behaves, what goes wrong, what happened."""

    world: World
    behaviour: Behaviour = field(default_factory=Behaviour)
    faults: Faults | None = None
    requests: int = 0
    spoiled: Counter[str] = field(default_factory=Counter)
    """Answers that were spoiled, by kind of fault."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, before it is sent."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = _JSON
    page: ListPage | None = None
    """The page that `body` was written from, where it is one of a list."""
    list_key: tuple[str, str] | None = None
    """Whose list it is a page of, and which."""
    holder: WorldDistrict | None = None
    """The district whose token was used."""
    events: tuple[str, ...] = ()
    """The events that are handed out with it."""

    @classmethod
    def of(cls, document: object, status: int = 200) -> Answer:
        """Answer with JSON."""
        return cls(orjson.dumps(document), status)

    def with_page(self, page: ListPage) -> Answer:
        """Answer with another page of the same list."""
        events = self.events if page.ids else ()
        return replace(self, page=page, body=page.body(), events=events)


def refusal(status: int, text: str) -> Answer:
    """Refuse, as the Data API does."""
    return Answer.of({"message": text}, status)


class Api:
    """Clever's token service and Data API, over a world."""

    def __init__(self, running: RunningSandbox) -> None:
        self._world = running.world
        self._behaviour = running.behaviour
        self._limit = RequestLimit()

    def tokens(self, request: web.Request) -> Answer:
        """List the tokens of the connected districts."""
        if _basic(request) != (CLIENT, CLIENT):
            said = {"error": "invalid_client", "error_description": "unknown client id or wrong secret"}
            return Answer.of(said, 401)
        if request.query.get("owner_type") != "district":
            said = {"error": "invalid_request", "error_description": "owner_type: expected district"}
            return Answer.of(said, 400)
        try:
            query = Query.read(request.query.items())
        except WrongQuery as error:
            return refusal(error.status, str(error))
        wanted = request.query.get("district")
        shelf = RecordStore()
        for one in self._world.connected():
            if wanted in {None, one.id}:
                shelf[one.grant_id] = _grant(one)
        fixed = {"owner_type": "district"} | ({"district": wanted} if wanted else {})
        page = cut_page(shelf, replace(query, fixed=tuple(fixed.items())), TOKENS_PATH, wrapped=False)
        return Answer(page.body(), page=page, list_key=("", f"tokens {wanted}"))

    def data(self, request: web.Request) -> Answer:
        """Answer for one district's records and events."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        holder = self._world.holder_of(token)
        if holder is None:
            return refusal(401, "unauthorized: the token is not that of a connected district")
        now = self._world.clock().timestamp()
        within, headers = self._limit.take(token, now, self._behaviour.requests_a_minute)
        answer = _answer(request, holder, self._behaviour) if within else refusal(429, "too many requests")
        return replace(answer, headers=headers, holder=holder)


def _answer(request: web.Request, holder: WorldDistrict, behaviour: Behaviour) -> Answer:
    name, record_id = request.match_info["list"], request.match_info.get("id")
    shelf = holder.events if name == "events" else holder.district.collections.get(name)
    if shelf is None or name not in LISTS:
        return refusal(404, f"there is no list {name!r}")
    if record_id is None:
        return _list(request, holder, shelf, behaviour)
    if record_id not in shelf:
        return refusal(404, "Resource not found")
    link = orjson.dumps([{"rel": "self", "uri": request.path}])
    return Answer(b'{"data":%b,"links":%b}' % (shelf.row(record_id), link))


def _list(request: web.Request, holder: WorldDistrict, shelf: RecordStore, behaviour: Behaviour) -> Answer:
    name = request.match_info["list"]
    try:
        query = Query.read(request.query.items())
    except WrongQuery as error:
        return refusal(error.status, str(error))
    key = (holder.id, name)
    if name != "events":
        page = cut_page(shelf, replace(query, record_types=(), school=None), request.path)
        return Answer(page.body(), page=page, list_key=key)
    if query.after and query.after not in shelf:
        match behaviour.unknown_cursor:
            case "error":
                return refusal(404, "starting_after: no such event")
            case "empty":
                page = ListPage((), {"self": query.address(request.path)})
                return Answer(page.body(), page=page, list_key=key)
            case "oldest":
                query = replace(query, after=None)
    page = cut_page(shelf, query, request.path, matches=event_filter(query))
    # Who asks backwards looks where the feed is, and does not read it.
    events = () if query.before else tuple(page.ids)
    return Answer(page.body(), page=page, list_key=key, events=events)


def _grant(one: WorldDistrict) -> dict[str, object]:
    return {
        "id": one.grant_id,
        "created": ids.timestamp(one.token_since),
        "owner": {"type": "district", "id": one.id},
        "access_token": one.token,
        "scopes": _SCOPES,
    }


def _basic(request: web.Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret
