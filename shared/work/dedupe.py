"""Deduplication: the last handled sequence of each subject, and the ids of handled records that have no sequence."""

import logging
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, bindparam, text

from shared.base.telemetry import SEQUENCE_GAPS
from shared.events.base import AGREEMENT, Event
from shared.store.chunks import chunked
from shared.store.tx import Tx
from shared.store.types import UtcDateTime
from shared.store.write import insert_new

log = logging.getLogger(__name__)

_inbox = Table(
    "inbox",
    MetaData(),
    Column("topic", String, primary_key=True),
    Column("event_id", String, primary_key=True),
    Column("handled_at", UtcDateTime),
)


async def claim_new(tx: Tx, events: list[Event[Any]]) -> list[Event[Any]]:
    """Mark these events as handled; return those that were not handled before, in their order.

    An event with a sequence lower than or equal to the last of its topic and subject is a repeat and left out. An event
    after a gap is handled, and the gap is logged and counted, except on the compacted agreement topic.
    """
    numbered = [event for event in events if event.sequence]
    unnumbered = [event for event in events if not event.sequence]
    new_ids = await _claim_ids(tx, unnumbered)
    last = await _lock_cursors(tx, numbered)
    new_events = []
    for event in events:
        place = (event.topic, event.subject)
        if not event.sequence:
            if event.id in new_ids:
                new_ids.discard(event.id)
                new_events.append(event)
            continue
        before = last.get(place, 0)
        if event.sequence <= before:
            continue
        if event.sequence > before + 1 and event.topic != AGREEMENT and (before or event.sequence > 1):
            SEQUENCE_GAPS.labels(tx.service, event.topic).inc()
            log.warning(
                "A gap in %s: %d after %d.",
                event.topic,
                event.sequence,
                before,
                extra={"service": tx.service, "lead": event.subject, "correlation": event.correlationid},
            )
        last[place] = event.sequence
        new_events.append(event)
    await _advance_cursors(tx, last, {(event.topic, event.subject) for event in new_events if event.sequence})
    return new_events


async def _lock_cursors(tx: Tx, events: list[Event[Any]]) -> dict[tuple[str, str], int]:
    """The last sequence of each subject, locked: after a rebalance two members may briefly hold the same records."""
    if tx.dialect == "postgresql":
        places = sorted({(event.topic, event.subject) for event in events})
        values = {"topics": [place[0] for place in places], "subjects": [place[1] for place in places]}
        rows = await tx.rows(_HOLD_PG, values) if places else []
        return {(row["topic"], row["subject"]): int(row["last"]) for row in rows}
    subjects = sorted({event.subject for event in events})
    last: dict[tuple[str, str], int] = {}
    for chunk in chunked(subjects):
        rows = await tx.rows(_LAST, {"subjects": chunk})
        last |= {(row["topic"], row["subject"]): int(row["last"]) for row in rows}
    return last


async def _advance_cursors(tx: Tx, last: dict[tuple[str, str], int], places: set[tuple[str, str]]) -> None:
    rows = [{"topic": topic, "subject": subject, "last": last[topic, subject]} for topic, subject in sorted(places)]
    if rows:
        await tx.execute(_REMEMBER, rows)


async def _claim_ids(tx: Tx, events: list[Event[Any]]) -> set[str]:
    known = {(event.topic, event.id) for event in events}
    rows = [{"topic": topic, "event_id": event_id, "handled_at": tx.wall} for topic, event_id in known]
    return {event_id for _, event_id in await insert_new(tx, _inbox, rows, ["topic", "event_id"])} if rows else set()


_LAST = text("SELECT topic, subject, last FROM cursors WHERE subject IN :subjects").bindparams(
    bindparam("subjects", expanding=True)
)
_REMEMBER = text(
    "INSERT INTO cursors (topic, subject, last) VALUES (:topic, :subject, :last)"
    " ON CONFLICT (topic, subject) DO UPDATE SET last = excluded.last"
)
_HOLD_PG = text(
    "INSERT INTO cursors (topic, subject, last)"
    " SELECT topic, subject, 0 FROM unnest(CAST(:topics AS text[]), CAST(:subjects AS text[])) AS read (topic, subject)"
    " ON CONFLICT (topic, subject) DO UPDATE SET last = cursors.last RETURNING topic, subject, last"
)
