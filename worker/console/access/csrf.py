"""Forms: each carries a token that only a page of ours, in the same browser, can have.

The token is made of a secret that the browser keeps in a cookie: that of the session, or of the visit where
there is none (at the log-in, behind a proxy, on the loopback). What another site makes a browser send has
the cookie but not the token. Where another site can plant a cookie, under the same domain say, the browser's
own word on where the request comes from refuses it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from markupsafe import Markup

from worker.console.access import cookies
from worker.console.access.refusal import RefusedRequest
from worker.console.access.request_origin import AccessRules, own_hosts

FIELD: Final = "form_token"
READ_SECONDS: Final = 15.0
"""How long a form may take to arrive."""
_FORM: Final = "application/x-www-form-urlencoded"
_SHORTEST_SECRET: Final = 40


@dataclass(slots=True)
class Secret:
    """What the tokens of a request's forms are made of."""

    value: str
    is_new: bool = False
    """Whether the browser does not have it yet."""
    was_used: bool = False

    def token(self) -> str:
        """Return the token of this browser's forms."""
        self.was_used = True
        return hmac.new(self.value.encode(), b"form", hashlib.sha256).hexdigest()


SECRET: Final = web.RequestKey("form secret", Secret)


def secret_of(request: web.Request, session_token: str | None, rules: AccessRules) -> Secret:
    """Return the secret of the request's browser, a new one where it has none."""
    kept = session_token or cookies.value_of(request, cookies.VISIT, rules)
    return Secret(kept) if len(kept) >= _SHORTEST_SECRET else Secret(secrets.token_urlsafe(32), is_new=True)


@dataclass(frozen=True, slots=True)
class Field:
    """The hidden input that every form begins with; made where a template writes it."""

    secret: Secret

    def __html__(self) -> str:
        """Return the input."""
        return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, self.secret.token())


async def check(request: web.Request, rules: AccessRules) -> None:
    """Read a form, and raise `RefusedRequest` where it may not come from a page of ours."""
    if request.content_type != _FORM:
        raise RefusedRequest(415, "This is not a form", "Send the form from the page itself.")
    _check_site(request, rules)
    try:
        async with asyncio.timeout(READ_SECONDS):
            form = await request.post()
    except TimeoutError:
        raise RefusedRequest(
            408, "The form did not arrive", "Sending took too long. Send it again."
        ) from None
    except (LookupError, ValueError):  # an encoding that there is not, or bytes that are not in it
        raise RefusedRequest(400, "The form cannot be read", "Send it as UTF-8, as browsers do.") from None
    token = form.get(FIELD)
    expected = request[SECRET].token()
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(), expected.encode()):
        raise RefusedRequest(
            403,
            "This form is out of date",
            "You logged in or out after opening the page, or cookies are turned off. Nothing was changed. "
            "Reload the page and send the form again.",
        )


def _check_site(request: web.Request, rules: AccessRules) -> None:
    """Raise `RefusedRequest` where the browser says that another site sends this."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    is_ours = origin is None or urlsplit(origin).netloc.lower() in own_hosts(request, rules)
    if site not in {"same-origin", "none"} or not is_ours:
        raise RefusedRequest(
            403,
            "This form was sent by another site",
            "Nothing was changed. If you sent it from the console itself, a proxy changes the console's "
            "address: "
            "set ROSTERING_HTTP__PUBLIC_URL to the address in your browser.",
        )
