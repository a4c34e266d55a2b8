"""Tests of the pages: the live board and the lead page show what the topics say, in whatever order it arrives."""

from datetime import timedelta
from pathlib import Path

import httpx

from services.console.app import build
from services.console.settings import Settings
from shared.events import ClockMoved, ClockStopped, LeadAccepted, LeadMerged, NoticeSent, SlaBreached, SlaWarned
from tests.console.http_client import build_console_app
from tests.console.samples import CLOCK, DUE, LEAD, OTHER_LEAD, SLA, STARTED, assigned, received
from tests.service_harness import TUESDAY, ServiceHarness, service_harness


async def test_the_board_shows_a_lead_with_its_owner_and_the_time_left(
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


async def test_a_clock_that_starts_before_its_lead_is_received_is_shown_once_it_is(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(STARTED, subject=LEAD)
    assert LEAD not in (await browser.get("/")).text
    await console.handle(received(name="Ada Abel"), subject=LEAD)
    await console.handle(assigned(name="Ada Abel"), subject=LEAD)
    assert "15 min left" in (await browser.get("/")).text


async def test_a_clock_that_was_warned_before_its_start_arrived_can_be_stopped(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.handle(SlaWarned(**SLA, left_seconds=60), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    stopped = ClockStopped(clock=CLOCK, promise="accept", epoch=1, at=TUESDAY, verdict="kept")
    await console.handle(stopped, subject=LEAD)
    assert " left</span>" not in (await browser.get("/")).text


async def test_the_board_counts_a_breach_and_shows_its_row_in_red(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    await console.set_time(DUE + timedelta(minutes=3))
    await console.handle(SlaBreached(**SLA, breached_at=DUE, settled_at=DUE), subject=LEAD)
    page = (await browser.get("/")).text
    assert '<span class="breach-count">1 breach</span>' in page
    assert f'<tr data-lead="{LEAD}" class="late">' in page
    assert "3 min over" in page
    assert '<strong data-counter="breached">1</strong>' in page


async def test_a_lead_page_shows_decision_timeline_and_notices(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
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
    for words in (
        "It was Dan&#39;s turn.",
        "Assigned to Dan Brooks",
        "Dan Brooks accepted the lead.",
        "email",
        "accept",
    ):
        assert words in page
    assert (await browser.get("/leads/nobody")).status_code == 404


async def test_html_in_a_lead_is_escaped_on_the_pages(console: ServiceHarness, browser: httpx.AsyncClient) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    await console.handle(assigned(name=evil, company=evil), subject=LEAD)
    for path in ("/", f"/leads/{LEAD}"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;" in page


async def test_the_board_does_not_list_a_merged_lead(console: ServiceHarness, browser: httpx.AsyncClient) -> None:
    await console.handle(received(name="Twice"), subject=LEAD)
    await console.handle(LeadMerged(into=OTHER_LEAD, why="same email"), subject=LEAD)
    assert f'data-lead="{LEAD}"' not in (await browser.get("/")).text


async def test_without_an_agreement_the_board_says_that_leads_wait(tmp_path: Path) -> None:
    async with service_harness(build(Settings()), tmp_path) as bare:
        transport = httpx.ASGITransport(build_console_app(bare))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert '<p class="banner card" id="no-agreement">' in (await client.get("/")).text


async def test_the_board_shows_the_new_due_time_of_a_moved_clock(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    moved = ClockMoved(clock=CLOCK, promise="accept", epoch=1, due_at=DUE + timedelta(minutes=30), why="closed")
    await console.handle(moved, subject=LEAD)
    assert "45 min left" in (await browser.get("/")).text


async def test_the_board_counts_received_open_assigned_and_unrouted_leads(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(received(name="Ada"), subject=LEAD)
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.set_time(TUESDAY + timedelta(hours=23))
    await console.handle(received(name="Ben"), subject=OTHER_LEAD)
    page = (await browser.get("/")).text
    for name, n in (("received_24h", 2), ("open", 2), ("assigned", 1), ("unrouted", 0), ("breached", 0)):
        assert f'<strong data-counter="{name}">{n}</strong>' in page
    await console.set_time(TUESDAY + timedelta(hours=25))
    assert '<strong data-counter="received_24h">0</strong>' in (await browser.get("/")).text


async def test_the_timeline_is_in_the_order_in_which_events_happened(
    console: ServiceHarness, browser: httpx.AsyncClient
) -> None:
    await console.handle(STARTED, subject=LEAD, time=TUESDAY + timedelta(seconds=2))
    await console.handle(received(name="Ada"), subject=LEAD, time=TUESDAY)
    page = (await browser.get(f"/leads/{LEAD}")).text
    assert page.index("Received.") < page.index("clock started")


async def test_the_page_of_an_unknown_lead_is_not_found(browser: httpx.AsyncClient) -> None:
    for path in (
        "/leads/nobody",
        f"/leads/{OTHER_LEAD}",
        "/leads/%00",
        "/leads/nobody/content",
        "/leads/nobody/stream",
    ):
        assert (await browser.get(path)).status_code == 404, path


async def test_pages_load_nothing_from_another_host(console: ServiceHarness, browser: httpx.AsyncClient) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    for path in ("/", f"/leads/{LEAD}", "/sign-in"):
        response = await browser.get(path)
        assert "script-src 'self'" in response.headers["content-security-policy"]
        assert "://" not in response.text
        assert "<script>" not in response.text
