"""Composing: a notice's row becomes a message with the lead, the people and the due instant as they are now."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.notifier import store
from services.notifier.domain.links import PURPOSE, Link, pack
from services.notifier.domain.wording import Composed, Message, Reader, wording
from shared.agreement.roster import Rep
from shared.db import Tx

VALID = timedelta(days=14)
OFFERS = {
    "assigned": (("accept", "Accept"), ("decline", "Decline"), ("contacted", "I have contacted them")),
    "again": (("contacted", "I have contacted them"),),
    "warned": (("accept", "Accept"), ("decline", "Decline"), ("contacted", "I have contacted them")),
    "breached": (("accept", "Accept"), ("decline", "Decline"), ("contacted", "I have contacted them")),
}


async def compose(tx: Tx, rows: list[dict[str, Any]]) -> list[Composed]:
    """The messages of claimed notices, with their links."""
    if not rows:
        return []
    leads = await store.leads_of(tx, [row["lead"] for row in rows])
    dues = await store.dues_of(tx, leads)
    people = await store.everybody(tx)
    return [_composed(tx, row, leads[row["lead"]], dues, people) for row in rows if row["lead"] in leads]


def _composed(
    tx: Tx,
    row: dict[str, Any],
    lead: dict[str, Any],
    dues: dict[tuple[str, str, int], datetime],
    people: dict[str, Rep],
) -> Composed:
    rep = people.get(row["person"])
    reader = Reader(row["person"], rep.name if rep else row["person"], rep.timezone if rep else None)
    due = _due(row, dues)
    names = {person.id: person.name for person in people.values()}
    message = wording(row["kind"], row["data"], lead, reader, names, tx.now, due)
    mine = row["role"] == "owner" and row["person"] == lead["owner"] and row["epoch"] == lead["epoch"]
    if mine and row["kind"] in OFFERS and not (row["kind"] == "breached" and lead["state"] != "assigned"):
        offers = OFFERS[row["kind"]]
        if lead["state"] != "assigned":
            offers = tuple(offer for offer in offers if offer[0] == "contacted")
        url = f"{tx.house.public_url}/a/{token(tx, row, row['person'])}"
        message = replace(message, actions=tuple((label, f"{url}?do={action}") for action, label in offers))
    elif row["role"] != "marketing":
        message = replace(message, actions=(("See the lead", f"{tx.house.public_url}/leads/{row['lead']}"),))
    message = replace(message, footer=_footer(row))
    return Composed(row, message, (rep.email or "") if rep else "", reader.name, _payload(row, lead, message, due))


def token(tx: Tx, row: dict[str, Any], rep: str) -> str:
    """The signed token of a notice's action links."""
    expires = (row["created_at"] + VALID).replace(microsecond=0)
    link = Link(row["id"], row["lead"], rep, row["epoch"], expires)
    return pack(link, tx.house.keys.sign(PURPOSE, link.body()))


def _due(row: dict[str, Any], dues: dict[tuple[str, str, int], datetime]) -> datetime | None:
    if row["data"].get("due_at"):
        return datetime.fromisoformat(row["data"]["due_at"])
    return dues.get((row["lead"], "accept", row["epoch"])) if row["kind"] == "assigned" else None


def _footer(row: dict[str, Any]) -> str:
    stands_in = row["data"].get("instead_of")
    reason = f"You get this because {stands_in} cannot be reached now. " if stands_in else ""
    return f"{reason}Baton keeps the agreement between marketing and sales. Lead {row['lead']}."


def _payload(row: dict[str, Any], lead: dict[str, Any], message: Message, due: datetime | None) -> dict[str, Any]:
    """What a webhook carries: ids, who is concerned, and the sentences; no address of the person who enquired."""
    return {
        "type": f"baton.notice.{row['kind']}",
        "id": row["id"],
        "timestamp": row["created_at"].isoformat(),
        "data": {
            "lead": row["lead"],
            "epoch": row["epoch"],
            "kind": row["kind"],
            "role": row["role"],
            "owner": lead["owner"],
            "team": lead["team"],
            "tier": lead["tier"],
            "state": lead["state"],
            "due_at": due.isoformat() if due else None,
            **{name: row["data"].get(name) for name in ("promise", "rung", "reason", "why") if row["data"].get(name)},
        },
    }
