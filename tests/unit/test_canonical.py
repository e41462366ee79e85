"""Canonical JSON: one text for one value, whichever way it is written."""

from __future__ import annotations

import pytest

from worker.domain.roster.canonical import canonical


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical({"day": object()})
