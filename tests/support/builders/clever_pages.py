"""Districts of the sandbox as files of Clever's list pages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson

from worker.messaging.event_files import JsonObject
from worker.sandbox import ids
from worker.sandbox.district import SandboxDistrict


def list_pages(district: SandboxDistrict, collection: str, size: int) -> Iterator[JsonObject]:
    """Put a collection into Clever's list envelope, page by page; an empty one has one empty page."""
    here = f"/{ids.API_VERSION}/{collection}?limit={size}"
    after, records = "", district.records(collection)
    following = list(islice(records, size))
    while True:
        page, following = following, list(islice(records, size))
        links = [{"rel": "self", "uri": here + after}]
        if following:
            after = f"&starting_after={page[-1]['id']}"
            links.append({"rel": "next", "uri": here + after})
        yield {"data": [{"data": row, "uri": ids.uri(collection, row["id"])} for row in page], "links": links}
        if not following:
            return


def write_pages(district: SandboxDistrict, folder: Path) -> None:
    """Write one file a collection, `users.json` and so on, each of them one long page."""
    folder.mkdir(parents=True, exist_ok=True)
    for collection in district.collections:
        _write_page(folder / f"{collection}.json", collection, district.records(collection))


def _write_page(path: Path, collection: str, records: Iterator[JsonObject]) -> None:
    """Write records as one long list page, row by row, so that their number does not matter."""
    links = [{"rel": "self", "uri": f"/{ids.API_VERSION}/{collection}"}]
    with path.open("wb") as page:
        page.write(b'{"data":[')
        for number, record in enumerate(records):
            row = {"data": record, "uri": ids.uri(collection, record["id"])}
            page.write((b",\n" if number else b"\n") + orjson.dumps(row))
        page.write(b'\n],"links":' + orjson.dumps(links) + b"}\n")
