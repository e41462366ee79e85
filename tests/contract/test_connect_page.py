"""The page behind a connect link: for whoever holds the link, and nobody else."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import structlog

from tests.support.builders.records import DISTRICT
from tests.support.fixtures.access import Answer, Serve
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.access.users import Role
from worker.onboarding.district_store import Description
from worker.runtime.logs import configure_logging

OVER = "This link no longer works"
CLEVER = "https://clever.example.org/connect/{client_id}/{district_id}"


@pytest.fixture
async def token(store: StoreUnderTest) -> str:
    """The token of a district's open link."""
    said = Description("Larkspur", ["ada@larkspur.example"], "America/Chicago")
    await store.onboarding.choose(DISTRICT, said, "vic")
    return await new_token(store)


async def new_token(store: StoreUnderTest) -> str:
    token = (await store.onboarding.new_link(DISTRICT, "vic")).token
    assert token is not None
    return token


def is_nothing_but_the_page(answer: Answer) -> bool:
    """Whether nothing stays of a look at the page, and no other site learns its address."""
    headers = answer.headers
    return (
        "Set-Cookie" not in headers
        and headers["Cache-Control"] == "no-store"
        and headers["Referrer-Policy"] == "no-referrer"
        and "noindex" in headers["X-Robots-Tag"]
        and "default-src 'none'" in headers["Content-Security-Policy"]
    )


async def test_who_holds_the_link_sees_it_without_log_in_or_cookie(serve: Serve, token: str) -> None:
    async with serve() as served:
        await served.add_user("ada")
        async with served.browser() as browser:
            answer = await browser.get(f"/connect/{token}")

            assert answer.status == 200
            assert is_nothing_but_the_page(answer)
            assert "Connect Larkspur" in answer.text
            assert "Share your students, teachers, schools and all sections" in answer.text
            assert "Keep your sync running" in answer.text
            assert DISTRICT not in answer.text
            assert "ada@larkspur.example" not in answer.text
            assert "<form" not in answer.text
            assert browser.cookie("rostering_visit") is None


@pytest.mark.parametrize(
    "guess", ["x" * 43, "0", "a" * 500, "%00", "%F0%9F%A6%89", "..%2f..%2flogin", "{token}x", "' OR 1=1--"]
)
async def test_a_guess_a_link_that_is_over_and_one_that_was_revoked_are_answered_alike(
    serve: Serve, store: StoreUnderTest, token: str, guess: str
) -> None:
    async with serve() as served, served.browser() as browser:
        guessed = await browser.get(f"/connect/{guess.format(token=token)}")
        second = await new_token(store)
        revoked = await browser.get(f"/connect/{token}")
        await store.rows(
            "UPDATE connect_links SET created_at = now() - interval '9 days', "
            "expires_at = now() - interval '1 second' WHERE digest = sha256($1)",
            second.encode(),
        )
        expired = await browser.get(f"/connect/{second}")
        await store.onboarding.drop(DISTRICT, "vic")
        dropped = await browser.get(f"/connect/{second}")

    assert {answer.status for answer in (guessed, revoked, expired, dropped)} == {404}
    assert len({answer.text for answer in (guessed, revoked, expired, dropped)}) == 1
    assert OVER in guessed.text
    assert "Larkspur" not in revoked.text
    assert all(is_nothing_but_the_page(answer) for answer in (guessed, revoked, expired, dropped))


async def test_the_button_leads_to_clever_briefly(serve: Serve, store: StoreUnderTest, token: str) -> None:
    async with serve() as served, served.browser() as browser:
        assert "Log in to your Clever dashboard" in (await browser.get(f"/connect/{token}")).text
        object.__setattr__(
            served.console.guide,
            "connect_address",
            lambda district: CLEVER.format(client_id="c", district_id=district),
        )
        invited = await browser.get(f"/connect/{token}")
        assert f'href="https://clever.example.org/connect/c/{DISTRICT}"' in invited.text

        await store.rows("INSERT INTO connections (district_id) VALUES ($1)", DISTRICT)
        await store.rows("INSERT INTO districts (district_id) VALUES ($1)", DISTRICT)
        await store.onboarding.advance()
        connected = await browser.get(f"/connect/{token}")
        assert "Larkspur is connected" in connected.text
        assert "share all sections" in connected.text
        assert "clever.example.org" not in connected.text

        await store.rows("UPDATE districts SET status = 'rostered', commit_sequence = 1")
        await store.onboarding.advance()
        assert "every student has a class" in (await browser.get(f"/connect/{token}")).text

        await store.rows("UPDATE connections SET disconnected_at = now()")
        await store.onboarding.advance()
        again = await browser.get(f"/connect/{token}")
        assert "Connect Larkspur again" in again.text
        assert "clever.example.org" in again.text


async def test_the_first_opening_of_a_link_is_seen_by_the_roster_team(serve: Serve, token: str) -> None:
    async with serve() as served, served.browser() as browser, served.logged_in(Role.REVIEWER) as reviewer:
        assert "Not opened yet" in (await reviewer.get(f"/districts/{DISTRICT}/onboarding")).text
        await browser.get(f"/connect/{token}")
        assert "First opened" in (await reviewer.get(f"/districts/{DISTRICT}/onboarding")).text


async def test_no_log_line_and_no_figure_holds_the_token(serve: Serve, token: str) -> None:
    lines = io.StringIO()
    configure_logging(lines, pretty=False)
    try:
        async with serve() as served, served.browser() as browser:
            await browser.get(f"/connect/{token}")
            await browser.get(f"/connect/{token}x")
            figures = (await browser.get("/metrics")).text
    finally:
        structlog.reset_defaults()
    told: list[dict[str, Any]] = [json.loads(line) for line in lines.getvalue().splitlines()]
    asked = [line for line in told if line.get("route") == "/connect/{token}"]

    assert [line["status"] for line in asked] == [200, 404]
    assert "/connect/{token}" in figures
    assert token not in lines.getvalue()
    assert token not in figures
