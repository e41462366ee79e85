"""`rostering onboarding export`: districts in onboarding in a file, by the whole program."""

from __future__ import annotations

from pathlib import Path

import icalendar
import pytest

from tests.acceptance.program import Site
from tests.support.builders.records import DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.onboarding.district_store import Description


@pytest.fixture
async def office(tmp_path: Path, database_url: str, store: StoreUnderTest) -> Site:
    """A program beside a store with one district, whose window is set."""
    said = Description("Larkspur", ["ada@larkspur.example"], "America/Chicago")
    await store.onboarding.choose(DISTRICT, said, "vic")
    await store.rows("UPDATE onboarding SET opens_on = '2030-01-15'")
    return Site(tmp_path, None, database_url, {})


async def test_the_table_is_printed_where_no_file_is_named(office: Site) -> None:
    printed = await office.done("onboarding", "export")

    assert printed.splitlines()[0].startswith("district_id,name,state,")
    assert f"{DISTRICT},Larkspur,chosen," in printed
    assert "2030-01-10,2030-01-15,America/Chicago,1" in printed


@pytest.mark.parametrize("option", [[], ["--ics"]])
async def test_the_calendar_is_written_into_a_file(office: Site, tmp_path: Path, option: list[str]) -> None:
    file = tmp_path / "launches.ics"
    assert await office.done("onboarding", "export", *option, str(file)) == ""

    read = icalendar.Calendar.from_ical(file.read_bytes())
    assert [str(event["SUMMARY"]) for event in read.walk("VEVENT")] == [
        "Launch: Larkspur",
        "Window opens: Larkspur",
    ]


async def test_an_option_goes_before_the_files_name(office: Site, tmp_path: Path) -> None:
    file = tmp_path / "odd.ics"
    await office.done("onboarding", "export", "--csv", str(file))

    assert file.read_bytes().startswith(b"district_id,")


@pytest.mark.parametrize("wrong", [["--csv", "--ics"], ["nowhere/at/all.csv"]])
async def test_what_cannot_be_done_is_one_line_and_exit_2(
    office: Site, tmp_path: Path, wrong: list[str]
) -> None:
    where = [str(tmp_path / name) if "." in name else name for name in wrong]
    finished = await office.command("onboarding", "export", *where)

    assert finished.code == 2
    assert finished.err.count("\n") == 1
