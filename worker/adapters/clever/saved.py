"""A folder of saved pages of Clever's lists, in Clever's place: what a baseline is read from by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final

import orjson
from yarl import URL

from worker.domain.roster.records import Json
from worker.messaging.event_files import COLLECTIONS, collection_of, is_record, row_of, without_mark
from worker.runtime.errors import InputFileError

NEEDED: Final = ("users", "sections")
"""Collections without which there is no roster."""


class SavedPageFolder:
    """The files `*.json` of a folder: pages of one district, told by what is in them, not by their names.

    Every file is read once at the start, to check it, and again for its rows; one at a time, so that only
    the largest of them must fit into memory. Raises `InputFileError` where a file is not what it must be.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, list[Path]] = {}
        self._district: Json | None = None
        self._district_id: str | None = None
        self._links = _Links()
        for path in _files(folder):
            self._take_in(path)
        self._links.check()
        for collection in NEEDED:
            if collection not in self._files:
                raise InputFileError(f"{folder}: expected a page of {collection} among its files *.json")

    @property
    def district_id(self) -> str:
        """The district that every row belongs to."""
        if self._district_id is None:
            raise AssertionError("unreachable: a section names its district")
        return self._district_id

    def collections(self) -> list[str]:
        """Return the collections that have rows, `districts` among them, in the order of their arrival."""
        return [collection for collection in COLLECTIONS if collection in self._files]

    def district(self) -> Json | None:
        """Return the district's record; None where no page has it."""
        return self._district

    def pages(self, collection: str, size: int) -> Iterator[list[Json]]:
        """Yield a collection's records, at most `size` at a time; none where it has no file."""
        if size < 1:
            raise ValueError("a page has at least one row")
        files = self._files.get(collection, [])
        rows = chain.from_iterable(_of(collection, path) for path in files)
        while page := list(islice(rows, size)):
            yield page

    def _take_in(self, path: Path) -> None:
        page = _page(path)
        self._links.add_page(path, page)
        for collection, record in _rows(path, page):
            if not is_record(record):
                self._files.setdefault(collection, [])
                if path not in self._files[collection][-1:]:
                    self._files[collection].append(path)
                continue
            self._links.add_row(collection, record["id"])
            self._check_district(path, collection, record)
            if collection == "districts":
                self._district = record
            files = self._files.setdefault(collection, [])
            if path not in files[-1:]:
                files.append(path)

    def _check_district(self, path: Path, collection: str, record: Json) -> None:
        found = record.get("id" if collection == "districts" else "district")
        if not isinstance(found, str) or not found:
            raise InputFileError(f"{path}: expected every row to name its district")
        if self._district_id is None:
            self._district_id = found
        if found != self._district_id:
            raise InputFileError(
                f"{path}: expected pages of one district, {self._district_id}; this one has rows of {found}"
            )


class _Links:
    """Whether each page that leads to a next one is followed by it, or by any rows that come after."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._begun: set[tuple[str, str]] = set()
        self._led_to: list[tuple[Path, str, str]] = []

    def add_row(self, collection: str, record_id: str) -> None:
        self._last[collection] = max(record_id, self._last.get(collection, ""))

    def add_page(self, path: Path, page: Json) -> None:
        if (begun := _place(page, "self")) is not None:
            self._begun.add(begun)
        if (led_to := _place(page, "next")) is not None:
            self._led_to.append((path, *led_to))

    def check(self) -> None:
        for path, collection, after in self._led_to:
            if self._last.get(collection, "") <= after and (collection, after) not in self._begun:
                raise InputFileError(
                    f"{path}: the next page of {collection} is missing, the one that begins after {after}"
                )


def _place(page: Json, rel: str) -> tuple[str, str] | None:
    """Return the collection and the id after which the page behind a link begins."""
    links = page.get("links")
    named = (link for link in links if isinstance(link, dict)) if isinstance(links, list) else ()
    uri = next((str(link.get("uri")) for link in named if link.get("rel") == rel), "")
    try:
        after = URL(uri).query.get("starting_after")
    except ValueError:
        return None
    collection = collection_of({}, uri)
    return (collection, after) if collection and after else None


def _files(folder: Path) -> list[Path]:
    """Return the files in the order of their names, a number in a name counting as a number."""
    if not folder.is_dir():
        raise InputFileError(f"{folder}: expected a folder with pages of Clever's lists")
    files = [path for path in folder.glob("*.json") if path.is_file()]
    if not files:
        raise InputFileError(f"{folder}: expected pages of Clever's lists in it, as files *.json")
    return sorted(files, key=_by_number)


def _by_number(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", path.stem)]


def _of(collection: str, path: Path) -> Iterator[Json]:
    return (record for found, record in _rows(path, _page(path)) if found == collection)


def _rows(path: Path, page: Json) -> Iterator[tuple[str, Json]]:
    """Yield a page's rows, each with its collection; one that is no record as far as it goes.

    Raises `InputFileError` where no row tells of which collection the page is.
    """
    rows = [row_of(row) for row in page["data"]]
    told = next((collection for collection, _ in rows if collection is not None), None)
    if rows and told is None:
        raise InputFileError(f"{path}: expected records of a collection that Clever has")
    for collection, record in rows:
        yield collection or str(told), record


def _page(path: Path) -> Json:
    try:
        document = orjson.loads(without_mark(path.read_bytes()))
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError:
        document = None  # not raised from here: the error would keep the whole file as its context
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        raise InputFileError(f'{path}: expected a page of a Clever list, as JSON with rows under "data"')
    return document
