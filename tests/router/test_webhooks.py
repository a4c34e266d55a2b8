"""Webhooks over HTTP: every shared vector is stored and read as it says, and everything else gets its response."""

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
from shared.access.endpoints import create_endpoint, revoke_endpoint, rotate_endpoint
from shared.access.keys import create_key
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


async def _create_endpoint(
    router: ServiceHarness, kind: str, scheme: str, secrets: list[str], url: str | None = None
) -> str:
    """An endpoint with these secrets, the newest last."""
    access = router.resources.access
    options: dict[str, Any] = {"name": kind, "url": url, "mapping": None, "options": None, "by": "test"}
    endpoint, _, _ = await create_endpoint(access, source=kind, scheme=scheme, secret=secrets[0], **options)
    for more in secrets[1:]:
        await rotate_endpoint(access, endpoint, more, None, "test")
    return endpoint


async def _send(router: ServiceHarness, sender: httpx.AsyncClient, case: dict[str, Any]) -> tuple[httpx.Response, str]:
    secret = case["secret"]
    secrets = [secret] if isinstance(secret, str) else list(secret or ["unused-" + "s" * 32])
    kind = source_named(case["source"])
    scheme = case.get("scheme") or next(iter(kind.schemes))
    endpoint = await _create_endpoint(router, kind.name, scheme, secrets, case.get("url"))
    if case.get("now"):
        router.resources.clock.shift = datetime.fromtimestamp(case["now"], UTC) - datetime.now(UTC)
    query = str(case.get("url") or "").partition("?")[2]
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in case["headers"].items()]
    request = sender.build_request(
        case.get("method", "POST"),
        f"/webhooks/{endpoint}{'?' + query if query else ''}",
        content=case_body(case),
        headers=headers,
    )
    return await sender.send(request), endpoint


async def _check(router: ServiceHarness, sender: httpx.AsyncClient, case: dict[str, Any]) -> None:
    authentic = bool(case["auth_valid"] if case["signature_valid"] is None else case["signature_valid"])
    answer, endpoint = await _send(router, sender, case)
    kind = source_named(case["source"])
    assert answer.status_code == case.get("respond", kind.response_policy.accepted if authentic else 401), answer.text
    for name, value in case.get("respond_headers", {}).items():
        assert answer.headers[name] == value
    rows = await router.sql("SELECT * FROM deliveries WHERE endpoint = :e", e=endpoint)
    expected = case["expected"] or []
    if answer.status_code >= 300:
        assert rows == []
        return
    (row,) = rows
    assert bytes(row["body"]) == case_body(case)
    assert bytes(row["response_body"]) == answer.content
    (event,) = [e for e in await router.outbox() if isinstance(e.data, IntakeReceived) and e.data.endpoint == endpoint]
    assert base64.b64decode(event.data.body) == case_body(case)
    await router.handle_events(event)
    read = kind.read_items(Delivery.from_intake(event.data), None) if expected else []
    assert [element.fields.public() for element in read if element.problem is None] == expected
    items = await router.sql("SELECT * FROM items WHERE intake = :i ORDER BY item", i=event.subject)
    parked = [item for item in items if item["outcome"] == "parked"]
    assert len(items) - len(parked) == len(expected)
    assert bool(parked) is (not expected)


@pytest.mark.parametrize("file", FILES)
async def test_every_webhook_vector_of_a_file_passes_over_http(
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


async def test_a_repeated_delivery_gets_the_first_response_byte_for_byte(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    endpoint = await _create_endpoint(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    answers = [
        await sender.post(f"/webhooks/{endpoint}", content=b'{"email": "a@b.example"}', headers=BEARER)
        for _ in range(3)
    ]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert len(await router.sql("SELECT id FROM deliveries")) == 1


async def test_an_identical_form_post_of_next_week_is_a_new_enquiry(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    endpoint = await _create_endpoint(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    for days in (0, 7):
        router.resources.clock.shift = timedelta(days=days)
        await sender.post(f"/webhooks/{endpoint}", content=b'{"email": "a@b.example"}', headers=BEARER)
    assert len(await router.sql("SELECT id FROM deliveries")) == 2


async def test_a_revoked_endpoint_answers_as_a_tombstone_and_an_unknown_one_with_404(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    endpoint = await _create_endpoint(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    await revoke_endpoint(router.resources.access, endpoint, "test")
    assert (await sender.post(f"/webhooks/{endpoint}", content=b"{}", headers=BEARER)).status_code == 200
    assert (await sender.post("/webhooks/unknown", content=b"{}", headers=BEARER)).status_code == 404
    assert await router.sql("SELECT id FROM deliveries") == []


async def test_a_right_path_secret_is_accepted_and_a_wrong_one_refused(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    endpoint = await _create_endpoint(router, "generic", "path", ["s3cret-s3cret-s3cret"])
    good = await sender.post(f"/webhooks/{endpoint}/s3cret-s3cret-s3cret", data={"email": "a@b.example"})
    bad = await sender.post(f"/webhooks/{endpoint}/s3cret-s3cret-wrong", data={"email": "a@b.example"})
    assert (good.status_code, bad.status_code) == (202, 401)


async def test_a_wrong_method_is_answered_with_the_allowed_ones(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    endpoint = await _create_endpoint(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    answer = await sender.delete(f"/webhooks/{endpoint}", headers=BEARER)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_webhook_without_the_database_is_answered_503_and_never_accepted(
    router: ServiceHarness, sender: httpx.AsyncClient
) -> None:
    endpoint = await _create_endpoint(router, "generic", "bearer", ["s3cret-s3cret-s3cret"])
    await router.sql("ALTER TABLE deliveries RENAME TO gone")
    answer = await sender.post(f"/webhooks/{endpoint}", content=b'{"email": "a@b.example"}', headers=BEARER)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    await router.sql("ALTER TABLE gone RENAME TO deliveries")
    answer = await sender.post(f"/webhooks/{endpoint}", content=b'{"email": "a@b.example"}', headers=BEARER)
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
