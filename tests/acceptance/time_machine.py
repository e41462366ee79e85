"""Time that a test runs forward, for a whole installation.

The program tells the time by its database. So a PostgreSQL that is started under libfaketime is all it takes:
it reads how far ahead it is from a file at every look at its clock; programs and schemas stay as they are.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from worker.adapters.postgres import schema
from worker.adapters.postgres.embedded import EmbeddedPostgres

LIBRARIES = "/usr/lib/*/faketime/libfaketime.so.1"


class TimeMachine:
    """How far ahead of the machine's clock it is; only ever further."""

    def __init__(self, folder: Path, library: Path) -> None:
        self._file = folder / "ahead"
        self._library = library
        self._ahead = 0
        self._write()

    def now(self) -> datetime:
        """Tell the time as it is told under the machine."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def forward(self, by: timedelta) -> None:
        """Run time forward."""
        assert by >= timedelta(0), "time does not run backward"
        self._ahead += int(by.total_seconds()) + 1
        self._write()

    def to(self, moment: datetime) -> None:
        """Run time forward to a moment, which is to come."""
        self.forward(moment - self.now())

    @contextmanager
    def governing(self) -> Iterator[None]:
        """Let programs that are started meanwhile, and those they start, tell this time."""
        ours = {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in ours.items():
                patch.setenv(name, value)
            yield

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"+{self._ahead}")
        new.chmod(0o644)  # PostgreSQL runs as a user of its own
        new.replace(self._file)


@pytest.fixture
def time_machine() -> Iterator[TimeMachine]:
    """A time machine that stands at the present."""
    library = next(Path("/").glob(LIBRARIES.removeprefix("/")), None)
    if library is None:
        problem = "libfaketime is not installed: `make test` says how to get it"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    folder = Path(tempfile.mkdtemp(prefix="rostering-time-"))
    folder.chmod(0o755)
    try:
        yield TimeMachine(folder, library)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def travelling_database_url(time_machine: TimeMachine) -> Iterator[str]:
    """A migrated and empty database that tells the time machine's time."""
    folder = Path(tempfile.mkdtemp(prefix="rostering-pg-"))
    embedded = EmbeddedPostgres(folder)
    try:
        with time_machine.governing():
            url = asyncio.run(embedded.start())
        asyncio.run(schema.migrate(url))
        yield url
    finally:
        asyncio.run(embedded.stop())
        shutil.rmtree(folder, ignore_errors=True)
