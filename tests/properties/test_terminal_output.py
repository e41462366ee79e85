"""Any text is escaped once."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from worker.cli.terminal_output import escaped


@given(st.text())
def test_an_escaped_text_is_escaped_once_and_json_stays_json(text: str) -> None:
    assert escaped(escaped(text)) == escaped(text)
    assert json.loads(escaped(json.dumps(text, ensure_ascii=False))) == text
