"""What the pages for doing share: what was posted, and what is told of an order that was refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from worker.runtime.errors import BrokerUnavailable, DeadLettersBusy, DistrictBusy, OrderRefused, UsageError

PATIENCE_SECONDS: Final = 60.0
"""For one order: longer than that nobody looks at a page that loads."""


@dataclass(frozen=True, slots=True)
class RefusedForm:
    """An order that was not carried out, told beside its form with what was typed."""

    order: str
    text: str
    status: int
    reason: str = ""


def text_of(form: Mapping[str, Any], name: str) -> str:
    """Return a posted field as text, "" where it is missing."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


class NotDone(Exception):
    """Carries what is told of an order that was refused out of `ordering`."""

    def __init__(self, refused: RefusedForm) -> None:
        super().__init__(refused.text)
        self.refused = refused


@asynccontextmanager
async def ordering(order: str, reason: str = "") -> AsyncIterator[None]:
    """Carry an order out: what refuses it is raised as `NotDone`, and an order that takes too long too."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield
    except OrderRefused as error:
        raise NotDone(RefusedForm(order, _sentence(error), HTTPStatus.CONFLICT, reason)) from error
    except UsageError as error:
        raise NotDone(
            RefusedForm(order, _sentence(error), HTTPStatus.UNPROCESSABLE_ENTITY, reason)
        ) from error
    except (DistrictBusy, DeadLettersBusy, BrokerUnavailable) as error:
        raise NotDone(RefusedForm(order, _sentence(error), HTTPStatus.SERVICE_UNAVAILABLE, reason)) from error
    except TimeoutError as error:
        text = f"This took longer than {PATIENCE_SECONDS:.0f} seconds and was stopped. Try again in a moment."
        raise NotDone(RefusedForm(order, text, HTTPStatus.SERVICE_UNAVAILABLE, reason)) from error


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
