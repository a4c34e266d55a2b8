"""Webhook endpoints over HTTP: what cannot work is refused when it is configured, not at each delivery."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.service_harness import ServiceHarness

LEAD = {"email": "ada@proseware.example"}


async def _create(admin: httpx.AsyncClient, **fields: Any) -> dict[str, str]:
    answer = await admin.post("/v1/endpoints", json=fields)
    assert answer.status_code == 201, answer.text
    created: dict[str, str] = answer.json()
    return created


async def _rotate(admin: httpx.AsyncClient, endpoint: str, **fields: Any) -> httpx.Response:
    return await admin.post(f"/v1/endpoints/{endpoint}/rotate", json=fields)


async def _status(admin: httpx.AsyncClient, endpoint: str, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": secret[:20]}
    return (await admin.post(f"/webhooks/{endpoint}", json=LEAD, headers=headers)).status_code


async def test_a_secret_that_was_retired_stays_retired_whatever_is_rotated_later(
    router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    created = await _create(admin, source="generic", scheme="bearer")
    leaked, endpoint = created["secret"], created["id"]
    async with router.db.reading() as tx:
        now = tx.wall
    second = (await _rotate(admin, endpoint, until=now.isoformat())).json()["secret"]
    assert (await _status(admin, endpoint, leaked), await _status(admin, endpoint, second)) == (401, 202)
    third = (await _rotate(admin, endpoint, until=(now + timedelta(days=1)).isoformat())).json()["secret"]
    assert [await _status(admin, endpoint, secret) for secret in (leaked, second, third)] == [401, 202, 202]


async def test_the_url_to_register_for_a_path_secret_is_accepted(admin: httpx.AsyncClient) -> None:
    created = await _create(admin, source="generic", scheme="path")
    assert created["register"] == f"{created['url']}/{created['secret']}"
    assert (await admin.post(httpx.URL(created["register"]).path, json=LEAD)).status_code == 202
    rotated = (await _rotate(admin, created["id"])).json()
    assert (await admin.post(httpx.URL(rotated["register"]).path, json=LEAD)).status_code == 202


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": "hubspot", "scheme": "v3"}, "signed with the client secret of your HubSpot app"),
        ({"source": "hubspot_workflow"}, "signed with the client secret of your HubSpot app"),
        ({"source": "standard", "scheme": "v1a"}, "the sender's public key"),
        ({"source": "standard", "secret": "garbage"}, "does not fit the scheme"),
        ({"source": "generic", "url": "notaurl"}, "must be the whole address"),
        ({"source": "hubspt"}, "is not a source"),
        ({"source": "hubspot", "scheme": "v9"}, "is not a scheme of hubspot"),
    ],
)
async def test_an_endpoint_that_could_accept_no_request_is_refused(
    fields: dict[str, str], message: str, admin: httpx.AsyncClient
) -> None:
    answer = await admin.post("/v1/endpoints", json=fields)
    assert (answer.status_code, message in answer.json()["detail"]) == (400, True), answer.text
    assert (await admin.get("/v1/endpoints")).json() == []


async def test_a_secret_rotation_that_no_request_could_pass_is_refused(admin: httpx.AsyncClient) -> None:
    created = await _create(admin, source="standard")
    assert (await _rotate(admin, created["id"], secret="garbage")).status_code == 400
    hubspot = await _create(admin, source="hubspot", secret="s" * 32)
    assert "client secret" in (await _rotate(admin, hubspot["id"])).json()["detail"]
    await admin.post(f"/v1/endpoints/{created['id']}/revoke")
    closed = await _rotate(admin, created["id"])
    assert (closed.status_code, "is closed" in closed.json()["detail"]) == (409, True)
    assert (await _rotate(admin, "nothing")).status_code == 404
