"""The people, leads, mails and clock of one story, the same in the embedded and the wide form; uses HTTP and SMTP only."""

import asyncio
import itertools
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.parts.waiting import eventually
from tests.running_system import RunningSystem

NEW_YORK = ZoneInfo("America/New_York")
TAGS = itertools.count(1)
AGREEMENT = """
agreement: Northwind
timezone: America/New_York
signed_by: {{marketing: maya-{tag}@northwind.example, sales: sam-{tag}@northwind.example}}
qualification:
  tiers:
    - {{tier: hot, when: {{activity: [demo_request]}}}}
    - {{tier: standard, when: {{}}}}
teams:
  inbound-{tag}: {{manager: omar-{tag}, members: [dan-{tag}, eve-{tag}, fay-{tag}], calendar: hq, cap: {{open: 50}}}}
routing:
  - {{rule: everyone, to: inbound-{tag}}}
unrouted: {{alert: ops, after: 2 minutes}}
off_hours: {{hold: until open, except: [hot]}}
calendars:
  hq: {{timezone: America/New_York, hours: {{mon-fri: 09:00-17:30}}, holidays: US}}
promises:
  accept:
    hot: {{within: {hot}, off_hours: 4 hours}}
    standard: {{within: 2 hours}}
    warn: 75 %
    then:
      - {{at: breach, do: [notify owner, notify manager]}}
      - {{after: 30 minutes, do: reassign, at_most: 2, never: previous owners}}
      - {{after: 2 hours, do: [notify manager, return to marketing]}}
  first_touch: {{hot: {{within: 1 hour}}, standard: {{within: 1 day}}, from: accepted, then: [{{at: breach, do: notify manager}}]}}
  clock: {{on_reassign: {{continue_with_at_least: 10 minutes}}}}
dispositions:
  decline: {{ours: [overloaded], theirs: [not a fit], then: reassign, at_most: 2, last: return to marketing}}
channels: {{owner: [email], manager: [email], ops: [email], marketing: [email]}}
"""
PEOPLE = (
    ("dan", "rep"),
    ("eve", "rep"),
    ("fay", "rep"),
    ("omar", "manager"),
    ("maya", "marketing"),
    ("sam", "manager"),
    ("olga", "ops"),
)


class Page:
    """A page as a person reads it: its text without tags."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))
        self.html = response.text

    def shows(self, text: str) -> bool:
        """Whether the page shows this text."""
        return text in self.text


class World:
    """The people and leads of one story; `tag` keeps them apart from those of other stories on the same system."""

    def __init__(self, site: RunningSystem) -> None:
        self.system = site
        self.tag = f"s{next(TAGS)}"
        self.leads: list[str] = []
        self.mails_before = len(site.mailbox.mails)
        headers = {"Authorization": f"Bearer {site.key}"}
        self.client = httpx.AsyncClient(headers=headers, timeout=30, trust_env=False)
        self.anonymous = httpx.AsyncClient(timeout=30, trust_env=False)
        self.routers = itertools.cycle(site.urls["router"])

    async def open(self, start: datetime | None = None, **changes: str) -> None:
        """Add people, publish an agreement, and stop the clock within working hours of a later week."""
        now = datetime.fromisoformat((await self.get("router", "/v1/clock"))["now"].replace("Z", "+00:00"))
        await self.set_time(start or self._next_tuesday(now))
        tag = self.tag
        reps = [
            {"id": f"{name}-{tag}", "name": name.title(), "email": f"{name}-{tag}@northwind.example", "roles": [role]}
            | ({"manager": f"omar-{tag}", "timezone": "America/New_York"} if role == "rep" else {})
            for name, role in PEOPLE
        ]
        await self.post_json("router", "/v1/reps", {"reps": reps})
        key = await self.create_key(f"sender {tag}", "intake")
        self.sender_headers = {"Authorization": f"Bearer {key}"}
        await self.publish_agreement(**changes)
        await self.settle()

    @staticmethod
    def _next_tuesday(now: datetime) -> datetime:
        day = max(now, datetime(2026, 12, 1, tzinfo=UTC)).astimezone(NEW_YORK).date() + timedelta(days=7)
        day += timedelta(days=(1 - day.weekday()) % 7)
        return datetime(day.year, day.month, day.day, 10, 0, tzinfo=NEW_YORK)

    async def publish_agreement(self, hot: str = "15 minutes") -> int:
        """Sign a new version of the agreement by one person of each side and publish it; return its number."""
        text = AGREEMENT.format(tag=self.tag, hot=hot)
        response = await self.client.post(f"{self.url('router')}/v1/agreements", content=text.encode())
        assert response.status_code == 201, response.text
        version = int(response.json()["version"])
        for name, role in (("maya", "marketing"), ("sam", "manager")):
            person = f"{name}-{self.tag}@northwind.example"
            key = await self.create_key(person, role, person=person)
            headers = {"Authorization": f"Bearer {key}"}
            response = await self.anonymous.post(f"{self.url('router')}/v1/agreements/{version}/sign", headers=headers)
            assert response.status_code == 200, response.text
        await self.post_json("router", f"/v1/agreements/{version}/publish", {})
        return version

    async def create_key(self, name: str, role: str, **more: str) -> str:
        """Create an API key with one role."""
        body = {"name": name, "roles": [role], **more}
        return str((await self.post_json("router", "/v1/keys", body))["key"])

    async def close(self) -> None:
        """Recycle this story's open leads, so that they do not disturb the next story."""
        await self.settle()
        for lead in self.leads:
            row = await self.lead(lead)
            if row["state"] not in ("merged", "recycled", "won", "lost", "refused", "parked"):
                action = {"action": "recycle", "epoch": row["epoch"], "reason": "the story is over"}
                await self.client.post(f"{self.url('router')}/v1/leads/{lead}/actions", json=action)
        await self.settle()
        await self.client.aclose()
        await self.anonymous.aclose()

    def url(self, service: str) -> str:
        """The URL of a process of a service; routers take turns."""
        return next(self.routers) if service == "router" else self.system.urls[service][0]

    async def get(self, service: str, path: str) -> Any:
        """Get the JSON of a route. Raises AssertionError unless it answers 200."""
        response = await self.client.get(f"{self.url(service)}{path}")
        assert response.status_code == 200, f"{path}: {response.text}"
        return response.json()

    async def post_json(self, service: str, path: str, body: Any) -> Any:
        """Post JSON. Raises AssertionError unless it answers 2xx."""
        response = await self.client.post(f"{self.url(service)}{path}", json=body)
        assert response.is_success, f"{path}: {response.text}"
        return response.json()

    async def send_lead(self, **fields: Any) -> str:
        """Send a lead as a form does; return its id."""
        response = await self.anonymous.post(f"{self.url('router')}/v1/leads", json=fields, headers=self.sender_headers)
        assert response.status_code == 202, response.text
        (lead,) = response.json()["leads"]
        self.leads.append(lead)
        return str(lead)

    async def hot_lead(self, name: str = "Ada") -> str:
        """Send a hot lead of a new person and wait until it is handled; return its id."""
        email = f"{name.lower()}@{self.tag}.example"
        lead = await self.send_lead(email=email, name=f"{name} Abel", company="Proseware", activity="demo request")
        await self.settle()
        return lead

    async def lead(self, lead: str) -> Any:
        """The lead as the router has it."""
        return await self.get("router", f"/v1/leads/{lead}")

    async def owner(self, lead: str) -> str:
        """The owner of a lead, without the story's tag."""
        return str((await self.lead(lead))["owner"]).removesuffix(f"-{self.tag}")

    async def events(self, lead: str) -> list[str]:
        """The short names of a lead's events on `baton.leads`, in order: `lead.received`, `lead.qualified`."""
        rows = await self.get("router", f"/v1/leads/{lead}/timeline")
        return [row["type"].removeprefix("baton.").removesuffix(".v1") for row in rows]

    async def breaches(self, lead: str) -> list[str]:
        """A lead's events on `baton.breaches`: `warned`, `breached`, `escalated notify owner, notify manager`."""
        rows = (await self.get("timer", "/v1/breaches?limit=1000"))["breaches"]
        last = rows[-1]["id"] if rows else 0
        while len(rows) % 1000 == 0 and rows:
            more = (await self.get("timer", f"/v1/breaches?limit=1000&cursor={last}"))["breaches"]
            if not more:
                break
            rows += more
            last = rows[-1]["id"]
        return [
            " ".join([row["type"].split(".")[2], *([", ".join(row["data"]["do"])] if "do" in row["data"] else [])])
            for row in rows
            if row["lead"] == lead
        ]

    async def clocks(self, lead: str) -> list[tuple[str, int, str]]:
        """The clocks of a lead as (promise, epoch, verdict or state)."""
        rows = (await self.get("timer", f"/v1/clocks?lead={lead}"))["clocks"]
        return [
            (row["promise"], row["epoch"], row["verdict"] or row["state"])
            for row in sorted(rows, key=lambda row: (row["epoch"], row["started_at"], row["promise"]))
        ]

    def mails(self, name: str, subject: str = "") -> list[EmailMessage]:
        """The mails to a person that have this text in their subject, oldest first."""
        address = f"{name}-{self.tag}@northwind.example"
        mails = self.system.mailbox.mails[self.mails_before :]
        return [mail for mail in mails if address in str(mail["To"]) and subject in str(mail["Subject"])]

    def link(self, mail: EmailMessage) -> str:
        """The action link in a mail, without its query."""
        body = mail.get_body(("plain",))
        assert body is not None
        match = re.search(r"https?://\S+/a/[^\s?]+", body.get_content())
        assert match, body.get_content()
        return match.group(0)

    async def page(self, link: str) -> Page:
        """Open a link, as a phone or a mail scanner does."""
        return Page(await self.anonymous.get(link))

    async def press(self, link: str, action: str, reason: str = "") -> Page:
        """Press a button on the page of an action link."""
        return Page(await self.anonymous.post(link, data={"action": action, "reason": reason}))

    async def settle(self) -> None:
        """Wait until no service has work left, twice in a row."""
        urls = sorted({url for urls in self.system.urls.values() for url in urls})
        idle_checks = 0

        async def is_idle() -> bool:
            nonlocal idle_checks
            backlogs = await self._backlogs(urls)
            idle_checks = 0 if any(map(_is_busy, backlogs)) else idle_checks + 1
            return idle_checks >= 2

        await eventually(is_idle, "The services still have work to do.")

    async def _backlogs(self, urls: list[str]) -> list[dict[str, Any]]:
        responses = await asyncio.gather(*(self.client.get(f"{url}/v1/backlog") for url in urls))
        return [row for response in responses for row in response.json()]

    async def set_time(self, moment: datetime) -> None:
        """Stop the clock of every process at this instant."""
        await self.post_json("router", "/v1/clock", {"base": moment.isoformat(), "rate": 0})

    async def now(self) -> datetime:
        """The present instant of business time."""
        return datetime.fromisoformat((await self.get("router", "/v1/clock"))["now"].replace("Z", "+00:00"))

    async def advance(self, **span: float) -> None:
        """Let business time pass, from one due instant to the next, so that each scheduled item runs at its time."""
        await self.advance_to(await self.now() + timedelta(**span))

    async def advance_to(self, target: datetime) -> None:
        """Let business time pass until an instant."""
        while True:
            await self.settle()
            urls = sorted({urls[0] for urls in self.system.urls.values()})
            texts = [row["next_due"] for row in await self._backlogs(urls) if row["next_due"]]
            instants = [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in texts]
            upcoming = [instant for instant in instants if instant <= target]
            if not upcoming:
                break
            await self.set_time(max(min(upcoming), await self.now()))
        await self.set_time(target)
        await self.settle()


def _is_busy(row: dict[str, Any]) -> bool:
    busy = row["outbox"] or row["lag"] or row["unavailable"] or row["overdue"] or row["due_soon"]
    return bool(busy or row["extra"].get("notices_unsent"))
