"""`POST /v1/deadlines/preview`: every shared case of business time, and each interval with its reason."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from shared.access.keys import create_key
from shared.runtime.app import build_app
from tests.service_harness import ServiceHarness
from tests.vectors_at import vectors

CASES = json.loads(vectors("business_time.json").read_text())["cases"]


@pytest.fixture
async def reader(timer: ServiceHarness) -> AsyncIterator[httpx.AsyncClient]:
    _, key = await create_key(timer.resources.access, "reader", ["executive"], None, "test")
    app = build_app((timer.service,), timer.resources, asyncio.Event())
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://timer.test", headers=headers
    ) as client:
        yield client


def _moment(text: str, zone: str) -> datetime:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


async def _check(reader: httpx.AsyncClient, case: dict[str, Any]) -> None:
    calendar = {"timezone": case["zone"], "hours": case["hours"], "closed": case.get("closed", [])}
    until = {"within": case["add"]} if case["op"] == "due" else {"end": case["end"]}
    answer = await reader.post("/v1/deadlines/preview", json={"calendar": calendar, "start": case["start"], **until})
    assert answer.status_code == 200, answer.text
    preview = answer.json()
    if case["op"] == "due":
        assert datetime.fromisoformat(preview["due"]) == _moment(case["expect"], case["zone"])
    else:
        assert preview["seconds"] == case["expect_seconds"]
    counted = [interval for interval in preview["intervals"] if interval["counted"]]
    total = sum((datetime.fromisoformat(i["to"]) - datetime.fromisoformat(i["from"])).total_seconds() for i in counted)
    assert total == preview["seconds"]
    assert all(interval["why"] for interval in preview["intervals"])
    assert preview["in_words"]


async def test_a_preview_agrees_with_every_shared_case_of_business_time(
    reader: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    for case in CASES:
        try:
            await _check(reader, case)
        except AssertionError as failure:
            raise AssertionError(f"{case['id']}: {failure}") from failure
    with capsys.disabled():
        print(f"\nbusiness_time: {len(CASES)} cases ran")
    assert len(CASES) == 42


async def test_a_preview_finds_a_calendar_of_the_live_agreement_by_name(reader: httpx.AsyncClient) -> None:
    body = {"calendar": "hq", "start": "2026-12-24T16:50", "within": "1 hour"}
    preview = (await reader.post("/v1/deadlines/preview", json=body)).json()
    assert preview["due"] == "2026-12-28T14:20:00Z"
    assert "Christmas Day" in preview["in_words"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"calendar": "hqq", "start": "2026-12-01T10:00", "within": "1 hour"}, "did you mean hq?"),
        ({"calendar": "hq", "start": "tomorrow", "within": "1 hour"}, "'tomorrow' is not a time such as"),
        ({"calendar": "hq", "start": "2026-12-01T10:00"}, "give either within or end"),
        ([], "must be a JSON object"),
    ],
)
async def test_a_preview_that_cannot_be_computed_is_refused_with_a_sentence(
    reader: httpx.AsyncClient, body: Any, sentence: str
) -> None:
    answer = await reader.post("/v1/deadlines/preview", json=body)
    assert answer.status_code == 400
    assert sentence in answer.json()["detail"]


async def test_the_explanation_of_a_clock_lists_each_interval(timer: ServiceHarness, reader: httpx.AsyncClient) -> None:
    from tests.timer.clock_helpers import LEAD, assigned

    await timer.handle(assigned(tier="standard"), subject=LEAD)
    (clock,) = (await reader.get(f"/v1/clocks?lead={LEAD}")).json()["clocks"]
    preview = (await reader.get(f"/v1/clocks/{clock['id']}/explain")).json()
    assert preview["seconds"] == 8 * 3600
    assert [interval["counted"] for interval in preview["intervals"]] == [True, False, True]


async def test_the_breach_feed_is_paged_by_cursor(timer: ServiceHarness, reader: httpx.AsyncClient) -> None:
    from datetime import timedelta

    from tests.service_harness import TUESDAY
    from tests.timer.clock_helpers import LEAD, assigned

    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(TUESDAY + timedelta(minutes=16))
    await timer.run_due()
    _, key = await create_key(timer.resources.access, "ops", ["ops"], None, "test")
    ops = {"authorization": f"Bearer {key}"}
    first = (await reader.get("/v1/breaches?limit=1", headers=ops)).json()
    rest = (await reader.get(f"/v1/breaches?cursor={first['next']}", headers=ops)).json()
    types = [row["type"] for row in (*first["breaches"], *rest["breaches"])]
    assert types == ["baton.sla.breached.v1", "baton.sla.escalated.v1"]
    assert (await reader.get("/v1/breaches")).status_code == 403
