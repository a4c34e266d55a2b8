"""The page of a link in a real browser: a phone, no script, light and dark."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Request, async_playwright

from shared.events import LeadAccepted
from tests.notifier.harness import NotifierHarness, assigned, clock, link_of, running_notifier
from tests.notifier.sinks import Mailbox, eventually
from tests.parts.ports import free_ports
from tests.service_harness import TUESDAY

PHONE = {"width": 360, "height": 740}


@asynccontextmanager
async def served(notifier: NotifierHarness) -> AsyncIterator[str]:
    port = free_ports(1)[0]
    server = uvicorn.Server(uvicorn.Config(notifier.app, port=port, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_lead_is_accepted_with_one_thumb(tmp_path: Path, mailbox: Mailbox, chromium: str, scheme: str) -> None:
    async with running_notifier(tmp_path, mailbox) as notifier, async_playwright() as player:
        await notifier.set_up()
        await notifier.handle(clock(TUESDAY + timedelta(minutes=15)))
        await notifier.handle(assigned())
        (mail,) = await notifier.mails(1)
        browser = await player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        window = await browser.new_context(viewport=PHONE, java_script_enabled=False, color_scheme=scheme)  # type: ignore[arg-type]
        page = await window.new_page()
        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request))
        async with served(notifier) as url:
            await page.goto(f"{url}{link_of(mail)}?do=accept")
            button = page.get_by_role("button", name="Accept")
            box_of = await button.bounding_box()
            assert box_of is not None
            assert box_of["height"] >= 48
            assert box_of["width"] >= 250
            assert box_of["y"] + box_of["height"] < PHONE["height"]
            card = await page.locator("html").evaluate("element => [element.scrollWidth, element.clientWidth]")
            assert card[0] <= card[1]
            pressed = asyncio.create_task(button.click())

            async def taken() -> list[object]:
                return list(await notifier.emitted("action.taken"))

            await eventually(taken)
            (event,) = await notifier.emitted("action.taken")
            await notifier.handle(LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY, action_id=event.id))
            await pressed
            await page.get_by_role("heading", name="You accepted Ada Byron").wait_for()
            assert {request.url.split("/")[2] for request in asked} == {url.split("/")[2]}
            (post,) = [request for request in asked if request.method == "POST"]
            assert post.headers["origin"] == url
        await browser.close()
