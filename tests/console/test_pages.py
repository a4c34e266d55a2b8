"""The console's room: what the topics say is on the floor, in whatever order it comes, and only for those who may see it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.console.app import build
from services.console.settings import Settings
from shared.access_write import make_key
from shared.agreement.compiled import Compiled
from shared.agreement.roster import Rep
from shared.events import (
    AgreementPublished,
    ClockStarted,
    ClockStopped,
    LeadAccepted,
    LeadAssigned,
    LeadCard,
    LeadMerged,
    LeadReceived,
    NoticeSent,
    RosterChanged,
    SlaBreached,
    SlaWarned,
)
from shared.service import build_app
from tests.rooms import TUESDAY, Room, room

LEAD = "0193b0c4-0000-7000-8000-000000000001"
CLOCK = "0193b0c4-0000-7000-8000-00000000c10c"
DUE = TUESDAY + timedelta(minutes=15)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(build(Settings()), tmp_path) as found:
        await found.hear(RosterChanged(rep=Rep(id="dan", name="Dan Brooks")), subject="rep:dan")
        compiled = Compiled(name="Northwind").model_dump(mode="json")
        published = AgreementPublished(version=1, hash="sha256:x", published_at=TUESDAY, compiled=compiled)
        await found.hear(published, subject="agreement:1")
        yield found


def app_of(console: Room, *, loopback: bool = True) -> Any:
    app = build_app((console.service,), console.building, asyncio.Event())
    app.state.loopback = loopback
    return app


@pytest.fixture
async def browser(console: Room) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app_of(console))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        yield client


def received(**card: Any) -> LeadReceived:
    return LeadReceived(lead=LeadCard(id=LEAD, received_at=TUESDAY, **card), intake="i", endpoint="door")


def assigned(**card: Any) -> LeadAssigned:
    return LeadAssigned(
        lead=LeadCard(id=LEAD, received_at=TUESDAY, **card),
        owner="dan",
        team="inbound",
        epoch=1,
        tier="hot",
        rule="everyone",
        agreement=1,
        pinned=1,
        decision="d",
        assigned_at=TUESDAY,
        in_words="It was Dan's turn.",
    )


STARTED = ClockStarted(
    clock=CLOCK,
    promise="accept",
    epoch=1,
    owner="dan",
    tier="hot",
    started_at=TUESDAY,
    due_at=DUE,
    warn_at=TUESDAY,
    agreement=1,
)
SLA: dict[str, Any] = {
    "clock": CLOCK,
    "lead": LEAD,
    "promise": "accept",
    "epoch": 1,
    "owner": "dan",
    "due_at": DUE,
    "agreement": 1,
}


async def test_a_lead_stands_on_the_floor_with_its_owner_and_the_time_left(
    console: Room, browser: httpx.AsyncClient
) -> None:
    await console.hear(received(name="Ada Abel", company="Proseware"), subject=LEAD)
    await console.hear(assigned(name="Ada Abel", company="Proseware"), subject=LEAD)
    await console.hear(STARTED, subject=LEAD)
    await console.at(TUESDAY + timedelta(minutes=3))
    page = (await browser.get("/")).text
    assert "Ada Abel" in page
    assert "Dan Brooks" in page
    assert "12 min left" in page


async def test_a_clock_that_is_told_before_its_lead_is_there_when_the_lead_comes(
    console: Room, browser: httpx.AsyncClient
) -> None:
    await console.hear(STARTED, subject=LEAD)
    assert LEAD not in (await browser.get("/")).text
    await console.hear(received(name="Ada Abel"), subject=LEAD)
    await console.hear(assigned(name="Ada Abel"), subject=LEAD)
    assert "15 min left" in (await browser.get("/")).text


async def test_a_clock_that_stopped_before_it_was_told_to_start_does_not_run(
    console: Room, browser: httpx.AsyncClient
) -> None:
    await console.hear(assigned(name="Ada"), subject=LEAD)
    await console.hear(SlaWarned(**SLA, left_seconds=60), subject=LEAD)
    await console.hear(STARTED, subject=LEAD)
    stopped = ClockStopped(clock=CLOCK, promise="accept", epoch=1, at=TUESDAY, verdict="kept")
    await console.hear(stopped, subject=LEAD)
    assert " left</span>" not in (await browser.get("/")).text


async def test_a_breach_is_counted_and_red(console: Room, browser: httpx.AsyncClient) -> None:
    await console.hear(assigned(name="Ada"), subject=LEAD)
    await console.hear(STARTED, subject=LEAD)
    await console.at(DUE + timedelta(minutes=3))
    await console.hear(SlaBreached(**SLA, breached_at=DUE, settled_at=DUE), subject=LEAD)
    page = (await browser.get("/")).text
    assert '<span class="pill late">1 late</span>' in page
    assert "3 min over" in page
    assert '<strong data-count="late">1</strong>' in page


async def test_the_page_of_a_lead_tells_its_story(console: Room, browser: httpx.AsyncClient) -> None:
    await console.hear(received(name="Ada"), subject=LEAD)
    await console.hear(assigned(name="Ada"), subject=LEAD)
    await console.hear(STARTED, subject=LEAD)
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
    await console.hear(sent, subject=LEAD)
    accepted = LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY)
    await console.hear(accepted, subject=LEAD)
    page = (await browser.get(f"/leads/{LEAD}")).text
    for words in ("It was Dan&#39;s turn.", "Assigned to Dan Brooks", "Dan Brooks accepted it.", "email", "accept"):
        assert words in page
    assert (await browser.get("/leads/nobody")).status_code == 404


async def test_whatever_a_sender_writes_is_text(console: Room, browser: httpx.AsyncClient) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    await console.hear(assigned(name=evil, company=evil), subject=LEAD)
    for path in ("/", f"/leads/{LEAD}"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;" in page


async def test_a_merged_lead_is_not_a_row_of_its_own(console: Room, browser: httpx.AsyncClient) -> None:
    await console.hear(received(name="Twice"), subject=LEAD)
    await console.hear(LeadMerged(into="0193b0c4-0000-7000-8000-000000000002", why="same email"), subject=LEAD)
    assert f'data-lead="{LEAD}"' not in (await browser.get("/")).text


async def test_without_an_agreement_the_floor_says_that_leads_wait(tmp_path: Path) -> None:
    async with room(build(Settings()), tmp_path) as bare:
        transport = httpx.ASGITransport(app_of(bare))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert '<p class="banner card" id="no-agreement">' in (await client.get("/")).text


@pytest.mark.parametrize(
    ("loopback", "host"), [(False, "localhost:8080"), (True, "evil.example"), (False, "baton.example")]
)
async def test_any_other_address_asks_for_a_key(console: Room, loopback: bool, host: str) -> None:
    _, key = await make_key(console.building.access, "ines", ["manager"], None, "test")
    _, weak = await make_key(console.building.access, "forms", ["intake"], None, "test")
    transport = httpx.ASGITransport(app_of(console, loopback=loopback))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        for path in ("/", f"/leads/{LEAD}"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert (await client.get("/floor/stream")).status_code == 401
        for wrong in ("", "baton_wrong", weak):
            answer = await client.post("/sign-in", data={"key": wrong})
            assert answer.status_code == 401
            assert "set-cookie" not in answer.headers
        answer = await client.post("/sign-in", data={"key": key})
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await client.get("/")).status_code == 200
        foreign = {"origin": "http://elsewhere.example", "sec-fetch-site": "cross-site"}
        assert (await client.get("/floor/stream", headers=foreign)).status_code == 401
        await client.post("/sign-out")
        assert (await client.get("/")).status_code == 303


async def _events(app: Any, path: str, enough: str, headers: dict[str, str] | None = None) -> str:
    """What a stream says until it has said enough; the ASGI way, for a stream has no end."""
    said: list[str] = []
    done = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message.get("body", b"").decode())
        if enough in "".join(said):
            done.set()

    plain, _, query = path.partition("?")
    raw = [(b"host", b"localhost"), *((name.encode(), value.encode()) for name, value in (headers or {}).items())]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "headers": raw,
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    serving = asyncio.create_task(app(scope, receive, send))
    await asyncio.wait_for(done.wait(), 10)
    app.state.stop.set()
    await asyncio.wait_for(serving, 10)
    return "".join(said)


async def test_the_stream_tells_rows_feed_and_counts_and_ends_when_the_process_stops(console: Room) -> None:
    await console.hear(assigned(name="Ada"), subject=LEAD)
    said = await _events(app_of(console), "/floor/stream?after=0", "event: place")
    assert "event: row" in said
    assert '"name":"Ada"' in said
    assert "event: feed" in said
    assert "event: counts" in said


async def test_the_stream_goes_on_where_it_was_cut(console: Room) -> None:
    await console.hear(received(name="Old"), subject=LEAD)
    first = await _events(app_of(console), "/floor/stream?after=0", "event: place")
    place = first.split("id: ")[1].split("\n")[0]
    other = "0193b0c4-0000-7000-8000-000000000002"
    await console.hear(LeadReceived(lead=LeadCard(id=other, name="New"), intake="i", endpoint="door"), subject=other)
    said = await _events(app_of(console), "/floor/stream?after=0", "event: place", {"last-event-id": place})
    assert '"New"' in said
    assert '"Old"' not in said
