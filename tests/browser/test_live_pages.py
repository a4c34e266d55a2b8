"""Tests in a real browser: the live board and the lead page update through one stream, action links fit a phone."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Request, async_playwright, expect

from tests.running_system import RunningSystem, embedded_system, start
from tests.world import World

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def system() -> Iterator[RunningSystem]:
    with embedded_system() as running:
        yield running


@pytest.fixture
async def world(system: RunningSystem) -> AsyncIterator[World]:
    world = World(system)
    await world.open()
    yield world
    await world.close()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        chrome = await play.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield chrome
        await chrome.close()


async def test_the_live_board_updates_through_one_stream_without_a_reload(world: World, browser: Browser) -> None:
    page = await browser.new_page()
    requests: list[Request] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request))
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{world.url('console')}/")
    await expect(page.locator("#connection")).to_have_text("live")

    lead = await world.hot_lead("Walker")
    row = page.locator(f'tr[data-lead="{lead}"]')
    await expect(row).to_contain_text("Walker Abel")
    await expect(row).to_contain_text("Dan")
    await expect(row.locator(".pill")).to_have_class("pill calm")

    await world.advance(minutes=16)
    await expect(row.locator(".pill[data-due]")).to_have_class("pill late")
    await expect(row).to_contain_text("1 breach")
    await expect(page.locator("#feed")).to_contain_text("did not answer in time")

    streams = [request for request in requests if "stream" in request.url]
    documents = [request for request in requests if request.resource_type == "document"]
    assert (len(streams), len(documents)) == (1, 1)
    assert {request.url.split("/")[2] for request in requests} == {world.url("console").split("/")[2]}
    assert errors == []


async def test_a_lead_page_shows_its_timeline_and_updates_when_the_lead_is_accepted(
    world: World, browser: Browser
) -> None:
    lead = await world.hot_lead("Story")
    page = await browser.new_page()
    await page.goto(f"{world.url('console')}/leads/{lead}")
    await expect(page.locator("h1")).to_contain_text("Story Abel")
    await expect(page.locator("main")).to_contain_text("It was Dan's turn")
    await page.wait_for_function("document.getElementById('connection').textContent === 'live'")
    link = world.link(world.mails("dan", "Hot lead")[-1])
    await world.press(link, "accept")
    await expect(page.locator("main")).to_contain_text("Dan accepted the lead.")


async def test_an_action_link_fits_a_phone_and_is_answered_by_one_tap(world: World, browser: Browser) -> None:
    lead = await world.hot_lead("Thumb")
    link = world.link(world.mails("dan", "Hot lead")[-1])
    phone = await browser.new_context(viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    page = await phone.new_page()
    await page.goto(link)
    await expect(page.locator("h1")).to_contain_text("Thumb Abel")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    button = page.locator("button", has_text="Accept").first
    box = await button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] < 667
    assert (await world.lead(lead))["state"] == "assigned"
    await button.tap()
    await expect(page.locator("h1")).to_contain_text("You accepted")
    await world.settle()
    assert (await world.lead(lead))["state"] == "accepted"


async def test_a_live_page_without_connection_shows_since_when_and_resumes_when_it_is_back(
    browser: Browser, tmp_path: Path
) -> None:
    page = await browser.new_page()
    with embedded_system(tmp_path) as system:
        await page.goto(f"{system.urls['console'][0]}/")
        await expect(page.locator("#connection")).to_have_text("live")
        system.processes["up"].stop()
        await expect(page.locator("#connection")).to_contain_text("no connection since", timeout=20_000)
        await expect(page.locator("main")).to_have_class("stale")
        restarted = start(["up"], system.environment, tmp_path / "restarted.log")
        try:
            await expect(page.locator("#connection")).to_have_text("live", timeout=40_000)
            await expect(page.locator("main")).not_to_have_class("stale")
        finally:
            restarted.stop()
