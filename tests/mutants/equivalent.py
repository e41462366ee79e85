"""The mutants that no test needs to notice, each with the reason: it changes nothing that matters."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {
    "worker/adapters/postgres/sql/deliveries.sql::refresh: "
    "WHERE i.told IS NOT NULL AND l.status <> 'resolved' AND l.delivered_at IS NOT NULL => "
    "WHERE i.told IS NOT NULL AND l.status <> 'resolved' AND (true OR (l.delivered_at IS NOT NULL))": (
        "what was never delivered has no time of a refresh, so that the next condition leaves it out as well;"
        " only an end, which is left out too, is put back after its delivery"
    ),
}
"""Reasons by the name of a mutant, as `make mutants` prints it."""
