"""A folder of saved pages of Clever's lists, in Clever's place: what a baseline is read from by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import orjson

from worker.domain.records import Json
from worker.errors import InputFileError
from worker.pages import COLLECTIONS, collection_of

NEEDED: Final = ("users", "sections")
"""Collections without which there is no roster."""


class SavedPages:
    """The files `*.json` of a folder: pages of one district, told by what is in them, not by their names.

    Every file is read once at the start, to check it, and again for its rows; one at a time, so that only
    the largest of them must fit into memory. Raises `InputFileError` where a file is not what it must be.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, list[Path]] = {}
        self._district: Json | None = None
        self._district_id: str | None = None
        for path in _files(folder):
            self._take_in(path)
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
        for collection, record in _rows(path):
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
    return (record for found, record in _rows(path) if found == collection)


def _rows(path: Path) -> Iterator[tuple[str, Json]]:
    """Yield a page's records, each with its collection."""
    for number, row in enumerate(_page(path)):
        record = row.get("data") if isinstance(row, dict) else None
        if not isinstance(record, dict):
            raise InputFileError(f'{path}: data[{number}]: expected a row with a record under "data"')
        collection = collection_of(record, str(row.get("uri") or ""))
        if collection is None or not isinstance(record.get("id"), str):
            raise InputFileError(f"{path}: data[{number}]: expected a record of a collection that Clever has")
        yield collection, record


def _page(path: Path) -> list[Any]:
    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError:
        document = None  # not raised from here: the error would keep the whole file as its context
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise InputFileError(f'{path}: expected a page of a Clever list, as JSON with rows under "data"')
    return rows
