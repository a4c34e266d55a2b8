"""The story of a record that cannot be handled: it is parked, the rest of its key waits behind it, and nothing is lost."""

from typing import Any
from uuid import uuid4

import orjson

from shared.bus.port import Outgoing
from tests.world import World


async def _poison(world: World, lead: str) -> None:
    """Put a record on the leads topic that no version of this program could have written."""
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


async def test_a_poisoned_record_is_parked_with_the_rest_of_its_key_behind_it_and_the_rest_is_handled_after(
    world: World,
) -> None:
    lead = await world.hot_lead("Pois")
    other = await world.hot_lead("Othe")
    await _poison(world, lead)
    # The road of the embedded form is told of news by its own writers only: any lead will do.
    await world.hot_lead("Wake")
    action = {"action": "accept", "epoch": 1}
    await world.post_json("router", f"/v1/leads/{lead}/actions", action)
    await world.post_json("router", f"/v1/leads/{other}/actions", action)
    await world.settle()

    code, printed = world.system.baton("dlq", "list", "--json")
    rows = [row for row in map(orjson.loads, printed.splitlines()) if row["key"] == lead]
    assert code == 1
    by_service = {name: [row for row in rows if row["service"] == name] for name in ("timer", "notifier", "console")}
    for parked in by_service.values():
        assert [row["behind"] for row in sorted(parked, key=lambda row: row["id"])] == [False, True]
        assert "not valid at data" in parked[0]["reason"] or "not valid at data" in parked[-1]["reason"]
    assert ("accept", 1, "running") in await world.clocks(lead)
    assert ("accept", 1, "kept") in await world.clocks(other)

    for service, parked in by_service.items():
        head = next(row for row in parked if not row["behind"])
        place = f"{world.url(service)}/v1/dead-letters/{head['id']}"
        refused = await world.client.post(f"{place}/replay")
        assert refused.status_code == 409
        assert "failed again" in refused.json()["detail"]
        assert (await world.client.post(f"{place}/drop")).status_code == 200
    await world.settle()
    assert ("accept", 1, "kept") in await world.clocks(lead)
    code, printed = world.system.baton("dlq", "list", "--json")
    assert [row for row in map(orjson.loads, printed.splitlines()) if row["key"] == lead] == []
