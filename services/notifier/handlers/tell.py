"""What others say becomes notices: a row for each person and channel, before anything is sent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.notifier import store
from services.notifier.domain.meaning import ASKING, Meant, meant
from services.notifier.domain.recipients import Told, who
from shared import due, waiting
from shared.agreement.compiled import Channel, Compiled
from shared.agreement.roster import Rep
from shared.db import Tx
from shared.due import Due
from shared.events import (
    ActionRefused,
    ClockStarted,
    LeadAccepted,
    LeadAdvanced,
    LeadAssigned,
    LeadAttempted,
    LeadContacted,
    LeadDeclined,
    LeadDisqualified,
    LeadEnquiredAgain,
    LeadHeld,
    LeadLost,
    LeadMerged,
    LeadQualified,
    LeadReceived,
    LeadRecycled,
    LeadUnrouted,
    LeadWon,
    NoticeSuppressed,
    SlaEscalated,
    SlaWarned,
    SlaWithdrawn,
)
from shared.events.base import BREACHES, Event
from shared.ids import new_id

Lead = dict[str, Any]
KIND = "send"
GRACE = timedelta(seconds=2)
"""How long the mail about an assignment waits for the clock that says until when; the clock usually comes within 50 ms."""
STATES: dict[type[Any], str] = {
    LeadReceived: "received",
    LeadQualified: "qualified",
    LeadHeld: "held",
    LeadUnrouted: "unrouted",
    LeadAssigned: "assigned",
    LeadAccepted: "accepted",
    LeadDeclined: "declined",
    LeadContacted: "contacted",
    LeadAdvanced: "advanced",
    LeadDisqualified: "disqualified",
    LeadRecycled: "recycled",
    LeadWon: "won",
    LeadLost: "lost",
    LeadMerged: "merged",
}
CARRIES = (LeadReceived, LeadMerged, LeadAssigned, LeadQualified, LeadEnquiredAgain, ActionRefused)
"""What can be told of a lead that is not known yet."""
ANSWERS = (LeadAccepted, LeadDeclined, LeadAttempted, LeadContacted, LeadAdvanced, LeadDisqualified, LeadWon, LeadLost)
MOVES = (*ANSWERS, LeadRecycled, LeadMerged, LeadAssigned, LeadHeld, LeadUnrouted)


async def hear(tx: Tx, events: list[Event[Any]]) -> None:
    """At most one event of each lead. What names a lead, version or person that is not here yet waits for it."""
    leads = await store.leads_of(tx, [event.subject for event in events])
    versions = await store.versions_of(tx, [number for event in events for number in _numbers(event, leads)])
    people = await store.everybody(tx)
    ready = await waiting.ready(tx, events, lambda event: _needs(event, leads, versions, people))
    if not ready:
        return
    current = await store.live(tx)
    versions = await store.versions_of(tx, [current])
    work = Telling(tx, leads, versions, people, current)
    await work.hush([event for event in ready if isinstance(event.data, MOVES)])
    for event in ready:
        work.follow(event)
    await work.answered([event for event in ready if isinstance(event.data, (*ANSWERS, ActionRefused))])
    for event in ready:
        for message in meant(event):
            work.tell(event, message)
    await work.write()
    arrived = [f"lead:{event.subject}:{event.data.epoch}" for event in ready if isinstance(event.data, LeadAssigned)]
    arrived += [f"lead:{event.subject}" for event in ready if event.subject in work.new]
    if arrived:
        await waiting.resume(tx, hear, arrived)


def _numbers(event: Event[Any], leads: dict[str, Lead]) -> list[int]:
    lead = leads.get(event.subject)
    named = [getattr(event.data, name, None) for name in ("agreement", "pinned")]
    return [number for number in (*named, lead["pinned"] if lead else None) if number]


def _needs(event: Event[Any], leads: dict[str, Lead], versions: dict[int, Compiled], people: dict[str, Rep]) -> str:
    data = event.data
    if event.topic == BREACHES:
        lead = leads.get(event.subject)
        if lead is None or lead["epoch"] < data.epoch:
            return f"lead:{event.subject}:{data.epoch}"
    elif event.subject not in leads and not isinstance(data, CARRIES):
        return f"lead:{event.subject}"
    missing = [number for number in _numbers(event, leads) if number not in versions]
    if missing and isinstance(data, LeadAssigned | SlaEscalated | SlaWarned):
        return f"agreement:{missing[0]}"
    if isinstance(data, LeadAssigned) and data.owner not in people:
        return f"rep:{data.owner}"
    return ""


class Telling:
    """The notices of one batch."""

    def __init__(
        self, tx: Tx, leads: dict[str, Lead], versions: dict[int, Compiled], people: dict[str, Rep], current: int
    ) -> None:
        self.tx = tx
        self.leads = leads
        self.versions = versions
        self.people = people
        self.current = current
        self.changed: dict[str, Lead] = {}
        self.new: set[str] = set()
        self.rows: list[dict[str, Any]] = []
        self.due: dict[str, Due] = {}

    def follow(self, event: Event[Any]) -> None:
        """The lead as it is after this event."""
        data = event.data
        state = STATES.get(type(data))
        if state is None and not isinstance(data, LeadEnquiredAgain):
            return
        if event.subject not in self.leads:
            self.new.add(event.subject)
        lead = self.changed.get(event.subject) or self.leads.get(event.subject) or _blank(event)
        if state:
            lead = {**lead, "state": state, "since": event.time}
        if isinstance(data, LeadAssigned):
            named = ("owner", "team", "tier", "epoch", "agreement", "pinned", "rule")
            lead |= {name: getattr(data, name) for name in named} | {"since": data.assigned_at}
        elif isinstance(data, LeadHeld | LeadUnrouted | LeadMerged):
            lead["owner"] = None
        if getattr(data, "lead", None) is not None and not isinstance(data.lead, str):
            lead["card"] = data.lead.model_dump(mode="json", exclude_none=True)
        if isinstance(data, LeadQualified):
            lead |= {"tier": data.tier, "pinned": data.pinned}
        self.changed[event.subject] = self.leads[event.subject] = lead

    def tell(self, event: Event[Any], message: Meant) -> None:
        """Rows for everybody whom a message is meant for, by each agreed channel."""
        lead = self.leads[event.subject]
        if message.kind in ASKING and event.topic == BREACHES and not _still(lead, event.data):
            return
        agreement = self.versions.get(lead["pinned"]) or self.versions.get(self.current)
        if message.role == "former owner":
            former = self.people.get(str(message.data.get("person") or ""))
            told = [Told(former, "former owner")] if former and former.email else []
        else:
            told = who(message.role, lead, agreement, self.people, self.tx.now)
        channels = self._channels(message.role, agreement)
        for channel in channels:
            if channel.channel.startswith("webhook:"):
                self._row(event, message, "", channel, lead)
                continue
            for one in told:
                about = {**message.data, "instead_of": one.instead_of} if one.instead_of else message.data
                self._row(event, Meant(message.kind, one.role, about), one.rep.id, channel, lead)
        if not told and not any(channel.channel.startswith("webhook:") for channel in channels):
            self._nobody(event, message)

    def _channels(self, role: str, agreement: Compiled | None) -> list[Channel]:
        known = "owner" if role == "former owner" else role
        named = agreement.channels_of(known) if agreement else (Channel(channel="email"),)
        fit = [channel for channel in named if channel.channel == "email" or channel.channel.startswith("webhook:")]
        return fit or [Channel(channel="email")]

    def _row(self, event: Event[Any], message: Meant, person: str, channel: Channel, lead: Lead) -> None:
        notice = new_id()
        waits = bool(channel.after) or (message.kind == "assigned" and self._clock_comes(lead))
        self.rows.append(
            {
                "id": notice,
                "lead": event.subject,
                "epoch": lead["epoch"],
                "kind": message.kind,
                "role": message.role,
                "person": person,
                "channel": channel.channel,
                "cause": event.id,
                "correlation": event.correlationid,
                "state": "waiting" if waits else "ready",
                "attempts": 0,
                "claimed_until": None,
                "message_id": f"<{notice}@{_host(self.tx.house.public_url)}>",
                "data": message.data,
                "error": "",
                "created_at": self.tx.now,
                "sent_at": None,
            }
        )
        if channel.after:
            at = self.tx.now + timedelta(seconds=channel.after)
            self.due[notice] = Due(f"send:{notice}", KIND, event.subject, at, "now", {"notice": notice})
        elif waits:
            at = self.tx.wall + GRACE
            self.due[notice] = Due(f"send:{notice}", KIND, event.subject, at, "wall", {"notice": notice})

    def _clock_comes(self, lead: Lead) -> bool:
        agreement = self.versions.get(lead["pinned"])
        promise = agreement.promises.get("accept") if agreement else None
        return promise is not None and promise.target(lead["tier"]) is not None

    def _nobody(self, event: Event[Any], message: Meant) -> None:
        fact = NoticeSuppressed(
            notice=new_id(),
            lead=event.subject,
            role=message.role,
            channel="",
            kind=message.kind,
            at=self.tx.now,
            why=f"Nobody with the role {message.role} can be reached; give somebody that role and an address.",
            cause=event.id,
        )
        self.tx.emit(fact, subject=event.subject, cause=event)

    async def hush(self, events: list[Event[Any]]) -> None:
        """What was answered or has moved on is not asked any more."""
        moved = {event.subject: event for event in events}
        pointless: list[str] = []
        for row in await store.alive(self.tx, moved) if moved else []:
            event = moved[row["lead"]]
            if row["kind"] not in ASKING or not _answers(event, row):
                continue
            pointless.append(row["id"])
            fact = NoticeSuppressed(
                notice=row["id"],
                lead=row["lead"],
                person=row["person"] or None,
                role=row["role"],
                channel=row["channel"],
                kind=row["kind"],
                epoch=row["epoch"],
                cause=row["cause"],
                at=self.tx.now,
                why=f"It no longer matters: {event.data.type.split('.')[2]}.",
            )
            self.tx.emit(fact, subject=row["lead"], cause=event)
        await store.set_state(self.tx, pointless, "suppressed")
        await due.drop(self.tx, [f"send:{notice}" for notice in pointless])

    async def answered(self, events: list[Event[Any]]) -> None:
        """What the router made of answers that came by links: the page that waits for it reads the row."""
        outcomes = []
        for event in events:
            if not event.data.action:
                continue
            refused = isinstance(event.data, ActionRefused)
            outcomes.append((event.data.action, "refused" if refused else "applied", event.data.why if refused else ""))
        if outcomes:
            await store.settle_answers(self.tx, outcomes)

    async def write(self) -> None:
        """Write it all, and wake the sender."""
        await store.save_leads(self.tx, list(self.changed.values()))
        made = await store.add(self.tx, self.rows)
        await due.put(self.tx, [row for notice, row in self.due.items() if notice in made])
        if any(row["state"] == "ready" and row["id"] in made for row in self.rows):
            self.tx.wakes.add("notices")


def _answers(event: Event[Any], row: dict[str, Any]) -> bool:
    """Whether an event makes a waiting notice pointless: an answer for its epoch, or a newer one."""
    data = event.data
    epoch = getattr(data, "epoch", None)
    if isinstance(data, LeadAssigned):
        return int(row["epoch"]) < data.epoch
    if isinstance(data, LeadAccepted):
        return row["kind"] in ("assigned", "warned", "breached") and row["data"].get("promise", "accept") == "accept"
    if isinstance(data, LeadAttempted):
        return row["kind"] in ("assigned", "warned")
    return epoch is None or int(row["epoch"]) <= int(epoch)


def _still(lead: Lead, data: Any) -> bool:
    """Whether a warning or a rung still speaks of the lead as it is."""
    if isinstance(data, SlaWarned):
        waits = ("assigned",) if data.promise == "accept" else ("assigned", "accepted")
        return lead["epoch"] == data.epoch and lead["state"] in waits
    return not (isinstance(data, SlaEscalated) and lead["epoch"] != data.epoch)


def _blank(event: Event[Any]) -> Lead:
    return {
        "id": event.subject,
        "state": "received",
        "owner": None,
        "team": None,
        "tier": "",
        "epoch": 0,
        "since": event.time,
        "agreement": 0,
        "pinned": 0,
        "rule": "",
        "card": {},
    }


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or "baton.invalid"


async def clock(tx: Tx, events: list[Event[ClockStarted]]) -> None:
    """Until when somebody has: the mail that waits for it goes out."""
    rows = [
        {"lead": event.subject, "promise": event.data.promise, "epoch": event.data.epoch, "due_at": event.data.due_at}
        for event in events
    ]
    await store.save_dues(tx, rows)
    known = {(event.subject, event.data.epoch) for event in events if event.data.promise == "accept"}
    ready = [
        row["id"]
        for row in await store.alive(tx, [lead for lead, _ in known])
        if row["state"] == "waiting" and row["kind"] == "assigned" and (row["lead"], row["epoch"]) in known
    ]
    waits_longer = {
        item.data.get("notice") for item in await due.of(tx, [lead for lead, _ in known]) if item.basis == "now"
    }
    ready = [notice for notice in ready if notice not in waits_longer]
    await store.set_state(tx, ready, "ready")
    await due.drop(tx, [f"send:{notice}" for notice in ready])
    if ready:
        tx.wakes.add("notices")


HEARS: dict[type[Any], Callable[..., Any]] = {
    **dict.fromkeys(STATES, hear),
    LeadEnquiredAgain: hear,
    LeadAttempted: hear,
    ActionRefused: hear,
    SlaWarned: hear,
    SlaEscalated: hear,
    SlaWithdrawn: hear,
    ClockStarted: clock,
}
