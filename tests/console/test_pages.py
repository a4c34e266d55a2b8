"""The console's room: what the topics say is on the floor, in whatever order it comes."""

from datetime import timedelta
from pathlib import Path

import httpx

from services.console.app import build
from services.console.settings import Settings
from shared.events import ClockMoved, ClockStopped, LeadAccepted, LeadMerged, NoticeSent, SlaBreached, SlaWarned
from tests.console.http_client import build_console_app
from tests.console.samples import CLOCK, DUE, LEAD, OTHER_LEAD, SLA, STARTED, assigned, received
from tests.service_harness import TUESDAY, ServiceHarness, service_harness


async def test_a_lead_stands_on_the_floor_with_its_owner_and_the_time_left(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(received(name="Ada Abel", company="Proseware"), subject=LEAD)
    await console.handle(assigned(name="Ada Abel", company="Proseware"), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    await console.set_time(TUESDAY + timedelta(minutes=3))
    page = (await browser.get("/")).text
    assert "Ada Abel" in page
    assert "Dan Brooks" in page
    assert "12 min left" in page


async def test_a_clock_that_is_told_before_its_lead_is_there_when_the_lead_comes(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(STARTED, subject=LEAD)
    assert LEAD not in (await browser.get("/")).text
    await console.handle(received(name="Ada Abel"), subject=LEAD)
    await console.handle(assigned(name="Ada Abel"), subject=LEAD)
    assert "15 min left" in (await browser.get("/")).text


async def test_a_clock_that_stopped_before_it_was_told_to_start_does_not_run(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.handle(SlaWarned(**SLA, left_seconds=60), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    stopped = ClockStopped(clock=CLOCK, promise="accept", epoch=1, at=TUESDAY, verdict="kept")
    await console.handle(stopped, subject=LEAD)
    assert " left</span>" not in (await browser.get("/")).text


async def test_a_breach_is_counted_and_red(console: ServiceHarness, browser: httpx.AsyncClient) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    await console.set_time(DUE + timedelta(minutes=3))
    await console.handle(SlaBreached(**SLA, breached_at=DUE, settled_at=DUE), subject=LEAD)
    page = (await browser.get("/")).text
    assert '<span class="mark">1 late</span>' in page
    assert f'<tr data-lead="{LEAD}" class="late">' in page
    assert "3 min over" in page
    assert '<strong data-count="late">1</strong>' in page


async def test_the_page_of_a_lead_tells_its_story(console: ServiceHarness, browser: httpx.AsyncClient) -> None:
    await console.handle(received(name="Ada"), subject=LEAD)
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    sent = NoticeSent(
        notice="n",
        lead=LEAD,
        person="dan",
        role="owner",
        channel="email",
        kind="assigned",
        at=TUESDAY,
        message_id="<n@x>",
    )
    await console.handle(sent, subject=LEAD)
    accepted = LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY)
    await console.handle(accepted, subject=LEAD)
    page = (await browser.get(f"/leads/{LEAD}")).text
    for words in ("It was Dan&#39;s turn.", "Assigned to Dan Brooks", "Dan Brooks accepted it.", "email", "accept"):
        assert words in page
    assert (await browser.get("/leads/nobody")).status_code == 404


async def test_whatever_a_sender_writes_is_text(console: ServiceHarness, browser: httpx.AsyncClient) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    await console.handle(assigned(name=evil, company=evil), subject=LEAD)
    for path in ("/", f"/leads/{LEAD}"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;" in page


async def test_a_merged_lead_is_not_a_row_of_its_own(console: ServiceHarness, browser: httpx.AsyncClient) -> None:
    await console.handle(received(name="Twice"), subject=LEAD)
    await console.handle(LeadMerged(into=OTHER_LEAD, why="same email"), subject=LEAD)
    assert f'data-lead="{LEAD}"' not in (await browser.get("/")).text


async def test_without_an_agreement_the_floor_says_that_leads_wait(tmp_path: Path) -> None:
    async with service_harness(build(Settings()), tmp_path) as bare:
        transport = httpx.ASGITransport(build_console_app(bare))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert '<p class="banner card" id="no-agreement">' in (await client.get("/")).text


async def test_a_clock_that_was_moved_is_due_when_it_was_moved_to(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    moved = ClockMoved(clock=CLOCK, promise="accept", epoch=1, due_at=DUE + timedelta(minutes=30), why="closed")
    await console.handle(moved, subject=LEAD)
    assert "45 min left" in (await browser.get("/")).text


async def test_the_floor_counts_what_came_what_is_open_and_what_nobody_has(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(received(name="Ada"), subject=LEAD)
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.set_time(TUESDAY + timedelta(hours=23))
    await console.handle(received(name="Ben"), subject=OTHER_LEAD)
    page = (await browser.get("/")).text
    for name, n in (("day", 2), ("open", 2), ("assigned", 1), ("unrouted", 0), ("late", 0)):
        assert f'<strong data-count="{name}">{n}</strong>' in page
    await console.set_time(TUESDAY + timedelta(hours=25))
    assert '<strong data-count="day">0</strong>' in (await browser.get("/")).text


async def test_the_story_is_in_the_order_in_which_it_happened(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(STARTED, subject=LEAD, time=TUESDAY + timedelta(seconds=2))
    await console.handle(received(name="Ada"), subject=LEAD, time=TUESDAY)
    page = (await browser.get(f"/leads/{LEAD}")).text
    assert page.index("Received.") < page.index("the clock runs")


async def test_a_page_of_what_is_no_lead_is_not_found(browser: httpx.AsyncClient) -> None:
    for path in ("/leads/nobody", f"/leads/{OTHER_LEAD}", "/leads/%00", "/leads/nobody/parts", "/leads/nobody/stream"):
        assert (await browser.get(path)).status_code == 404, path


async def test_pages_load_nothing_from_another_host(console: ServiceHarness, browser: httpx.AsyncClient) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    for path in ("/", f"/leads/{LEAD}", "/sign-in"):
        answer = await browser.get(path)
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "://" not in answer.text
        assert "<script>" not in answer.text
