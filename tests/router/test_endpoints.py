"""Doors as ops people make, rotate and close them: what cannot work is refused when it is made, not at each delivery."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.service_harness import ServiceHarness

LEAD = {"email": "ada@proseware.example"}


async def _made(admin: httpx.AsyncClient, **wanted: Any) -> dict[str, str]:
    answer = await admin.post("/v1/endpoints", json=wanted)
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


async def _rotated(admin: httpx.AsyncClient, door: str, **wanted: Any) -> httpx.Response:
    return await admin.post(f"/v1/endpoints/{door}/rotate", json=wanted)


async def _status(admin: httpx.AsyncClient, door: str, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": secret[:20]}
    return (await admin.post(f"/webhooks/{door}", json=LEAD, headers=headers)).status_code


async def test_a_secret_that_was_retired_stays_retired_whatever_is_rotated_later(
    router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    made = await _made(admin, source="generic", scheme="bearer")
    leaked, door = made["secret"], made["id"]
    async with router.db.reading() as tx:
        now = tx.wall
    second = (await _rotated(admin, door, until=now.isoformat())).json()["secret"]
    assert (await _status(admin, door, leaked), await _status(admin, door, second)) == (401, 202)
    third = (await _rotated(admin, door, until=(now + timedelta(days=1)).isoformat())).json()["secret"]
    assert [await _status(admin, door, secret) for secret in (leaked, second, third)] == [401, 202, 202]


async def test_the_address_to_register_for_a_path_secret_is_one_that_is_let_in(admin: httpx.AsyncClient) -> None:
    made = await _made(admin, source="generic", scheme="path")
    assert made["register"] == f"{made['url']}/{made['secret']}"
    assert (await admin.post(httpx.URL(made["register"]).path, json=LEAD)).status_code == 202
    rotated = (await _rotated(admin, made["id"])).json()
    assert (await admin.post(httpx.URL(rotated["register"]).path, json=LEAD)).status_code == 202


@pytest.mark.parametrize(
    ("wanted", "said"),
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
async def test_a_door_that_could_let_nobody_in_is_refused(
    wanted: dict[str, str], said: str, admin: httpx.AsyncClient
) -> None:
    answer = await admin.post("/v1/endpoints", json=wanted)
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.text
    assert (await admin.get("/v1/endpoints")).json() == []


async def test_a_rotation_that_would_shut_everybody_out_is_refused(admin: httpx.AsyncClient) -> None:
    made = await _made(admin, source="standard")
    assert (await _rotated(admin, made["id"], secret="garbage")).status_code == 400
    hubspot = await _made(admin, source="hubspot", secret="s" * 32)
    assert "client secret" in (await _rotated(admin, hubspot["id"])).json()["detail"]
    await admin.post(f"/v1/endpoints/{made['id']}/revoke")
    closed = await _rotated(admin, made["id"])
    assert (closed.status_code, "is closed" in closed.json()["detail"]) == (409, True)
    assert (await _rotated(admin, "nothing")).status_code == 404
