"""Our cookies: for us alone, whole and, where the browser speaks https, bound to this very host.

A name that begins with `__Host-` is taken by a browser only with Secure, for the path `/` and without a
domain: so no other host of the same domain can plant one. Over plain http a browser refuses such a name.
"""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from worker.console.access import request_origin
from worker.console.access.request_origin import AccessRules

SESSION: Final = "rostering_session"
LOCAL_SESSION: Final = "rostering_local"
"""Of somebody who came by a link, while there are no users."""
VISIT: Final = "rostering_visit"
_PREFIX: Final = "__Host-"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def called(name: str, request: web.Request, rules: AccessRules) -> str:
    """Return what a cookie is called for this browser."""
    return f"{_PREFIX}{name}" if request_origin.is_https(request, rules) else name


def value_of(request: web.Request, name: str, rules: AccessRules) -> str:
    """Return a cookie's value; "" where there is none."""
    return request.cookies.get(called(name, request, rules), "")


def token_of(request: web.Request, name: str, rules: AccessRules) -> str | None:
    """Return the token in a cookie, whether or not it is good for anything; None where it is none of ours."""
    token = value_of(request, name, rules)
    return token if _TOKEN.fullmatch(token) else None


def put(
    answer: web.StreamResponse,
    request: web.Request,
    rules: AccessRules,
    cookie: tuple[str, str],
) -> None:
    """Give a browser a cookie, name and value, until it is closed."""
    name, value = cookie
    answer.set_cookie(
        called(name, request, rules),
        value,
        path="/",
        httponly=True,
        # And not Strict: the links in alerts are followed out of a mail or a chat.
        samesite="Lax",
        secure=request_origin.is_https(request, rules),
    )


def take_away(answer: web.StreamResponse, request: web.Request, rules: AccessRules, name: str) -> None:
    """Take a cookie away."""
    is_https = request_origin.is_https(request, rules)
    answer.del_cookie(called(name, request, rules), path="/", secure=is_https, httponly=True, samesite="Lax")
