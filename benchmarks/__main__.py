"""`python -m benchmarks [NAME …]`: run the benchmarks, print the ratios, exit 1 where one is not met."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog
import uvloop

from benchmarks import (
    baseline,
    evaluate,
    filter_change,
    filter_try,
    first_load,
    history,
    ingest,
    many_districts,
    pages,
    settled,
    start,
    suggest,
)
from benchmarks.servers import embedded_postgres

BENCHMARKS = {
    "ingest": ingest.measure,
    "evaluate": evaluate.measure,
    "history": history.measure,
    "baseline": baseline.measure,
    "pages": pages.measure,
    "suggest": suggest.measure,
    "first_load": first_load.measure,
    "filter_change": filter_change.measure,
    "filter_try": filter_try.measure,
    "settled": settled.measure,
    "start": start.measure,
    "many_districts": many_districts.measure,
}


async def run(names: list[str]) -> bool:
    """Run benchmarks on an embedded PostgreSQL of their own; return whether all were met."""
    met = True
    with tempfile.TemporaryDirectory(prefix="rostering-bench-") as folder:
        async with embedded_postgres(Path(folder)) as server:
            for name in names:
                print(f"{name}:")
                met = await BENCHMARKS[name](server) and met
    return met


def main() -> None:
    """Run those that are named, or all."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"benchmarks: expected some of {', '.join(BENCHMARKS)}, got {', '.join(unknown)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        met = runner.run(run(names))
    sys.exit(0 if met else 1)


main()
