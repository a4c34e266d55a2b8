"""Who a role is at this moment: the owner, the manager or who stands in for them, ops, marketing, sales."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.notifier.domain.lead import Lead
from shared.agreement.model import ExecutableAgreement
from shared.base.roster import Rep

STAND_BY = ("ops", "admin")
"""Who is told when nobody else of a role can be."""


@dataclass(frozen=True, slots=True)
class Told:
    """One person who is told, in which role; `instead_of` names whom they stand in for."""

    rep: Rep
    role: str
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """Everybody, the agreement that is live, and the moment at which somebody is looked for."""

    people: Mapping[str, Rep]
    agreement: ExecutableAgreement | None
    now: datetime

    def who(self, role: str, lead: Lead, person: str | None = None) -> list[Told]:
        """The people of a role, found when the message fires; empty only when nobody at all can be reached."""
        if person:
            rep = self.people.get(person)
            return [Told(rep, role)] if rep and rep.active and rep.email else []
        if role == "owner":
            return self._owner(lead)
        if role == "manager":
            return self._manager(lead)
        return self._of_role(role) or (self._manager(lead) if role == "sales" else []) or self._stand_by(role)

    def _owner(self, lead: Lead) -> list[Told]:
        found = self._up(lead.owner, "owner")
        if found:
            return found
        return [Told(one.rep, "manager", self._name(lead.owner)) for one in self._manager(lead)]

    def _manager(self, lead: Lead) -> list[Told]:
        team = self.agreement.teams.get(lead.team or "") if self.agreement else None
        owner = self.people.get(lead.owner or "")
        boss = (team.manager if team else None) or (owner.manager if owner else None)
        # Whoever manages the lead that they own themselves needs no second word about it; their own manager does.
        above = self._up(boss, "manager", never=lead.owner)
        ops = self._of_role("ops") or self._stand_by("manager")
        return above or [Told(one.rep, "manager", self._name(boss) or "the manager") for one in ops]

    def _up(self, first: str | None, role: str, never: str | None = None) -> list[Told]:
        """Them, their backup, their manager, and so on upwards until somebody is here."""
        seen: set[str] = set()
        queue = [first]
        while queue:
            rep = self.people.get(queue.pop(0) or "")
            if rep is None or rep.id in seen:
                continue
            seen.add(rep.id)
            if rep.id != never and self._here(rep):
                return [Told(rep, role, None if rep.id == first else self._name(first))]
            queue += [rep.backup, rep.manager]
        return []

    def _of_role(self, role: str) -> list[Told]:
        """Whoever has the role in the roster or the agreement; whoever signed for the side when that is nobody."""
        named = {name.casefold() for name in (self.agreement.people.get(role, ()) if self.agreement else ())}
        found = [rep for rep in self.people.values() if role in rep.roles or _is(rep, named)]
        signer = self.agreement.signed_by.get(role) if self.agreement else None
        if not found and signer:
            found = [rep for rep in self.people.values() if _is(rep, {signer.casefold()})]
            if not found and "@" in signer:
                found = [Rep(id=signer, name=signer, email=signer)]
        return [Told(rep, role) for rep in _sorted(found) if self._here(rep)]

    def _stand_by(self, role: str) -> list[Told]:
        found = [rep for rep in self.people.values() if set(STAND_BY) & set(rep.roles) and rep.active and rep.email]
        return [Told(rep, role, None if role in rep.roles else role) for rep in _sorted(found)]

    def _here(self, rep: Rep) -> bool:
        return rep.active and bool(rep.email) and not rep.is_away(self.now)

    def _name(self, person: str | None) -> str | None:
        rep = self.people.get(person or "")
        return rep.name if rep else person


def _is(rep: Rep, named: set[str]) -> bool:
    return rep.id.casefold() in named or (rep.email or "").casefold() in named


def _sorted(found: Iterable[Rep]) -> list[Rep]:
    return sorted(found, key=lambda rep: rep.id)
