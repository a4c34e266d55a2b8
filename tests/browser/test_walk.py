"""A walk in a real browser: the floor moves by one stream and no reload, the lead page tells the story, the link fits a thumb."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Request, async_playwright, expect

from tests.running_system import RunningSystem, embedded_system, start
from tests.world import World

ARGUMENTS = [
    *(
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ),
]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site() -> Iterator[RunningSystem]:
    with embedded_system() as found:
        yield found


@pytest.fixture
async def world(site: RunningSystem) -> AsyncIterator[World]:
    found = World(site)
    await found.open()
    yield found
    await found.close()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        found = await play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield found
        await found.close()


async def test_the_floor_moves_by_one_stream_and_no_reload(world: World, browser: Browser) -> None:
    page = await browser.new_page()
    asked: list[Request] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request))
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{world.url('console')}/")
    await expect(page.locator("#line")).to_have_text("live")

    lead = await world.hot_lead("Walker")
    row = page.locator(f'tr[data-lead="{lead}"]')
    await expect(row).to_contain_text("Walker Abel")
    await expect(row).to_contain_text("Dan")
    await expect(row.locator(".pill")).to_have_class("pill calm")

    await world.advance(minutes=16)
    await expect(row.locator(".pill[data-due]")).to_have_class("pill late")
    await expect(row).to_contain_text("1 late")
    await expect(page.locator("#feed")).to_contain_text("did not answer in time")

    streams = [request for request in asked if "stream" in request.url]
    documents = [request for request in asked if request.resource_type == "document"]
    assert (len(streams), len(documents)) == (1, 1)
    assert {request.url.split("/")[2] for request in asked} == {world.url("console").split("/")[2]}
    assert errors == []


async def test_the_page_of_a_lead_tells_its_story_and_goes_on_telling(world: World, browser: Browser) -> None:
    lead = await world.hot_lead("Story")
    page = await browser.new_page()
    await page.goto(f"{world.url('console')}/leads/{lead}")
    await expect(page.locator("h1")).to_contain_text("Story Abel")
    await expect(page.locator("main")).to_contain_text("It was Dan's turn")
    await page.wait_for_function("document.getElementById('line').textContent === 'live'")
    link = world.link(world.mails("dan", "Hot lead")[-1])
    await world.press(link, "accept")
    await expect(page.locator("main")).to_contain_text("Dan accepted it.")


async def test_a_link_is_answered_with_a_thumb(world: World, browser: Browser) -> None:
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
    await expect(page.locator("h1")).to_contain_text("Done")
    await world.settle()
    assert (await world.lead(lead))["state"] == "accepted"


async def test_a_page_that_hears_nothing_says_since_when_and_goes_on_once_it_hears_again(
    browser: Browser, tmp_path: Path
) -> None:
    page = await browser.new_page()
    with embedded_system(tmp_path) as gone:
        await page.goto(f"{gone.urls['console'][0]}/")
        await expect(page.locator("#line")).to_have_text("live")
        gone.processes["up"].stop()
        await expect(page.locator("#line")).to_contain_text("no connection since", timeout=20_000)
        await expect(page.locator("main")).to_have_class("stale")
        back = start(["up"], gone.environment, tmp_path / "again.log")
        try:
            await expect(page.locator("#line")).to_have_text("live", timeout=40_000)
            await expect(page.locator("main")).not_to_have_class("stale")
        finally:
            back.stop()
