"""A system set up for the benchmarks: twelve reps without a cap whose calendar is always open, and one signed webhook endpoint."""

import asyncio
import time
from urllib.parse import urlsplit

from tests.bench.webhook_sender import WebhookSender
from tests.running_system import RunningSystem
from tests.world import World

REPS = tuple(f"rep{number}" for number in range(12))
AGREEMENT = """
agreement: Bench {tag}
timezone: America/New_York
signed_by: {{marketing: maya-{tag}@northwind.example, sales: sam-{tag}@northwind.example}}
qualification:
  tiers:
    - {{tier: hot, when: {{activity: [demo_request]}}}}
    - {{tier: standard, when: {{}}}}
teams:
  inbound-{tag}: {{manager: omar-{tag}, members: [{members}], calendar: hq}}
routing:
  - {{rule: everyone, to: inbound-{tag}}}
unrouted: {{alert: ops, after: 2 minutes}}
calendars:
  hq: {{timezone: America/New_York, hours: {{mon-sun: 00:00-24:00}}}}
promises:
  accept:
    hot: {{within: 4 hours}}
    standard: {{within: 4 hours}}
    warn: 75 %
    then:
      - {{at: breach, do: [notify owner, notify manager]}}
  first_touch: {{hot: {{within: 8 hours}}, standard: {{within: 1 day}}, from: accepted, then: [{{at: breach, do: notify manager}}]}}
dispositions:
  decline: {{ours: [overloaded], theirs: [not a fit], then: reassign, at_most: 2, last: return to marketing}}
channels: {{owner: [email], manager: [email], ops: [email], marketing: [email]}}
"""


class BenchWorld(World):
    """A system with an agreement in force and business time that runs as fast as real time."""

    async def prepare(self) -> None:
        """Create the reps, the agreement, the webhook endpoint and a clock at real speed."""
        await self.open()
        moment = (await self.now()).isoformat()
        await self.post_json("router", "/v1/clock", {"base": moment, "rate": 1})
        endpoint = await self.post_json("router", "/v1/endpoints", {"source": "standard", "name": f"bench {self.tag}"})
        self.webhook_sender = WebhookSender(f"/webhooks/{endpoint['id']}", endpoint["secret"], self.tag)
        self.ports = [urlsplit(url).port or 0 for url in self.system.urls["router"]]

    async def publish_agreement(self, hot: str = "") -> int:
        """Create, sign and publish the benchmark's agreement; returns its version."""
        reps = [
            {"id": f"{name}-{self.tag}", "name": name.title(), "email": f"{name}-{self.tag}@northwind.example"}
            | {"roles": ["rep"], "manager": f"omar-{self.tag}", "timezone": "America/New_York"}
            for name in REPS
        ]
        await self.post_json("router", "/v1/reps", {"reps": reps})
        text = AGREEMENT.format(tag=self.tag, members=", ".join(rep["id"] for rep in reps))
        response = await self.client.post(f"{self.url('router')}/v1/agreements", content=text.encode())
        assert response.status_code == 201, response.text
        version = int(response.json()["version"])
        for name, role in (("maya", "marketing"), ("sam", "manager")):
            person = f"{name}-{self.tag}@northwind.example"
            new = {"name": person, "roles": [role], "person": person}
            headers = {"Authorization": f"Bearer {(await self.post_json('router', '/v1/keys', new))['key']}"}
            signed = await self.anonymous.post(f"{self.url('router')}/v1/agreements/{version}/sign", headers=headers)
            assert signed.status_code == 200, signed.text
        await self.post_json("router", f"/v1/agreements/{version}/publish", {})
        return version

    async def wait_until_idle(self, seconds: float) -> None:
        """Wait until every backlog is empty, polling every 250 ms. Raises AssertionError after `seconds`."""
        deadline = time.monotonic() + seconds
        idle_rounds = 0
        while idle_rounds < 2:
            assert time.monotonic() < deadline, f"The system is not idle after {seconds:g} s; see GET /v1/backlog."
            urls = sorted({url for urls in self.system.urls.values() for url in urls})
            responses = [await self.client.get(f"{url}/v1/backlog") for url in urls]
            rows = [row for response in responses for row in response.json()]
            busy = any(row["outbox"] or row["lag"] or row["extra"].get("notices_unsent") for row in rows)
            idle_rounds = 0 if busy else idle_rounds + 1
            await asyncio.sleep(0.25)

    async def close(self) -> None:
        """Close the HTTP clients; the system is stopped by whoever started it."""
        await self.client.aclose()
        await self.anonymous.aclose()


def resident_memory(site: RunningSystem) -> dict[str, float]:
    """The resident memory of each process, in MiB."""
    megabytes = {}
    for name, process in site.processes.items():
        with open(f"/proc/{process.pid}/status") as status:
            (line,) = [line for line in status if line.startswith("VmRSS")]
        megabytes[name] = int(line.split()[1]) / 1024
    return megabytes
