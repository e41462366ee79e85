"""`python -m tests.mistakes [WORD …]`: every mistake with what its review said, or those with these words."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import structlog

from tests.mistakes.judge import Verdict, tried
from tests.mistakes.mistake import Mistake
from tests.mistakes.table import MISTAKES
from tests.mistakes.world import opened_world
from tests.support import process_setup
from tests.support.fixtures.time_machine import make_database
from tests.support.servers.postgres_server import PostgresServer
from worker.adapters.postgres.embedded import EmbeddedPostgres


async def report(url: str, chosen: Sequence[Mistake]) -> None:
    """Try mistakes one after the other; print a verdict for each, what was said, and totals."""
    totals = Counter[str]()
    started = time.process_time()
    async with opened_world(url) as world:
        for number, case in enumerate(chosen, start=1):
            verdict = await tried(world, number, case)
            totals[verdict.summary] += 1
            _say(_line(case, verdict))
    _say("", f"{len(chosen)} mistakes: " + ", ".join(f"{n} {what}" for what, n in totals.most_common()))
    _say(f"{(time.process_time() - started) / max(len(chosen), 1):.2f} s of this process for each")


def _line(case: Mistake, verdict: Verdict) -> str:
    return f"{verdict.summary.upper():16} {case.name}\n    " + verdict.text.replace("\n", "\n    ")


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def main() -> None:
    """Make a server and a database for it, and remove both."""
    process_setup.settle()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    chosen = [case for case in MISTAKES if all(word in case.name for word in sys.argv[1:])]
    folder = Path(tempfile.mkdtemp(prefix="mistakes-"))
    embedded = EmbeddedPostgres(folder)
    try:
        with closing(PostgresServer(asyncio.run(embedded.start()))) as server:
            asyncio.run(report(asyncio.run(make_database(server, "mistakes")), chosen))
    finally:
        asyncio.run(embedded.stop())
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
