"""Asking Clever one thing: a GET with time-outs, asked again while it is sensible, and errors in our terms.

What may pass (too busy, away, a broken answer) is `AttemptFailed` inside this package and `CleverUnavailable`
once `GIVE_UP_SECONDS` are over; what asking again does not change is `CleverRefused` at once. The errors
of the libraries quote addresses, headers and whole bodies, so none of them leaves this file, not even as
the context of ours: that is why errors are raised behind the `except` that told of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import aiohttp
import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from yarl import URL

from worker.adapters.clever.clock import Timing
from worker.adapters.clever.envelope import AttemptFailed, parsed
from worker.adapters.clever.limiter import RequestLimiter
from worker.adapters.clever.limits import seconds_to_wait, used_up
from worker.domain.roster.records import Json
from worker.runtime.errors import CleverRefused, CleverTokenRefused, CleverUnavailable

Answer = TypeVar("Answer")

GIVE_UP_SECONDS: Final = 120.0
"""From the first attempt to giving up; whoever asked tries again later, with others in between."""
REQUEST_SECONDS: Final = 60.0
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 30.0
"""The longest silence in the middle of an answer."""
CONNECTIONS: Final = 8
"""At the same time: each may hold a page of 10,000 rows."""
MAX_BODY_BYTES: Final = 128 * 2**20
"""A page of 10,000 rows has about 15 MB; what is so much larger is no page."""
FIRST_WAIT_SECONDS: Final = 0.2
LONGEST_WAIT_SECONDS: Final = 15.0

_OK: Final = 200
_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_MAY_PASS: Final = frozenset({*range(201, 300), 408, *range(500, 600)}) - {501}
"""Statuses worth asking again for; those of success but 200 are none that Clever has."""
_HEADERS: Final = {"User-Agent": "rostering", "Accept": "application/json", "Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class CleverRequest:
    """One GET; as text it has neither credentials nor query.

    `path` is what texts call it; `limited_as` the key that the request counts for, None where no limit is
    known; `unauthorized` what a 401 means here, None where it means a token that is refused.
    """

    url: URL = field(repr=False)
    path: str
    authorization: str = field(repr=False)
    limited_as: bytes | None = field(default=None, repr=False)
    unauthorized: str | None = None

    def __str__(self) -> str:
        return f"Clever: GET {self.path}"


class CleverHttp:
    """Asks, with one pool of connections; `close` it at the end."""

    def __init__(self, timing: Timing, requests: int | None = None) -> None:
        self._timing = timing
        self._limiter = RequestLimiter(timing)
        self._of_all = None if requests is None else RequestLimiter(timing, requests=requests)
        # Waiting for a connection here and not in the pool keeps it out of the time to connect.
        self._connections = asyncio.Semaphore(CONNECTIONS)
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, question: CleverRequest, read: Callable[[Json], Answer]) -> Answer:
        """Return what `read` makes of the answer; an answer that is `AttemptFailed` to it is asked for again.

        Raises `CleverUnavailable`, `CleverTokenRefused` or `CleverRefused`.
        """
        patience = _Patience(self._timing, question)
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(AttemptFailed),
            wait=patience.wait,
            stop=patience.is_over,
            before_sleep=patience.log,
            sleep=self._timing.sleep,
            reraise=True,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    return await self._attempt(question, read, patience)
        except AttemptFailed as trouble:
            reason = trouble.reason
        raise CleverUnavailable(f"{question}: {reason}")

    async def close(self) -> None:
        """Close every connection; may be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _attempt(
        self, question: CleverRequest, read: Callable[[Json], Answer], patience: _Patience
    ) -> Answer:
        if question.limited_as is not None:
            await self._limiter.acquire(question.limited_as)
        if self._of_all is not None:
            await self._of_all.acquire(b"")
        async with self._connections:
            seconds = patience.seconds_for_an_attempt()
            try:
                return read(await self._get(question, seconds))
            except (TimeoutError, aiohttp.ClientError) as error:
                reason = _reason(error, seconds)
        raise AttemptFailed(reason)

    async def _get(self, question: CleverRequest, seconds: float) -> Json:
        async with self._open().get(
            question.url,
            headers={"Authorization": question.authorization},
            timeout=aiohttp.ClientTimeout(total=seconds, connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
            # Redirected, the credentials could reach another host.
            allow_redirects=False,
        ) as response:
            wait = seconds_to_wait(response.headers, self._timing.wall())
            if response.status == _TOO_MANY or used_up(response.headers):
                self._hold(question, wait)
            _check(question, response.status, wait)
            return parsed(await _body(question, response))

    def _hold(self, question: CleverRequest, seconds: float | None) -> None:
        if question.limited_as is not None and seconds is not None:
            self._limiter.hold(question.limited_as, self._timing.clock() + seconds)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                headers=_HEADERS,
                # A cookie set for one district would be sent along with another's token.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class _Patience:
    """How long one question is asked, and how long it is waited in between."""

    def __init__(self, timing: Timing, question: CleverRequest) -> None:
        self._timing = timing
        self._question = question
        self._began: float | None = None

    def seconds_for_an_attempt(self) -> float:
        """Return how long this attempt may take; raises `AttemptFailed` where no time is left."""
        if self._began is None:  # what we wait for our own limit before that is not Clever's doing
            self._began = self._timing.clock()
        left = GIVE_UP_SECONDS - self._spent()
        if left <= 0:
            raise AttemptFailed(f"no usable answer within {GIVE_UP_SECONDS:.0f} seconds")
        return min(REQUEST_SECONDS, left)

    def wait(self, state: RetryCallState) -> float:
        """Return the seconds before the next attempt: Clever's own word, or twice as many each time."""
        trouble = _trouble(state)
        if trouble.seconds is not None:
            return trouble.seconds + self._timing.jitter()
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(state.attempt_number - 1, 10))
        return longest * (1 + self._timing.jitter()) / 2

    def is_over(self, state: RetryCallState) -> bool:
        """Whether another attempt would begin too late."""
        return self._spent() + state.upcoming_sleep >= GIVE_UP_SECONDS

    def log(self, state: RetryCallState) -> None:
        """Say that Clever is asked again, and why."""
        structlog.get_logger().warning(
            "clever.retry",
            path=self._question.path,
            attempt=state.attempt_number,
            reason=_trouble(state).reason,
            seconds=round(state.upcoming_sleep, 2),
        )

    def _spent(self) -> float:
        return 0.0 if self._began is None else self._timing.clock() - self._began


def _trouble(state: RetryCallState) -> AttemptFailed:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, AttemptFailed):
        raise TypeError("only trouble is tried again")
    return error


def _check(question: CleverRequest, status: int, wait: float | None) -> None:
    """Raise what a status other than 200 means."""
    if status == _OK:
        return
    if status == _UNAUTHORIZED:
        if question.unauthorized is None:
            raise CleverTokenRefused(f"{question}: {status}", status)
        raise CleverRefused(f"{question}: {status}: {question.unauthorized}", status)
    if status == _TOO_MANY:
        raise AttemptFailed(f"answered {status}", wait)
    if status in _MAY_PASS:
        raise AttemptFailed(f"answered {status}")
    raise CleverRefused(f"{question}: {status}", status)


async def _body(question: CleverRequest, response: aiohttp.ClientResponse) -> bytearray:
    """Read the body, unpacked, as far as it may go."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise CleverUnavailable(f"{question}: answered more than {MAX_BODY_BYTES // 2**20} MiB")
    return body


def _reason(error: Exception, seconds: float) -> str:
    """Tell what happened to an attempt in words that quote nothing."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {min(CONNECT_SECONDS, seconds):.0f} seconds"
        case aiohttp.SocketTimeoutError():
            return f"no answer within {min(READ_SECONDS, seconds):.0f} seconds"
        case TimeoutError():
            return f"no answer within {seconds:.0f} seconds"
        case aiohttp.ClientConnectorError():
            return f"no connection ({type(error).__name__})"
        case aiohttp.ClientPayloadError() | aiohttp.ClientConnectionError():
            return "the connection was cut"
        case _:
            return f"no valid HTTP answer ({type(error).__name__})"
