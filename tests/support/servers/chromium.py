"""A headless Chromium for the tests, the accessibility checker inside it, and pictures of what it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.support.servers.installed import path_of

FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
ALL_BUT_LONG_TABLES: Final = {"exclude": [["tbody tr:nth-child(n+5)"]]}
"""A row like the four before it says nothing new, and takes the checker as long."""
ASK: Final = "async ([context, options]) => (await axe.run(context, options)).violations"
CONTRAST: Final = "color-contrast"
LOOKS: Final = (CONTRAST, "target-size", "scrollable-region-focusable", "link-in-text-block")
SIZES: Final = {"wide": (1360, 900), "narrow": (390, 844)}
NO_SUCH_PAGE: Final = "/nowhere"
PATIENCE: Final = 60_000
"""Milliseconds until something that a page should show counts as missing."""

Scheme = Literal["light", "dark"]


def chromium_path() -> str:
    """Return where Chromium is; skips the test where it is not, and fails it where CI runs."""
    return path_of("Chromium", "chromium", "chromium-browser", "google-chrome")


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Run a Chromium while the context is open."""
    path = chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab(
    browser: Browser, size: str = "wide", scheme: Scheme = "light", *, scripts: bool = True
) -> AsyncIterator[Page]:
    """Open a tab of a person of their own: no cookie is shared. What goes wrong in a page fails the test."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=scripts
    )
    context.set_default_timeout(PATIENCE)
    complaints = list[str]()
    page = await context.new_page()
    page.on("console", lambda line: complaints.append(_complaint(line)) if _is_complaint(line) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        await context.close()
    assert complaints == []


def _is_complaint(line: ConsoleMessage) -> bool:
    """Whether a page complains; not so that there is none, where a test asks for one that there is not."""
    return line.type == "error" and not str(line.location["url"]).endswith(NO_SUCH_PAGE)


def _complaint(line: ConsoleMessage) -> str:
    return f"{line.text} ({line.location['url']})"


async def violations(page: Page, *, only_looks: bool = False, contrast: bool = True) -> list[str]:
    """Return what the accessibility checker finds wrong with a page: the rule, and where.

    `only_looks` asks of a page that was checked before for what its size and colours change; `contrast`
    for the contrast of colours too, which takes as long as all the rest.
    """
    # What is told by name is asked for, whatever `rules` says.
    looks = [rule for rule in LOOKS if contrast or rule != CONTRAST]
    asked = ("rule", looks) if only_looks else ("tag", RULES)
    options = {
        "runOnly": {"type": asked[0], "values": list(asked[1])},
        "rules": {} if only_looks else {CONTRAST: {"enabled": contrast}},
        "resultTypes": ["violations"],
        "selectors": False,  # an element is told by its HTML
        "iframes": False,  # the checker is not inside them, and would wait for an answer
    }
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    found_wrong = await page.evaluate(ASK, [ALL_BUT_LONG_TABLES, options])
    return [
        f"{found['id']}: {node['html'][:200]} ({node.get('failureSummary', '')[:300]})"
        for found in found_wrong
        for node in found["nodes"]
    ]


async def look_at(page: Page, size: str, scheme: Scheme) -> None:
    """Have a page that is shown in a window of another size, and in other colours."""
    width, height = SIZES[size]
    await page.set_viewport_size({"width": width, "height": height})
    await page.emulate_media(color_scheme=scheme)


async def photograph(page: Page, folder: Path, name: str) -> None:
    """Keep a picture of a whole page."""
    await page.screenshot(path=folder / f"{name}.png", full_page=True)


async def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than the window: a person would have to scroll sideways."""
    wider: int = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider
