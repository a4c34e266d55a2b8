"""What operators see: who was notified, what is being sent, and what would never be sent."""

from datetime import timedelta
from pathlib import Path

from services.notifier.audit import counts, gauges
from shared.access.keys import create_key
from shared.base.durations import format_duration
from shared.runtime.migrate import ROOT
from shared.web import format_instant, templates
from tests.notifier.harness import LEAD, NotifierHarness, assigned, clock, link_of
from tests.service_harness import TUESDAY


async def test_notices_are_listed_newest_first_page_by_page_without_their_data(notifier: NotifierHarness) -> None:
    for number in range(5):
        await notifier.handle(clock(TUESDAY), subject=f"{LEAD[:-1]}{number}")
        await notifier.handle(assigned(), subject=f"{LEAD[:-1]}{number}")
    await notifier.mails(5)
    _, key = await create_key(notifier.service.resources.access, "ops", ["ops"], None, "test")
    headers = {"authorization": f"Bearer {key}"}
    first = (await notifier.web.get("/v1/notices?limit=3", headers=headers)).json()
    second = (await notifier.web.get(f"/v1/notices?limit=3&cursor={first['cursor']}", headers=headers)).json()
    notices = first["notices"] + second["notices"]
    assert [len(first["notices"]), len(second["notices"]), second["cursor"]] == [3, 2, None]
    assert [row["id"] for row in notices] == sorted((row["id"] for row in notices), reverse=True)
    assert {row["state"] for row in notices} == {"sent"}
    assert "data" not in notices[0]
    assert "Ada" not in str(notices)
    of_lead = (await notifier.web.get(f"/v1/notices?lead={LEAD[:-1]}3", headers=headers)).json()["notices"]
    assert [row["lead"] for row in of_lead] == [f"{LEAD[:-1]}3"]


async def test_listing_notices_needs_a_key(notifier: NotifierHarness) -> None:
    assert (await notifier.web.get("/v1/notices")).status_code == 401


async def test_the_audit_names_a_notice_that_no_scheduled_item_would_send(notifier: NotifierHarness) -> None:
    notifier.mailbox.replies += ["451 busy"]
    await notifier.handle(clock(TUESDAY + timedelta(minutes=15)))
    await notifier.handle(assigned())
    await notifier.until_idle()
    (row,) = await notifier.notices()
    async with notifier.service.db.reading() as tx:
        assert (await counts(tx))["asleep"] == []
        assert (await gauges(tx))["notices_waiting"] == 1
    await notifier.service.sql("DELETE FROM scheduled_items")
    async with notifier.service.db.reading() as tx:
        assert (await counts(tx))["asleep"] == [row["id"]]


async def test_the_audit_names_an_answer_that_the_router_never_confirmed(notifier: NotifierHarness) -> None:
    await notifier.handle(clock(TUESDAY + timedelta(minutes=15)))
    await notifier.handle(assigned())
    (mail,) = await notifier.mails(1)
    await notifier.web.post(link_of(mail), data={"action": "accept"})
    async with notifier.service.db.reading() as tx:
        audit = await counts(tx)
    assert audit["unanswered"] == [LEAD]
    assert audit["states"]["sent"] == 1


def test_pages_show_instants_and_lengths_in_words() -> None:
    assert format_instant("2026-12-01T15:03:00Z", "Europe/Berlin") == "Tue 1 Dec, 16:03"
    assert format_instant(None) == "-"
    assert [format_duration(seconds) for seconds in (-5, 61, 3600, 12_000, 187_200)] == [
        "5 s",
        "1 min",
        "1 h",
        "3 h 20 min",
        "2 d 4 h",
    ]


def test_values_in_a_page_are_escaped(tmp_path: Path) -> None:
    page = templates("services/notifier/templates").from_string("{{ name }}")
    assert page.render(name="<b>") == "&lt;b&gt;"


def test_no_stylesheet_or_page_names_another_host() -> None:
    for file in [*(ROOT / "shared/web").rglob("*.*"), *(ROOT / "services/notifier/templates").glob("*.html")]:
        if file.suffix in {".html", ".css"}:
            assert "http://" not in file.read_text()
            assert "https://" not in file.read_text()
