"""The story of a record that cannot be handled: it becomes a dead letter, later records of its key wait, nothing is lost."""

from typing import Any
from uuid import uuid4

import orjson

from shared.bus.port import Outgoing
from tests.world import World


async def _publish_invalid_record(world: World, lead: str) -> None:
    """Publish a record to `baton.leads` whose data is invalid."""
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/somebody/else",
        "type": "baton.lead.assigned.v1",
        "subject": lead,
        "time": "2026-12-01T10:00:00Z",
        "data": {"owner": 7},
    }
    bus = world.system.bus()
    await bus.start()
    try:
        assert await bus.publish([Outgoing("leads", lead, orjson.dumps(envelope), envelope["id"])]) == [None]
    finally:
        await bus.stop()


async def test_an_invalid_record_becomes_a_dead_letter_and_later_records_of_its_key_wait_until_it_is_dropped(
    world: World,
) -> None:
    lead = await world.hot_lead("Pois")
    other = await world.hot_lead("Othe")
    await _publish_invalid_record(world, lead)
    # The embedded bus wakes its readers only for records that its own process wrote, so send another lead.
    await world.hot_lead("Wake")
    action = {"action": "accept", "epoch": 1}
    await world.post_json("router", f"/v1/leads/{lead}/actions", action)
    await world.post_json("router", f"/v1/leads/{other}/actions", action)
    await world.settle()

    code, output = world.system.baton("dlq", "list", "--json")
    rows = [row for row in map(orjson.loads, output.splitlines()) if row["key"] == lead]
    assert code == 1
    by_service = {name: [row for row in rows if row["service"] == name] for name in ("timer", "notifier", "console")}
    for dead_letters in by_service.values():
        assert [row["blocked"] for row in sorted(dead_letters, key=lambda row: row["id"])] == [False, True]
        assert "not valid at data" in dead_letters[0]["reason"] or "not valid at data" in dead_letters[-1]["reason"]
    assert ("accept", 1, "running") in await world.clocks(lead)
    assert ("accept", 1, "kept") in await world.clocks(other)

    for service, dead_letters in by_service.items():
        head = next(row for row in dead_letters if not row["blocked"])
        url = f"{world.url(service)}/v1/dead-letters/{head['id']}"
        refused = await world.client.post(f"{url}/replay")
        assert refused.status_code == 409
        assert "failed again" in refused.json()["detail"]
        assert (await world.client.post(f"{url}/drop")).status_code == 200
    await world.settle()
    assert ("accept", 1, "kept") in await world.clocks(lead)
    code, output = world.system.baton("dlq", "list", "--json")
    assert [row for row in map(orjson.loads, output.splitlines()) if row["key"] == lead] == []
