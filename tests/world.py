"""The world of a story: people, leads, mails and time, the same for every width; it speaks HTTP and SMTP only."""

import asyncio
import itertools
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.parts.patience import eventually
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
    """What a page says."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))
        self.html = response.text

    def shows(self, text: str) -> bool:
        """Whether the words stand on it."""
        return text in self.text


class World:
    """One story's people and leads; `tag` keeps them apart from those of other stories on the same system."""

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
        """People, a live agreement, and a clock that stands still within working hours of a later week."""
        now = datetime.fromisoformat((await self.get("router", "/v1/clock"))["now"].replace("Z", "+00:00"))
        await self.set_time(start or self._next_tuesday(now))
        tag = self.tag
        reps = [
            {"id": f"{name}-{tag}", "name": name.title(), "email": f"{name}-{tag}@northwind.example", "roles": [role]}
            | ({"manager": f"omar-{tag}", "timezone": "America/New_York"} if role == "rep" else {})
            for name, role in PEOPLE
        ]
        await self.post_json("router", "/v1/reps", {"reps": reps})
        made = await self.post_json("router", "/v1/keys", {"name": f"sender {tag}", "roles": ["intake"]})
        self.sender_headers = {"Authorization": f"Bearer {made['key']}"}
        await self.publish_agreement(**changes)
        await self.settle()

    @staticmethod
    def _next_tuesday(now: datetime) -> datetime:
        day = max(now, datetime(2026, 12, 1, tzinfo=UTC)).astimezone(NEW_YORK).date() + timedelta(days=7)
        day += timedelta(days=(1 - day.weekday()) % 7)
        return datetime(day.year, day.month, day.day, 10, 0, tzinfo=NEW_YORK)

    async def publish_agreement(self, hot: str = "15 minutes") -> int:
        """A new version of the agreement, signed by one person of each side and published."""
        text = AGREEMENT.format(tag=self.tag, hot=hot)
        answer = await self.client.post(f"{self.url('router')}/v1/agreements", content=text.encode())
        assert answer.status_code == 201, answer.text
        version = int(answer.json()["version"])
        for name, role in (("maya", "marketing"), ("sam", "manager")):
            person = f"{name}-{self.tag}@northwind.example"
            key = (await self.post_json("router", "/v1/keys", {"name": person, "roles": [role], "person": person}))[
                "key"
            ]
            own = {"Authorization": f"Bearer {key}"}
            answer = await self.anonymous.post(f"{self.url('router')}/v1/agreements/{version}/sign", headers=own)
            assert answer.status_code == 200, answer.text
        await self.post_json("router", f"/v1/agreements/{version}/publish", {})
        return version

    async def close(self) -> None:
        """Take this story's leads out of everybody's way."""
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
        """A process of a service; routers take turns."""
        return next(self.routers) if service == "router" else self.system.urls[service][0]

    async def get(self, service: str, path: str) -> Any:
        """The JSON of a door."""
        answer = await self.client.get(f"{self.url(service)}{path}")
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    async def post_json(self, service: str, path: str, body: Any) -> Any:
        """Post JSON; the answer must be good."""
        answer = await self.client.post(f"{self.url(service)}{path}", json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        return answer.json()

    async def send_lead(self, **fields: Any) -> str:
        """Post a lead as a sender does; returns its id."""
        answer = await self.anonymous.post(f"{self.url('router')}/v1/leads", json=fields, headers=self.sender_headers)
        assert answer.status_code == 202, answer.text
        (lead,) = answer.json()["leads"]
        self.leads.append(lead)
        return str(lead)

    async def hot_lead(self, name: str = "Ada") -> str:
        """A hot lead of somebody new, settled."""
        email = f"{name.lower()}@{self.tag}.example"
        lead = await self.send_lead(email=email, name=f"{name} Abel", company="Proseware", activity="demo request")
        await self.settle()
        return lead

    async def lead(self, lead: str) -> Any:
        """The lead as the router knows it."""
        return await self.get("router", f"/v1/leads/{lead}")

    async def owner(self, lead: str) -> str:
        """Who has it, without the story's tag."""
        return str((await self.lead(lead))["owner"]).removesuffix(f"-{self.tag}")

    async def events(self, lead: str) -> list[str]:
        """The events of a lead on the leads topic, in order, by their short names."""
        rows = await self.get("router", f"/v1/leads/{lead}/timeline")
        return [row["type"].removeprefix("baton.").removesuffix(".v1") for row in rows]

    async def breaches(self, lead: str) -> list[str]:
        """What was said on the breach topic about a lead: `warned`, `breached`, `escalated notify owner, notify manager`."""
        rows = (await self.get("timer", "/v1/breaches?limit=1000"))["breaches"]
        last = rows[-1]["id"] if rows else 0
        while len(rows) % 1000 == 0 and rows:
            more = (await self.get("timer", f"/v1/breaches?limit=1000&cursor={last}"))["breaches"]
            if not more:
                break
            rows += more
            last = rows[-1]["id"]
        found = [row for row in rows if row["lead"] == lead]
        return [
            " ".join([row["type"].split(".")[2], *([", ".join(row["data"]["do"])] if "do" in row["data"] else [])])
            for row in found
        ]

    async def clocks(self, lead: str) -> list[tuple[str, int, str]]:
        """(promise, epoch, verdict or state) of a lead's clocks."""
        rows = (await self.get("timer", f"/v1/clocks?lead={lead}"))["clocks"]
        return [
            (row["promise"], row["epoch"], row["verdict"] or row["state"])
            for row in sorted(rows, key=lambda row: (row["epoch"], row["started_at"], row["promise"]))
        ]

    def mails(self, name: str, words: str = "") -> list[EmailMessage]:
        """The mails to somebody whose subject has these words, oldest first."""
        address = f"{name}-{self.tag}@northwind.example"
        found = self.system.mailbox.mails[self.mails_before :]
        return [mail for mail in found if address in str(mail["To"]) and words in str(mail["Subject"])]

    def link(self, mail: EmailMessage) -> str:
        """The action link in a mail, without what it preselects."""
        body = mail.get_body(("plain",))
        assert body is not None
        found = re.search(r"https?://\S+/a/[^\s?]+", body.get_content())
        assert found, body.get_content()
        return found.group(0)

    async def page(self, link: str) -> Page:
        """Open a link, as a phone or a mail scanner does."""
        return Page(await self.anonymous.get(link))

    async def press(self, link: str, action: str, reason: str = "") -> Page:
        """Press a button on its page."""
        return Page(await self.anonymous.post(link, data={"action": action, "reason": reason}))

    async def settle(self) -> None:
        """Wait until nothing moves any more in any service, twice in a row."""
        urls = sorted({url for urls in self.system.urls.values() for url in urls})
        calm = 0

        async def rests() -> bool:
            nonlocal calm
            answers = await asyncio.gather(*(self.client.get(f"{url}/v1/backlog") for url in urls))
            moving = any(_is_busy(row) for answer in answers for row in answer.json())
            calm = 0 if moving else calm + 1
            return calm >= 2

        await eventually(rests, "It never comes to rest.")

    async def set_time(self, moment: datetime) -> None:
        """Put the clock, for every process; it stands still."""
        await self.post_json("router", "/v1/clock", {"base": moment.isoformat(), "rate": 0})

    async def now(self) -> datetime:
        """The moment of business time."""
        return datetime.fromisoformat((await self.get("router", "/v1/clock"))["now"].replace("Z", "+00:00"))

    async def advance(self, **span: float) -> None:
        """Let business time pass, from one due instant to the next, so that everything happens when it should."""
        target = await self.now() + timedelta(**span)
        await self.advance_to(target)

    async def advance_to(self, target: datetime) -> None:
        """Let business time pass until a moment."""
        while True:
            await self.settle()
            urls = sorted({urls[0] for urls in self.system.urls.values()})
            answers = await asyncio.gather(*(self.client.get(f"{url}/v1/backlog") for url in urls))
            nexts = [row["next_due"] for answer in answers for row in answer.json() if row["next_due"]]
            moments = [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in nexts]
            coming = [moment for moment in moments if moment <= target]
            if not coming:
                break
            await self.set_time(max(min(coming), await self.now()))
        await self.set_time(target)
        await self.settle()


def _is_busy(row: dict[str, Any]) -> bool:
    busy = row["outbox"] or row["lag"] or row["overdue"] or row["due_soon"]
    return bool(busy or row["extra"].get("notices_unsent"))
