"""Suggestions for Clever's own demo district, with the real program."""

from __future__ import annotations

import json
import resource
from dataclasses import replace

import pytest

from tests.acceptance.program import CLEVER_DEMO, Site

pytestmark = pytest.mark.skipif(not CLEVER_DEMO.is_dir(), reason="Clever's demo district is not here")

DISTRICT = "5a0c91b95c7cc000010d417c"
LIMIT_SECONDS = 5
"""What a suggestion may take of a processor, the start of the program and reading the district counted."""
FILES = [str(CLEVER_DEMO / f"{name}.json") for name in ("users", "sections")]


async def test_the_demo_district_is_suggested_its_homerooms(site: Site) -> None:
    """What it prints without `--json` and with `--pick` is in `docs/reviews.md`, which is run, too."""
    async with site.worker(PREFLIGHT__SUGGEST_SECONDS="0") as worker:
        await site.done("publish", *FILES)
        await worker.logged("batch.decided", lambda line: line["students"] == 1004)
    before = await site.show(DISTRICT)

    started = _used()
    suggested = await replace(site, is_cold=True).command("filter", "suggest", DISTRICT, "--json")
    seconds = _used() - started
    refused = await site.command("filter", "suggest", DISTRICT, "--pick", "9")
    unknown = await site.command("filter", "suggest", "d" * 24)
    after = await site.show(DISTRICT)

    assert (suggested.code, len(suggested.out.splitlines())) == (0, 1), suggested
    first = json.loads(suggested.out)[0]
    assert first["filter"]["rules"] == [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]
    assert first["coverage"] == {"exactly_one": 1004, "none": 0, "several": 0}
    assert first["text"] == 'Match all sections where name contains "homeroom"'
    assert (first["sharing_rules"], first["in_force"], first["cut_short"]) == (True, False, False)
    assert seconds < LIMIT_SECONDS
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (2, "", 1), refused
    assert (unknown.code, unknown.out) == (2, ""), unknown
    assert "there is no district" in unknown.err
    assert after["search"]["suggestions"][0] == first
    assert after | {"search": None} == before


def _used() -> float:
    """Return the seconds of a processor that commands which started anew took until now."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
