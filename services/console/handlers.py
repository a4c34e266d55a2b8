"""What others say becomes rows, clocks and sentences; topics have no order among each other, so a clock may come first."""

from typing import Any

from services.console import store
from services.console.domain.sentences import sentence
from shared import events as said
from shared.db import Tx
from shared.events.base import Event

STATES: dict[type[Any], str] = {
    said.LeadReceived: "received",
    said.LeadParked: "parked",
    said.LeadRefused: "refused",
    said.LeadMerged: "merged",
    said.LeadNurtured: "nurtured",
    said.LeadQualified: "qualified",
    said.LeadHeld: "held",
    said.LeadUnrouted: "unrouted",
    said.LeadAssigned: "assigned",
    said.LeadAccepted: "accepted",
    said.LeadDeclined: "declined",
    said.LeadContacted: "contacted",
    said.LeadAdvanced: "advanced",
    said.LeadDisqualified: "disqualified",
    said.LeadRecycled: "recycled",
    said.LeadWon: "won",
    said.LeadLost: "lost",
}
NOTICES: dict[type[Any], str] = {
    said.NoticeSent: "sent",
    said.NoticeFailed: "failed",
    said.NoticeSuppressed: "suppressed",
}
KINDS: tuple[type[Any], ...] = (
    *STATES,
    *NOTICES,
    said.LeadEnquiredAgain,
    said.LeadAttempted,
    said.ActionRefused,
    said.ActionTaken,
    said.ClockStarted,
    said.ClockStopped,
    said.ClockMoved,
    said.ClockPaused,
    said.ClockResumed,
    said.SlaWarned,
    said.SlaBreached,
    said.SlaEscalated,
    said.SlaWithdrawn,
)


async def follow(tx: Tx, events: list[Event[Any]]) -> None:
    """At most one event of each lead."""
    ids = [event.subject for event in events]
    leads = await store.leads_of(tx, ids, lock=True)
    clocks = await store.clocks_of(tx, ids)
    names = await store.names(tx)
    rows, clock_rows, notice_rows, lines = {}, {}, [], []
    for event in events:
        rows[event.subject] = _lead(leads.get(event.subject) or _blank(event), event)
        clock = _clock(clocks.get(event.subject, []), event)
        if clock:
            clock_rows[clock["id"]] = clock
        if type(event.data) in NOTICES:
            notice_rows.append(_notice(event))
        text = sentence(event, names)
        line = {"lead": event.subject, "at": event.time, "type": event.data.type, "text": text.text}
        lines.append({**line, "loud": text.loud, "color": text.color})
    newest = await store.write_lines(tx, lines)
    for lead, place in newest.items():
        rows[lead]["moved"] = max(rows[lead]["moved"], place)
    await store.save(tx, list(rows.values()), list(clock_rows.values()), notice_rows)
    tx.wakes.add("floor")


def _blank(event: Event[Any]) -> dict[str, Any]:
    return {
        "id": event.subject,
        "card": {},
        "state": "",
        "since": event.time,
        "owner": None,
        "team": None,
        "tier": "",
        "score": None,
        "epoch": 0,
        "rule": "",
        "in_words": "",
        "received_at": None,
        "merged_into": None,
        "breaches": 0,
        "moved": 0,
    }


def _lead(row: dict[str, Any], event: Event[Any]) -> dict[str, Any]:
    data = event.data
    state = STATES.get(type(data))
    row = {**row}
    if state and (state != row["state"] or state == "assigned"):
        row |= {"state": state, "since": event.time}
    if getattr(data, "in_words", "") and event.topic == "leads":
        row["in_words"] = data.in_words
    card = getattr(data, "lead", None)
    if card is not None and not isinstance(card, str):
        row["card"] = card.model_dump(mode="json", exclude_none=True)
        row |= {"score": card.score, "received_at": card.received_at or row["received_at"]}
    if isinstance(data, said.LeadAssigned):
        row |= {"owner": data.owner, "team": data.team, "tier": data.tier, "epoch": data.epoch, "rule": data.rule}
    elif isinstance(data, said.LeadQualified):
        row |= {"tier": data.tier, "score": data.score}
    elif isinstance(data, said.LeadMerged):
        row["merged_into"] = data.into
    elif isinstance(data, said.LeadHeld | said.LeadUnrouted | said.LeadRecycled):
        row["owner"] = None
    elif isinstance(data, said.SlaBreached):
        row["breaches"] += 1
    elif isinstance(data, said.SlaWithdrawn):
        row["breaches"] = max(0, row["breaches"] - 1)
    return row


def _clock(known: list[dict[str, Any]], event: Event[Any]) -> dict[str, Any] | None:
    data = event.data
    if isinstance(data, said.ClockStarted):
        fields = ("promise", "epoch", "owner", "started_at", "due_at", "warn_at", "in_words")
        found = next((clock for clock in known if clock["id"] == data.clock), None)
        state = found["state"] if found else "running"
        return {
            "id": data.clock,
            "lead": event.subject,
            "state": state,
            **{name: getattr(data, name) for name in fields},
        }
    named = getattr(data, "clock", None)
    if named is None:
        return None
    clock = next((clock for clock in known if clock["id"] == named), None)
    state = _clock_state(data)
    if clock is not None:
        closed = clock["state"] not in ("running", "warned", "breached")
        keep = state is None or (closed and not isinstance(data, said.ClockStopped | said.SlaWithdrawn))
        return None if keep else {**clock, "state": state}
    due = getattr(data, "due_at", None)
    if state is None or due is None:
        return None
    row = {"id": named, "lead": event.subject, "promise": data.promise, "epoch": data.epoch, "owner": data.owner}
    return {**row, "state": state, "started_at": event.time, "due_at": due, "warn_at": None, "in_words": ""}


def _clock_state(data: Any) -> str | None:
    if isinstance(data, said.ClockStopped):
        return str(data.verdict)
    states: dict[type[Any], str] = {said.SlaWarned: "warned", said.SlaBreached: "breached", said.SlaWithdrawn: "kept"}
    return states.get(type(data))


def _notice(event: Event[Any]) -> dict[str, Any]:
    data = event.data
    return {
        "id": data.notice,
        "lead": event.subject,
        "kind": data.kind,
        "role": data.role,
        "person": data.person,
        "channel": data.channel,
        "state": NOTICES[type(data)],
        "at": data.at,
        "why": getattr(data, "why", ""),
    }


async def meet(tx: Tx, events: list[Event[said.RosterChanged]]) -> None:
    """People's names."""
    await store.meet(tx, [{"id": event.data.rep.id, "name": event.data.rep.name} for event in events])


async def learn(tx: Tx, events: list[Event[said.AgreementPublished]]) -> None:
    """Which version is live."""
    rows = [
        {
            "version": event.data.version,
            "name": str(event.data.compiled.get("name", "")),
            "published_at": event.data.published_at,
        }
        for event in events
    ]
    await store.learn(tx, rows)
    tx.wakes.add("floor")
