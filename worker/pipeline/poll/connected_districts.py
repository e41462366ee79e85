"""The list of connected districts: new ones are read, those that are gone are left as they are.

A district that is missing from one list may be missing by mistake, and a mistake must not end its
rostering. It counts as disconnected when it is missing from the next list too, and Clever, asked for its
token alone, has none either. Nothing of it is deleted then; it may come back.
"""

from __future__ import annotations

import structlog

from worker.pipeline.poll.context import PollContext
from worker.runtime.errors import CleverRefused, CleverUnavailable
from worker.runtime.tracing import Span


async def read_list(source: PollContext) -> bool:
    """Read the list if it is due; return whether it was. Raises `CleverUnavailable`."""
    if not await source.connections.claim_listing(source.pace.poll):
        return False
    try:
        with source.tracer.span("list") as span:
            await _read(source, span)
    except CleverRefused as refused:
        await source.connections.unclaim_listing()
        # Waited out like an absence: the credentials may be put right at Clever's side too.
        raise CleverUnavailable(str(refused)) from None
    except CleverUnavailable:
        await source.connections.unclaim_listing()
        raise
    return True


async def _read(source: PollContext, span: Span) -> None:
    tokens = await source.clever.tokens()
    listing = await source.connections.listed(tokens)
    log = structlog.get_logger().bind(stage="poll")
    span.set(districts=len(tokens))
    for district_id in listing.found:
        log.info("district.connected", district_id=district_id)
    for district_id in listing.returned:
        log.info("district.reconnected", district_id=district_id)
    for district_id in listing.missing:
        token = await source.clever.token_of(district_id)
        if token is not None:
            await source.connections.save_token(district_id, token)
            continue
        await source.connections.disconnected(district_id)
        log.warning("district.disconnected", district_id=district_id)
