"""What was handled already: the last sequence of each subject, and the ids of records that carry none."""

import logging
from typing import Any

from sqlalchemy import bindparam, text

from shared.db import Tx
from shared.events.base import AGREEMENT, Event
from shared.telemetry import GAPS

log = logging.getLogger(__name__)


async def fresh(tx: Tx, events: list[Event[Any]]) -> list[Event[Any]]:
    """The events that were not handled before, in order; they count as handled with this transaction.

    Lower or equal to the last sequence of its topic and subject: a repeat, left out. A gap is applied and alarmed,
    except on the compacted agreement topic.
    """
    numbered = [event for event in events if event.sequence]
    unnumbered = [event for event in events if not event.sequence]
    kept_ids = await _unseen(tx, unnumbered)
    last = await _last(tx, numbered)
    kept = []
    for event in events:
        place = (event.topic, event.subject)
        if not event.sequence:
            if event.id in kept_ids:
                kept_ids.discard(event.id)
                kept.append(event)
            continue
        before = last.get(place, 0)
        if event.sequence <= before:
            continue
        if event.sequence > before + 1 and event.topic != AGREEMENT and (before or event.sequence > 1):
            GAPS.labels(tx.service, event.topic).inc()
            log.warning(
                "A gap in %s: %d after %d.",
                event.topic,
                event.sequence,
                before,
                extra={"lead": event.subject},
            )
        last[place] = event.sequence
        kept.append(event)
    await _remember(tx, last, {(event.topic, event.subject) for event in kept if event.sequence})
    return kept


async def _last(tx: Tx, events: list[Event[Any]]) -> dict[tuple[str, str], int]:
    subjects = sorted({event.subject for event in events})
    last: dict[tuple[str, str], int] = {}
    for start in range(0, len(subjects), 500):
        rows = await tx.rows(_LAST, {"subjects": subjects[start : start + 500]})
        last |= {(row["topic"], row["subject"]): int(row["last"]) for row in rows}
    return last


async def _remember(tx: Tx, last: dict[tuple[str, str], int], places: set[tuple[str, str]]) -> None:
    rows = [{"topic": topic, "subject": subject, "last": last[topic, subject]} for topic, subject in sorted(places)]
    if rows:
        await tx.run(_REMEMBER, rows)


async def _unseen(tx: Tx, events: list[Event[Any]]) -> set[str]:
    if not events:
        return set()
    ids = sorted({event.id for event in events})
    known = {row["event_id"] for row in await tx.rows(_SEEN, {"topic": events[0].topic, "ids": ids})}
    new = [event_id for event_id in ids if event_id not in known]
    moment = tx.wall if tx.dialect == "postgresql" else tx.wall.strftime("%Y-%m-%dT%H:%M:%S.%f")
    await tx.run(
        _INSERT,
        [{"topic": events[0].topic, "event_id": event_id, "at": moment} for event_id in new],
    )
    return set(new)


_LAST = text("SELECT topic, subject, last FROM cursors WHERE subject IN :subjects").bindparams(
    bindparam("subjects", expanding=True)
)
_REMEMBER = text(
    "INSERT INTO cursors (topic, subject, last) VALUES (:topic, :subject, :last)"
    " ON CONFLICT (topic, subject) DO UPDATE SET last = excluded.last"
)
_SEEN = text("SELECT event_id FROM inbox WHERE topic = :topic AND event_id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
_INSERT = text("INSERT INTO inbox (topic, event_id, handled_at) VALUES (:topic, :event_id, :at) ON CONFLICT DO NOTHING")
