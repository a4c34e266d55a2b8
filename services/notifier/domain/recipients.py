"""Who a role is at this moment: the owner, the manager on shift or who stands in for them, ops, marketing, sales."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.agreement.compiled import Compiled
from shared.agreement.roster import Rep


@dataclass(frozen=True, slots=True)
class Told:
    """One person who is told, in which role; `instead_of` is who would have been."""

    rep: Rep
    role: str
    instead_of: str | None = None


def who(
    role: str, lead: Mapping[str, Any], agreement: Compiled | None, people: Mapping[str, Rep], now: datetime
) -> list[Told]:
    """The people of a role, found when the message fires; never empty as long as anybody can be reached at all."""
    if role == "owner":
        return _owner(lead, agreement, people, now)
    if role == "manager":
        return _standing_in(_manager(lead, agreement, people), "manager", people, now) or _of_role(
            "ops", people, agreement, now
        )
    if role == "sales":
        signer = (agreement.signed_by.get("sales") if agreement else None) or ""
        named = [rep for rep in people.values() if (rep.email or "").casefold() == signer.casefold() and signer]
        return [Told(rep, role) for rep in named] or _of_role("manager", people, agreement, now)
    return _of_role(role, people, agreement, now)


def _owner(lead: Mapping[str, Any], agreement: Compiled | None, people: Mapping[str, Rep], now: datetime) -> list[Told]:
    rep = people.get(str(lead.get("owner") or ""))
    if rep and _reachable(rep, now):
        return [Told(rep, "owner")]
    others = _standing_in(rep.id if rep else None, "owner", people, now)
    return others or who("manager", lead, agreement, people, now)


def _manager(lead: Mapping[str, Any], agreement: Compiled | None, people: Mapping[str, Rep]) -> str | None:
    team = agreement.teams.get(str(lead.get("team") or "")) if agreement else None
    if team and team.manager:
        return team.manager
    owner = people.get(str(lead.get("owner") or ""))
    return owner.manager if owner else None


def _standing_in(rep_id: str | None, role: str, people: Mapping[str, Rep], now: datetime) -> list[Told]:
    """Them, their backup, their manager, and so on upwards until somebody is there."""
    seen: set[str] = set()
    queue = [rep_id] if rep_id else []
    while queue:
        current = queue.pop(0)
        rep = people.get(current or "")
        if rep is None or rep.id in seen:
            continue
        seen.add(rep.id)
        if _reachable(rep, now):
            return [Told(rep, role, None if rep.id == rep_id else rep_id)]
        queue += [other for other in (rep.backup, rep.manager) if other]
    return []


def _of_role(role: str, people: Mapping[str, Rep], agreement: Compiled | None, now: datetime) -> list[Told]:
    named = set(agreement.people.get(role, ())) if agreement else set()
    if agreement and role in agreement.signed_by and not named:
        named = {agreement.signed_by[role]}
    found = [
        rep for rep in people.values() if role in rep.roles or rep.id in named or (rep.email or "").casefold() in named
    ]
    here = [rep for rep in found if _reachable(rep, now)]
    if here:
        return [Told(rep, role) for rep in sorted(here, key=lambda rep: rep.id)]
    fallback = [rep for rep in people.values() if "ops" in rep.roles or "admin" in rep.roles]
    return [Told(rep, role, role) for rep in sorted(fallback, key=lambda rep: rep.id) if rep.active and rep.email]


def _reachable(rep: Rep, now: datetime) -> bool:
    return rep.active and bool(rep.email) and not rep.is_away(now)
