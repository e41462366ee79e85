"""What pages may load, and the one exception: a page that shows an e-mail's HTML in a frame.

The HTML itself is an answer of its own, which may do nothing: no script, no request, no form, no way out of
its frame. Only its styles may stand inside it, as they must in an e-mail.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

CONTENT_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)


def with_frame(response: web.Response) -> web.Response:
    """Let a page show one of our own answers in a frame."""
    response.headers["Content-Security-Policy"] = f"{CONTENT_POLICY}; frame-src 'self'"
    return response


def mail_html(html: str) -> web.Response:
    """Return the HTML of an e-mail, for a frame of ours to show."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": _MAIL_POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "SAMEORIGIN",
    }
    return web.Response(text=html, content_type="text/html", headers=headers)
