"""Style sheets, scripts and pictures: all of them are served by us."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from aiohttp import web

from worker.console.console import Console
from worker.console.page import Route

_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FILES: Final = resources.files("worker.console").joinpath("static")


def pages(_console: Console) -> list[Route]:
    """Return the assets; they name nobody, so that the page to log in at can have them too."""
    return [Route("GET", "/static/{name}", _asset, None)]


@cache
def _texts() -> dict[str, str]:
    """Return every file by its name: what anybody may ask for costs no reading."""
    return {file.name: file.read_text() for file in _FILES.iterdir() if file.is_file()}


async def _asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    text = _texts().get(name)
    if text is None:
        raise web.HTTPNotFound
    kind = _TYPES[name.rpartition(".")[2]]
    headers = {"Cache-Control": "public, max-age=300"}
    return web.Response(text=text, content_type=kind, headers=headers)
