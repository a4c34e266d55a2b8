"""A running notifier for tests: its handlers, its delivery loop, its pages over HTTP, and the people of an example."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from services.notifier.app import build
from services.notifier.settings import Settings
from shared.agreement.model import Channel, Decline, ExecutableAgreement, Member, Promise, Target, Team
from shared.base.roster import Rep
from shared.base.settings import Settings as Shared
from shared.events import (
    AgreementPublished,
    ClockStarted,
    LeadAssigned,
    LeadCard,
    RosterChanged,
    SlaEscalated,
    SlaWarned,
)
from shared.events.base import Event, EventData
from shared.runtime.app import build_app
from shared.runtime.migrate import upgrade
from shared.runtime.resources import open_resources
from shared.runtime.service import TaskContext
from shared.store.tx import Tx
from tests.notifier.sinks import Mailbox, eventually
from tests.service_harness import TUESDAY, ServiceHarness

LEAD = "0193b0c4-0000-7000-8000-000000000001"
CARD = LeadCard(
    id=LEAD,
    name="Ada Byron",
    email="ada@engines.example",
    phone="+44 20 7946 0000",
    company="Analytical Engines",
    title="Head of Computing",
    country="GB",
    activity=("demo_request",),
)
PEOPLE = (
    Rep(id="dan", name="Dan Reyes", email="dan@northwind.example", timezone="Europe/Berlin", manager="omar"),
    Rep(id="eve", name="Eve Lund", email="eve@northwind.example", timezone="America/New_York", manager="omar"),
    Rep(
        id="omar",
        name="Omar Haddad",
        email="omar@northwind.example",
        timezone="America/New_York",
        roles=("manager",),
        manager="vera",
        backup="bea",
    ),
    Rep(id="bea", name="Bea Stone", email="bea@northwind.example", roles=("manager",)),
    Rep(id="vera", name="Vera Blum", email="vera@northwind.example", roles=("manager",)),
    Rep(id="otis", name="Otis Ray", email="otis@northwind.example", roles=("ops",)),
    Rep(id="maya", name="Maya Frost", email="maya@northwind.example", roles=("marketing",)),
)


def agreement(**channels: tuple[Channel, ...]) -> ExecutableAgreement:
    return ExecutableAgreement(
        name="Northwind",
        teams={"inbound": Team(manager="omar", members=(Member(rep="dan"), Member(rep="eve")))},
        promises={"accept": Promise(name="accept", targets={"hot": Target(within="15 minutes")})},
        decline=Decline(ours=("not my territory",), theirs=("not a fit",)),
        channels=channels,
    )


def published(compiled: ExecutableAgreement, version: int = 1) -> AgreementPublished:
    doc = compiled.model_dump(mode="json")
    return AgreementPublished(version=version, hash="sha256:x", published_at=TUESDAY, compiled=doc)


def assigned(owner: str = "dan", epoch: int = 1, **more: Any) -> LeadAssigned:
    fields: dict[str, Any] = {
        "lead": CARD,
        "owner": owner,
        "team": "inbound",
        "epoch": epoch,
        "tier": "hot",
        "rule": "everyone else",
        "routing_version": 1,
        "terms_version": 1,
        "decision": "d",
        "assigned_at": TUESDAY,
    }
    return LeadAssigned(**fields | more)


def clock(due_at: datetime, epoch: int = 1, promise: str = "accept") -> ClockStarted:
    return ClockStarted(
        clock=f"{promise}:{epoch}", promise=promise, epoch=epoch, started_at=TUESDAY, due_at=due_at, terms_version=1
    )


def sla(kind: type[EventData], owner: str = "dan", epoch: int = 1, **more: Any) -> Any:
    fields: dict[str, Any] = {
        "clock": "c",
        "lead": LEAD,
        "promise": "accept",
        "epoch": epoch,
        "owner": owner,
        "team": "inbound",
        "tier": "hot",
        "due_at": TUESDAY,
        "terms_version": 1,
    }
    if kind is SlaEscalated:
        fields |= {"step": 1, "at": TUESDAY}
    if kind is SlaWarned:
        fields |= {"left_seconds": 225}
    return kind(**fields | more)


@dataclass
class NotifierHarness:
    """The notifier, the mail server that it uses, and an HTTP client for its pages."""

    service: ServiceHarness
    mailbox: Mailbox
    web: httpx.AsyncClient
    tasks: list[asyncio.Task[None]]
    app: FastAPI
    consumers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(6))
    """As many concurrent transactions as there are consumers, fewer than the pool has connections."""

    async def handle(self, *facts: Any, subject: str = LEAD, **envelope: Any) -> list[Event[EventData]]:
        return await self.service.handle(*facts, subject=subject, **envelope)

    async def set_up(self, compiled: ExecutableAgreement | None = None, *people: Rep) -> None:
        await self.handle(published(compiled or agreement()), subject="agreement:1")
        for rep in people or PEOPLE:
            await self.handle(RosterChanged(rep=rep), subject=f"rep:{rep.id}")

    async def notices(self, **fields: Any) -> list[Any]:
        rows = await self.service.sql("SELECT * FROM notices ORDER BY id")
        return [row for row in rows if all(row[name] == value for name, value in fields.items())]

    async def expire_waits(self, *, idle_first: bool = True) -> None:
        """Everything that waits by real time has waited long enough, and leases are over; also of what is on its way
        when it is not `rested` before."""
        if idle_first:
            await self.until_idle()
        past = TUESDAY - timedelta(days=999)
        tables = self.service.service.metadata.tables
        due, notices = tables["scheduled_items"], tables["notices"]

        async def age(tx: Tx) -> None:
            await tx.execute(due.update().where(due.c.clock == "wall").values(at=past))
            await tx.execute(notices.update().where(notices.c.claimed_until.is_not(None)).values(claimed_until=past))

        await self.service.db.run(age)
        await self.service.run_due()

    async def mails(self, count: int) -> list[EmailMessage]:
        """Wait for this many mails and until nothing is being sent; fail when there are more."""
        await eventually(lambda: len(self.mailbox.mails) >= count)
        await self.until_idle()
        assert len(self.mailbox.mails) == count, [mail["Subject"] for mail in self.mailbox.mails]
        return self.mailbox.mails

    async def until_idle(self) -> None:
        """Wait until no notice is ready or being sent."""

        async def idle() -> bool:
            return not [row for row in await self.notices() if row["state"] in ("ready", "sending")]

        await eventually(idle)

    async def states(self, **fields: Any) -> list[tuple[str, str, str, str]]:
        """(kind, role, person or channel, state) of notices."""
        return [
            (row["kind"], row["role"], row["person"] or row["channel"], row["state"])
            for row in await self.notices(**fields)
        ]

    async def emitted(self, name: str) -> list[Event[EventData]]:
        return [event for event in await self.service.outbox() if event.data.type == f"baton.{name}.v1"]


@asynccontextmanager
async def running_notifier(
    folder: Path, mailbox: Mailbox, *, database_url: str = "", **settings: Any
) -> AsyncIterator[NotifierHarness]:
    """A notifier that sends to a mail server, on SQLite files or on PostgreSQL."""
    service = build(Settings(smtp_host="127.0.0.1", smtp_port=mailbox.port, **settings))
    wide_settings = {"bus": "kafka", "database_url": database_url, "kafka_bootstrap_servers": "127.0.0.1:9"}
    shared_settings = Shared(
        data_dir=folder,
        clock="row",
        secret_keys="k" * 32,
        public_url="https://baton.example",
        **(wide_settings if database_url else {}),
    )
    async with open_resources(shared_settings, [service.name]) as resources:
        await upgrade(resources, ["access", service.name])
        await resources.access.load()
        harness = ServiceHarness(resources, service)
        await harness.set_time(TUESDAY)
        stop = asyncio.Event()
        context = TaskContext(
            harness.db, resources.clock, resources.context, resources.access, resources.wakeups, stop, shared_settings
        )
        tasks = [asyncio.create_task(task(context)) for task in service.background]
        app = build_app((service,), resources, stop)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://baton.example") as web:
            try:
                yield NotifierHarness(harness, mailbox, web, tasks, app)
            finally:
                stop.set()
                await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def link_of(mail: EmailMessage, action: str = "accept") -> str:
    """The path of an action's link."""
    match = re.search(rf"https://baton\.example(/a/\S+?)\?do={action}", text_of(mail))
    assert match, text_of(mail)
    return match.group(1)
