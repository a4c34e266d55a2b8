"""Unreadable requests are stored and shown with their body, and can be read again once their endpoint is corrected."""

import json
from typing import Any

import httpx

from services.router.audit import counts
from shared.access.endpoints import create_endpoint
from shared.events import IntakeReceived, LeadMerged, LeadReceived, LeadRefused
from tests.service_harness import ServiceHarness

BROKEN = b'{"contact": {"mail": "ada@proseware.example"'
NESTED = b'{"contact": {"mail": "ada@proseware.example"}}'


async def _create_endpoint(router: ServiceHarness, mapping: dict[str, Any] | None = None) -> str:
    options: dict[str, Any] = {"name": "form", "url": None, "options": None, "secret": None, "by": "test"}
    endpoint, _, _ = await create_endpoint(
        router.resources.access, source="standard", scheme="v1", mapping=mapping, **options
    )
    return endpoint


async def _receive(router: ServiceHarness, endpoint: str, body: bytes) -> None:
    import base64

    async with router.db.reading() as tx:
        now = tx.now
    fact = IntakeReceived(
        endpoint=endpoint,
        source="standard",
        received_at=now,
        content_type="application/json",
        body=base64.b64encode(body).decode(),
    )
    number = len(await router.sql("SELECT id FROM deliveries"))
    await router.handle(fact, subject=f"01a20944-0000-7000-8000-{number:012d}")


async def _parked(admin: httpx.AsyncClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await admin.get("/v1/dead-letters")).json()
    return rows


async def _set_mapping(router: ServiceHarness, endpoint: str, mapping: dict[str, Any]) -> None:
    async with router.resources.access.db.transaction() as tx:
        from sqlalchemy import text

        await tx.conn.execute(
            text("UPDATE endpoints SET mapping = :m WHERE id = :i"), {"m": json.dumps(mapping), "i": endpoint}
        )
    await router.resources.access.load()


async def _checked_states(router: ServiceHarness) -> dict[str, int]:
    async with router.db.reading() as tx:
        audit = await counts(tx)
    assert audit["read"] == sum(audit["states"].values()) + audit["items"].get("duplicate", 0)
    assert audit["items"].get("merged", 0) == audit["states"].get("merged", 0)
    states: dict[str, int] = audit["states"]
    return states


async def test_an_unreadable_request_is_listed_with_its_reason_and_shown_with_its_body(
    router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    await _receive(router, await _create_endpoint(router), BROKEN)
    (row,) = await _parked(admin)
    assert (row["service"], row["type"], row["state"]) == ("router", "unreadable", "parked")
    assert "JSON" in row["reason"]
    shown = (await admin.get(f"/v1/dead-letters/{row['id']}")).json()
    assert shown["body"] == BROKEN.decode()
    again = await admin.post(f"/v1/dead-letters/{row['id']}/replay")
    assert (again.status_code, "still cannot be read" in again.json()["detail"]) == (409, True)
    assert await _parked(admin) == [row]


async def test_an_unreadable_request_is_read_again_by_the_present_mapping_of_its_endpoint(
    router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    endpoint = await _create_endpoint(router)
    await _receive(router, endpoint, NESTED)
    (row,) = await _parked(admin)
    await _set_mapping(router, endpoint, {"email": "contact.mail"})
    replayed = await admin.post(f"/v1/dead-letters/{row['id']}/replay")
    assert replayed.status_code == 200, replayed.text
    assert await _parked(admin) == []
    lead = (await admin.get(f"/v1/leads/{row['id']}")).json()
    assert lead["card"]["email"] == "ada@proseware.example"
    assert lead["state"] in replayed.json()["outcome"]
    assert lead["state"] != "parked"
    assert any(isinstance(event.data, LeadReceived) and event.subject == row["id"] for event in await router.outbox())
    assert sum((await _checked_states(router)).values()) == 1
    assert (await admin.post(f"/v1/dead-letters/{row['id']}/replay")).status_code == 404


async def test_an_unreadable_request_that_repeats_a_later_one_is_merged_into_it(
    router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    endpoint = await _create_endpoint(router)
    await _receive(router, endpoint, NESTED)
    (row,) = await _parked(admin)
    await _set_mapping(router, endpoint, {"email": "contact.mail"})
    await _receive(router, endpoint, NESTED.replace(b"}}", b'}, "x": 1}'))
    assert (await admin.post(f"/v1/dead-letters/{row['id']}/replay")).status_code == 200
    assert any(isinstance(event.data, LeadMerged) and event.subject == row["id"] for event in await router.outbox())
    assert (await _checked_states(router))["merged"] == 1


async def test_an_unreadable_request_that_is_dropped_stays_as_a_refused_lead(
    router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    await _receive(router, await _create_endpoint(router), BROKEN)
    (row,) = await _parked(admin)
    assert (await admin.post(f"/v1/dead-letters/{row['id']}/drop")).status_code == 200
    assert await _parked(admin) == []
    assert await _checked_states(router) == {"refused": 1}
    (refused,) = [event.data for event in await router.outbox() if isinstance(event.data, LeadRefused)]
    assert "given up by local" in refused.reason
    assert (await admin.get(f"/v1/leads/{row['id']}/timeline")).json()[-1]["type"] == "baton.lead.refused.v1"


async def test_an_unknown_dead_letter_state_is_refused_and_an_unknown_lead_has_no_timeline(
    admin: httpx.AsyncClient,
) -> None:
    assert (await admin.get("/v1/dead-letters?state=nope")).status_code == 422
    for what in ("timeline", "decisions"):
        assert (await admin.get(f"/v1/leads/01a20944-0000-7000-8000-000000000000/{what}")).status_code == 404
