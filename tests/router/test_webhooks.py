"""The door over HTTP: every shared vector, stored and read as it says; and what a door answers to everything else."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.router.sources.delivery import Delivery
from services.router.sources.dry_run import case_body
from services.router.sources.registry import source_named
from shared.access.admin import create_endpoint, create_key, revoke_endpoint, rotate_endpoint
from shared.events import IntakeReceived
from shared.runtime.app import build_app
from tests.router.sources.vector_cases import FILES, cases
from tests.service_harness import ServiceHarness


@pytest.fixture
async def sender(router: ServiceHarness) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app((router.service,), router.resources, asyncio.Event())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://leads.test") as client:
        yield client


async def _door(router: ServiceHarness, kind: str, scheme: str, secrets: list[str], url: str | None = None) -> str:
    """An endpoint with these secrets, the newest last."""
    access = router.resources.access
    options: dict[str, Any] = {"name": kind, "url": url, "mapping": None, "options": None, "by": "test"}
    made, _, _ = await create_endpoint(access, source=kind, scheme=scheme, secret=secrets[0], **options)
    for more in secrets[1:]:
        await rotate_endpoint(access, made, more, None, "test")
    return made


async def _send(router: ServiceHarness, sender: httpx.AsyncClient, case: dict[str, Any]) -> tuple[httpx.Response, str]:
    given = case["secret"]
    secrets = [given] if isinstance(given, str) else list(given or ["unused-" + "s" * 32])
    kind = source_named(case["source"])
    scheme = case.get("scheme") or next(iter(kind.schemes))
    door = await _door(router, kind.name, scheme, secrets, case.get("url"))
    if case.get("now"):
        router.resources.clock.shift = datetime.fromtimestamp(case["now"], UTC) - datetime.now(UTC)
    query = str(case.get("url") or "").partition("?")[2]
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in case["headers"].items()]
    request = sender.build_request(
        case.get("method", "POST"),
        f"/webhooks/{door}{'?' + query if query else ''}",
        content=case_body(case),
        headers=headers,
    )
    return await sender.send(request), door


async def _check(router: ServiceHarness, sender: httpx.AsyncClient, case: dict[str, Any]) -> None:
    authentic = bool(case["auth_valid"] if case["signature_valid"] is None else case["signature_valid"])
    answer, door = await _send(router, sender, case)
    kind = source_named(case["source"])
    assert answer.status_code == case.get("respond", kind.response_policy.accepted if authentic else 401), answer.text
    for name, value in case.get("respond_headers", {}).items():
        assert answer.headers[name] == value
    rows = await router.sql("SELECT * FROM deliveries WHERE endpoint = :e", e=door)
    expected = case["expected"] or []
    if answer.status_code >= 300:
        assert rows == []
        return
    (row,) = rows
    assert bytes(row["body"]) == case_body(case)
    assert bytes(row["response_body"]) == answer.content
    (event,) = [e for e in await router.outbox() if isinstance(e.data, IntakeReceived) and e.data.endpoint == door]
    assert base64.b64decode(event.data.body) == case_body(case)
    await router.handle_events(event)
    read = kind.read_items(Delivery.from_intake(event.data), None) if expected else []
    assert [element.fields.public() for element in read if element.problem is None] == expected
    elements = await router.sql("SELECT * FROM items WHERE intake = :i ORDER BY item", i=event.subject)
    parked = [item for item in elements if item["outcome"] == "parked"]
    assert len(elements) - len(parked) == len(expected)
    assert bool(parked) is (not expected)


@pytest.mark.parametrize("file", FILES)
async def test_every_case_of_a_file_passes_over_http(
    file: str, router: ServiceHarness, sender: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = 0
    for _, case in cases(file):
        try:
            await _check(router, sender, case)
        except AssertionError as failure:
            raise AssertionError(f"{file}: {case['name']}: {failure}") from failure
        ran += 1
    with capsys.disabled():
        print(f"\n{file}: {ran} cases ran over HTTP")
    assert ran == FILES[file]


BEARER = {"authorization": "Bearer s3cret-s3cret-s3cret", "content-type": "application/json"}


async def test_a_repeated_delivery_gets_the_first_answer_byte_for_byte(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    door = await _door(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    answers = [
        await sender.post(f"/webhooks/{door}", content=b'{"email": "a@b.example"}', headers=BEARER) for _ in range(3)
    ]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert len(await router.sql("SELECT id FROM deliveries")) == 1


async def test_the_identical_form_of_next_week_is_a_new_enquiry(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    door = await _door(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    for days in (0, 7):
        router.resources.clock.shift = timedelta(days=days)
        await sender.post(f"/webhooks/{door}", content=b'{"email": "a@b.example"}', headers=BEARER)
    assert len(await router.sql("SELECT id FROM deliveries")) == 2


async def test_a_closed_door_stays_as_a_tombstone_and_an_unknown_one_is_not_there(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    door = await _door(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    await revoke_endpoint(router.resources.access, door, "test")
    assert (await sender.post(f"/webhooks/{door}", content=b"{}", headers=BEARER)).status_code == 200
    assert (await sender.post("/webhooks/unknown", content=b"{}", headers=BEARER)).status_code == 404
    assert await router.sql("SELECT id FROM deliveries") == []


async def test_a_path_secret_opens_the_door_and_a_wrong_one_does_not(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    door = await _door(router, "generic", "path", ["s3cret-s3cret-s3cret"])
    good = await sender.post(f"/webhooks/{door}/s3cret-s3cret-s3cret", data={"email": "a@b.example"})
    bad = await sender.post(f"/webhooks/{door}/s3cret-s3cret-wrong", data={"email": "a@b.example"})
    assert (good.status_code, bad.status_code) == (202, 401)


async def test_a_wrong_method_is_told_which_ones_there_are(router: ServiceHarness, sender: httpx.AsyncClient) -> None:
    door = await _door(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    answer = await sender.delete(f"/webhooks/{door}", headers=BEARER)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_without_its_database_the_door_asks_to_come_back_and_says_no_false_yes(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    door = await _door(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    await router.sql("ALTER TABLE deliveries RENAME TO gone")
    answer = await sender.post(f"/webhooks/{door}", content=b'{"email": "a@b.example"}', headers=BEARER)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    await router.sql("ALTER TABLE gone RENAME TO deliveries")
    answer = await sender.post(f"/webhooks/{door}", content=b'{"email": "a@b.example"}', headers=BEARER)
    assert answer.status_code == 202


async def test_our_own_contract_keeps_the_good_items_and_names_the_bad_ones(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    _, key = await create_key(router.resources.access, "forms", ["intake"], None, "test")
    own = {"authorization": f"Bearer {key}"}
    answer = await sender.post(
        "/v1/leads", json=[{"email": "a@b.example"}, {"nothing": 1}, {"phone": "+12025550143"}], headers=own
    )
    assert answer.status_code == 202
    assert len(answer.json()["leads"]) == 2
    assert [problem["index"] for problem in answer.json()["problems"]] == [1]
    refused = await sender.post("/v1/leads", json={"nothing": 1}, headers=own)
    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"
    assert len(await router.sql("SELECT id FROM deliveries")) == 1


async def test_our_own_contract_needs_a_key_with_the_role(router: ServiceHarness, sender: httpx.AsyncClient) -> None:
    _, key = await create_key(router.resources.access, "reader", ["executive"], None, "test")
    assert (await sender.post("/v1/leads", json={"email": "a@b.example"})).status_code == 401
    headers = {"authorization": f"Bearer {key}"}
    assert (await sender.post("/v1/leads", json={"email": "a@b.example"}, headers=headers)).status_code == 403
