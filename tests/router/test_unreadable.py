"""A request that could not be read is kept and shown with its body, and can be read again once its door is mended."""

import json
from typing import Any

import httpx

from services.router.audit import counts
from shared.access.admin import create_endpoint
from shared.events import IntakeReceived, LeadMerged, LeadReceived, LeadRefused
from tests.service_harness import ServiceHarness

BROKEN = b'{"contact": {"mail": "ada@proseware.example"'
NESTED = b'{"contact": {"mail": "ada@proseware.example"}}'


async def _door(router: ServiceHarness, mapping: dict[str, Any] | None = None) -> str:
    options: dict[str, Any] = {"name": "form", "url": None, "options": None, "secret": None, "by": "test"}
    made, _, _ = await create_endpoint(
        router.resources.access, source="standard", scheme="v1", mapping=mapping, **options
    )
    return made


async def _came(router: ServiceHarness, door: str, body: bytes) -> None:
    import base64

    async with router.db.reading() as tx:
        now = tx.now
    fact = IntakeReceived(
        endpoint=door,
        source="standard",
        received_at=now,
        content_type="application/json",
        body=base64.b64encode(body).decode(),
    )
    number = len(await router.sql("SELECT id FROM deliveries"))
    await router.handle(fact, subject=f"01a20944-0000-7000-8000-{number:012d}")


async def _parked(admin: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await admin.get("/v1/dead-letters")).json()
    return found


async def _mend(router: ServiceHarness, door: str, mapping: dict[str, Any]) -> None:
    async with router.resources.access.db.transaction() as tx:
        from sqlalchemy import text

        await tx.conn.execute(
            text("UPDATE endpoints SET mapping = :m WHERE id = :i"), {"m": json.dumps(mapping), "i": door}
        )
    await router.resources.access.load()


async def _adds_up(router: ServiceHarness) -> dict[str, int]:
    async with router.db.reading() as tx:
        found = await counts(tx)
    assert found["read"] == sum(found["states"].values()) + found["items"].get("duplicate", 0)
    assert found["items"].get("merged", 0) == found["states"].get("merged", 0)
    states: dict[str, int] = found["states"]
    return states


async def test_what_could_not_be_read_is_listed_with_its_reason_and_shown_with_its_body(
    router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    await _came(router, await _door(router), BROKEN)
    (row,) = await _parked(admin)
    assert (row["service"], row["type"], row["state"]) == ("router", "unreadable", "parked")
    assert "JSON" in row["reason"]
    shown = (await admin.get(f"/v1/dead-letters/{row['id']}")).json()
    assert shown["body"] == BROKEN.decode()
    again = await admin.post(f"/v1/dead-letters/{row['id']}/replay")
    assert (again.status_code, "still cannot be read" in again.json()["detail"]) == (409, True)
    assert await _parked(admin) == [row]


async def test_it_is_read_again_by_the_mapping_that_its_door_has_now(
    router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    door = await _door(router)
    await _came(router, door, NESTED)
    (row,) = await _parked(admin)
    await _mend(router, door, {"email": "contact.mail"})
    said = await admin.post(f"/v1/dead-letters/{row['id']}/replay")
    assert said.status_code == 200, said.text
    assert await _parked(admin) == []
    lead = (await admin.get(f"/v1/leads/{row['id']}")).json()
    assert lead["card"]["email"] == "ada@proseware.example"
    assert lead["state"] in said.json()["outcome"]
    assert lead["state"] != "parked"
    assert any(isinstance(event.data, LeadReceived) and event.subject == row["id"] for event in await router.outbox())
    assert sum((await _adds_up(router)).values()) == 1
    assert (await admin.post(f"/v1/dead-letters/{row['id']}/replay")).status_code == 404


async def test_one_that_repeats_what_came_since_points_to_that(
    router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    door = await _door(router)
    await _came(router, door, NESTED)
    (row,) = await _parked(admin)
    await _mend(router, door, {"email": "contact.mail"})
    await _came(router, door, NESTED.replace(b"}}", b'}, "x": 1}'))
    assert (await admin.post(f"/v1/dead-letters/{row['id']}/replay")).status_code == 200
    assert any(isinstance(event.data, LeadMerged) and event.subject == row["id"] for event in await router.outbox())
    assert (await _adds_up(router))["merged"] == 1


async def test_one_that_is_given_up_stays_readable_as_refused(router: ServiceHarness, admin: httpx.AsyncClient) -> None:
    await _came(router, await _door(router), BROKEN)
    (row,) = await _parked(admin)
    assert (await admin.post(f"/v1/dead-letters/{row['id']}/drop")).status_code == 200
    assert await _parked(admin) == []
    assert await _adds_up(router) == {"refused": 1}
    (said,) = [event.data for event in await router.outbox() if isinstance(event.data, LeadRefused)]
    assert "given up by local" in said.reason
    assert (await admin.get(f"/v1/leads/{row['id']}/timeline")).json()[-1]["type"] == "baton.lead.refused.v1"


async def test_a_list_in_a_state_that_there_is_not_is_refused_and_an_unknown_lead_has_no_story(
    admin: httpx.AsyncClient,
) -> None:
    assert (await admin.get("/v1/dead-letters?state=nope")).status_code == 422
    for what in ("timeline", "decisions"):
        assert (await admin.get(f"/v1/leads/01a20944-0000-7000-8000-000000000000/{what}")).status_code == 404
