"""Telling that a district is missing from a file."""

from __future__ import annotations

import structlog

from worker.runtime.logs import where


def log_left_out(file: str, district_id: str, error: Exception) -> None:
    """Log that a district could not be written, and where; never what the error says."""
    structlog.get_logger().error(
        "export.district_left_out",
        file=file,
        district_id=district_id,
        error=type(error).__name__,
        where=where(error),
    )
