"""Clever's token service and data API over HTTP, as `worker.pipeline.poll.clever` describes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import quote

import aiohttp
from yarl import URL

from worker.adapters.clever import envelope
from worker.adapters.clever.clock import REAL, Timing
from worker.adapters.clever.grants import Grants
from worker.adapters.clever.http import CleverHttp, CleverRequest
from worker.domain.roster.records import Json
from worker.pipeline.poll.clever import EVENTS, CleverPage, Token
from worker.runtime.errors import CleverRefused, CleverUnavailable, SettingsError

PAGE_SIZE: Final = 10_000
"""Rows of a page: the most that Clever gives."""

_NOT_FOUND: Final = 404
_WRONG_APP: Final = (
    "check the app's credentials, ROSTERING_CLEVER__CLIENT_ID and ROSTERING_CLEVER__CLIENT_SECRET"
)


class CleverClient:
    """Answers to `worker.pipeline.poll.clever.Clever`; `close` it at the end.

    `requests`: how many it sends in any 60 seconds for all districts together; None: what each token allows.
    """

    def __init__(
        self,
        *,
        api_url: str,
        oauth_url: str,
        api_version: Literal["v3.0", "v3.1"],
        client_id: str,
        client_secret: str,
        page_size: int = PAGE_SIZE,
        requests: int | None = None,
        timing: Timing = REAL,
    ) -> None:
        if not 1 <= page_size <= PAGE_SIZE:
            raise ValueError(f"a page has 1 to {PAGE_SIZE} rows")
        if ":" in client_id:
            raise SettingsError("ROSTERING_CLEVER__CLIENT_ID: expected a client id, which has no colon")
        self._data = _base(api_url, "ROSTERING_CLEVER__API_URL") / api_version
        self._tokens = _base(oauth_url, "ROSTERING_CLEVER__OAUTH_URL") / "oauth" / "tokens"
        self._authorization = aiohttp.encode_basic_auth(client_id, client_secret)
        self._page_size = page_size
        self._asker = CleverHttp(timing, requests)

    async def close(self) -> None:
        """Close every connection; may be called twice."""
        await self._asker.close()

    async def tokens(self) -> dict[str, Token]:
        """Return the tokens of all connected districts, by district id."""
        return await self._granted({})

    async def token_of(self, district_id: str) -> Token | None:
        """Return one district's token as it is now; None where it is not connected."""
        return (await self._granted({"district": district_id})).get(district_id)

    async def district(self, token: Token) -> Json:
        """Return the record of the district that a token is for."""
        question = self._question(token, self._data / "districts")
        found = await self._asker.ask(question, envelope.records)
        if len(found) != 1:
            raise CleverUnavailable(f"{question}: expected one district, got {len(found)}")
        return found[0]

    async def page(self, token: Token, collection: str, after: str | None) -> CleverPage:
        """Return a page of `events` or of a collection, from its beginning or after an id."""
        query = {"limit": str(self._page_size)} | ({} if after is None else {"starting_after": after})
        unwrapped = envelope.events if collection == EVENTS else envelope.rows

        def read(document: Json) -> CleverPage:
            return envelope.page(document, unwrapped(document), after=after, limit=self._page_size)

        url = (self._data / collection).with_query(query)
        return await self._asker.ask(self._question(token, url), read)

    async def newest_events(self, token: Token) -> list[str]:
        """Return the ids of the feed's newest two events, the newest last; fewer where it has fewer."""
        # Without the cursor Clever would begin at the oldest event that it still has.
        url = (self._data / EVENTS).with_query({"ending_before": "last", "limit": "2"})
        return await self._asker.ask(self._question(token, url), _newest)

    async def knows_event(self, token: Token, event_id: str) -> bool:
        """Whether the feed still has this event."""
        url = (self._data / EVENTS).joinpath(quote(event_id, safe=""), encoded=True)
        try:
            await self._asker.ask(self._question(token, url), envelope.record)
        except CleverRefused as refused:
            if refused.status != _NOT_FOUND:
                raise
            return False
        return True

    async def _granted(self, query: Mapping[str, str]) -> dict[str, Token]:
        """Read the list of tokens, page after page."""
        grants = Grants()
        url: URL | None = self._tokens.with_query({"owner_type": "district", **query})
        asked: set[URL] = set()
        while url is not None:
            # The paths of links are Clever's own text, so they are not quoted.
            path = self._tokens.raw_path
            question = CleverRequest(url, path, self._authorization, unauthorized=_WRONG_APP)
            asked.add(url)
            rows, link = await self._asker.ask(question, _rows_and_link)
            grants.add(rows)
            url = _following(question, link)
            if url in asked:
                raise CleverUnavailable(f"{question}: the list of tokens links back to an earlier page")
        return grants.tokens()

    def _question(self, token: Token, url: URL) -> CleverRequest:
        key = hashlib.sha256(token.value.encode()).digest()
        # The escaped path is one line, whatever stands in an event's id.
        return CleverRequest(url, url.raw_path, f"Bearer {token.value}", limited_as=key)


def _base(address: str, setting: str) -> URL:
    try:
        url = URL(address.rstrip("/"))
        usable = url.scheme in ("http", "https") and bool(url.host) and not (url.user or url.password)
    except ValueError:
        usable = False
    if not usable or url.query_string or url.fragment:
        raise SettingsError(f"{setting}: expected an address like https://api.clever.com")
    return url


def _following(question: CleverRequest, link: str | None) -> URL | None:
    """Return the address of the next page; the credentials must go to no other host than before."""
    if link is None:
        return None
    try:
        url = question.url.join(URL(link)).with_user(None).with_fragment(None)
        same_host = url.origin() == question.url.origin()
    except ValueError:
        same_host = False
    if not same_host:
        raise CleverUnavailable(f"{question}: the list of tokens links to another host")
    return url


def _newest(document: Json) -> list[str]:
    found = [row.get("id") for row in envelope.events(document)]
    return sorted(event_id for event_id in found if isinstance(event_id, str) and event_id)


def _rows_and_link(document: Json) -> tuple[list[Json], str | None]:
    # A row that is no token is left out by itself: one must not keep all districts from being read.
    return envelope.rows(document), envelope.next_link(document)
