"""Stories of incoming leads: one webhook delivered a hundred times, one person twice at once, an agreement that changes while clocks run."""

import asyncio
import base64
import hmac
import time
from hashlib import sha256
from itertools import cycle
from uuid import uuid4

import httpx
import orjson

from tests.world import World


async def _create_endpoint(world: World) -> tuple[str, str]:
    """Create a Standard Webhooks endpoint; return its path and secret."""
    endpoint = await world.post_json(
        "router", "/v1/endpoints", {"source": "standard", "scheme": "v1", "name": world.tag}
    )
    return f"/webhooks/{endpoint['id']}", endpoint["secret"]


def _sign(secret: str, delivery_id: str, lead: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    body, timestamp = orjson.dumps({"type": "lead.created", "data": lead}), str(int(time.time()))
    mac = hmac.digest(
        base64.b64decode(secret.removeprefix("whsec_")), f"{delivery_id}.{timestamp}.".encode() + body, sha256
    )
    signature = f"v1,{base64.b64encode(mac).decode()}"
    return body, {
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
        "content-type": "application/json",
    }


async def test_a_hundred_deliveries_of_one_webhook_make_one_lead_and_get_a_hundred_equal_responses(
    world: World,
) -> None:
    path, secret = await _create_endpoint(world)
    body, headers = _sign(
        secret, f"msg_{uuid4().hex}", {"email": f"storm@{world.tag}.example", "activity": "demo request"}
    )
    routers = cycle(world.system.urls["router"])
    start = asyncio.Event()
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=limits) as sender:

        async def deliver() -> tuple[int, bytes]:
            url = f"{next(routers)}{path}"
            await start.wait()
            response = await sender.post(url, content=body, headers=headers)
            return response.status_code, response.content

        deliveries = [asyncio.create_task(deliver()) for _ in range(100)]
        await asyncio.sleep(0)
        start.set()
        responses = await asyncio.gather(*deliveries)
    assert len(set(responses)) == 1
    status, content = responses[0]
    assert status == 202
    world.leads += orjson.loads(content)["leads"]
    await world.settle()
    result = await world.get("router", f"/v1/leads?q=storm@{world.tag}.example")
    assert len(result["leads"]) == 1
    assert (await world.events(world.leads[-1])).count("lead.assigned") == 1
    assert len(world.mails("dan", "Hot lead")) == 1


async def test_two_enquiries_of_one_person_at_once_make_one_lead_with_one_owner(world: World) -> None:
    email = f"twice@{world.tag}.example"
    first, second = await asyncio.gather(
        world.send_lead(email=email, name="Twice Abel", activity="demo request"),
        world.send_lead(email=email.upper(), name="Twice Abel", activity="pricing page"),
    )
    await world.settle()
    states = {lead: (await world.lead(lead))["state"] for lead in (first, second)}
    assert sorted(states.values()) == ["assigned", "merged"]
    assigned = next(lead for lead, state in states.items() if state == "assigned")
    assert (await world.lead(assigned if assigned == second else second))["id"]
    assert "lead.enquired_again" in await world.events(assigned)
    assert (await world.events(assigned)).count("lead.assigned") == 1


async def test_a_lead_keeps_the_terms_version_that_it_was_qualified_under(world: World) -> None:
    old = await world.hot_lead("Olda")
    await world.publish_agreement(hot="5 minutes")
    await world.settle()
    new = await world.hot_lead("Newa")
    await world.advance(minutes=6)
    assert "breached" in await world.breaches(new)
    assert "breached" not in await world.breaches(old)
    await world.advance(minutes=10)
    assert "breached" in await world.breaches(old)


async def test_a_delivery_with_a_bad_signature_is_refused_and_a_repeated_one_gets_the_same_response(
    world: World,
) -> None:
    path, secret = await _create_endpoint(world)
    body, headers = _sign(secret, f"msg_{uuid4().hex}", {"email": f"forged@{world.tag}.example"})
    url = f"{world.url('router')}{path}"
    forged = await world.anonymous.post(url, content=body + b" ", headers=headers)
    assert forged.status_code == 401
    first = await world.anonymous.post(url, content=body, headers=headers)
    again = await world.anonymous.post(f"{world.url('router')}{path}", content=body, headers=headers)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    world.leads += first.json()["leads"]
    await world.settle()
    assert len((await world.get("router", f"/v1/leads?q=forged@{world.tag}.example"))["leads"]) == 1
