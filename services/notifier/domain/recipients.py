"""Finds the recipients of a notice: the people who hold a role now, and the channels of the role."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.notifier.domain.lead import Lead
from shared.agreement.model import Channel, ExecutableAgreement
from shared.base.roster import Rep

EMAIL = "email"
FALLBACK_ROLES = ("ops", "admin")
"""Roles that are notified when nobody with the requested role is available."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person to notify in a role; `instead_of` names the absent person or role that this person replaces."""

    rep: Rep
    role: str
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class OrgChart:
    """The roster, the live agreement, and the moment for which recipients are chosen."""

    people: Mapping[str, Rep]
    agreement: ExecutableAgreement | None
    now: datetime

    def recipients(self, role: str, lead: Lead, person: str | None = None) -> list[Recipient]:
        """The people with a role who can be reached now, or only `person` when given; empty when nobody can be reached."""
        if person:
            rep = self.people.get(person)
            return [Recipient(rep, role)] if rep and rep.active and rep.email else []
        if role == "owner":
            return self._owner(lead)
        if role == "manager":
            return self._manager(lead)
        return self._with_role(role) or (self._manager(lead) if role == "sales" else []) or self._fallback(role)

    def _owner(self, lead: Lead) -> list[Recipient]:
        recipients = self._nearest_available(lead.owner, "owner")
        if recipients:
            return recipients
        return [Recipient(manager.rep, "manager", self._name(lead.owner)) for manager in self._manager(lead)]

    def _manager(self, lead: Lead) -> list[Recipient]:
        team = self.agreement.teams.get(lead.team or "") if self.agreement else None
        owner = self.people.get(lead.owner or "")
        manager = (team.manager if team else None) or (owner.manager if owner else None)
        # A manager who owns the lead is notified as its owner; their own manager is notified here.
        recipients = self._nearest_available(manager, "manager", exclude=lead.owner)
        ops = self._with_role("ops") or self._fallback("manager")
        return recipients or [Recipient(person.rep, "manager", self._name(manager) or "the manager") for person in ops]

    def _nearest_available(self, first: str | None, role: str, exclude: str | None = None) -> list[Recipient]:
        """The first available person among `first`, the backup, the manager, and then their backups and managers."""
        seen: set[str] = set()
        queue = [first]
        while queue:
            rep = self.people.get(queue.pop(0) or "")
            if rep is None or rep.id in seen:
                continue
            seen.add(rep.id)
            if rep.id != exclude and self._is_available(rep):
                return [Recipient(rep, role, None if rep.id == first else self._name(first))]
            queue += [rep.backup, rep.manager]
        return []

    def _with_role(self, role: str) -> list[Recipient]:
        """People with the role in the roster or the agreement; without any, the person who signed for that side."""
        names = {name.casefold() for name in (self.agreement.people.get(role, ()) if self.agreement else ())}
        reps = [rep for rep in self.people.values() if role in rep.roles or _is_named(rep, names)]
        signer = self.agreement.signed_by.get(role) if self.agreement else None
        if not reps and signer:
            reps = [rep for rep in self.people.values() if _is_named(rep, {signer.casefold()})]
            if not reps and "@" in signer:
                reps = [Rep(id=signer, name=signer, email=signer)]
        return [Recipient(rep, role) for rep in _by_id(reps) if self._is_available(rep)]

    def _fallback(self, role: str) -> list[Recipient]:
        reps = [
            rep for rep in self.people.values() if set(FALLBACK_ROLES) & set(rep.roles) and rep.active and rep.email
        ]
        return [Recipient(rep, role, None if role in rep.roles else role) for rep in _by_id(reps)]

    def _is_available(self, rep: Rep) -> bool:
        return rep.active and bool(rep.email) and not rep.is_away(self.now)

    def _name(self, person: str | None) -> str | None:
        rep = self.people.get(person or "")
        return rep.name if rep else person


def channels_for(agreement: ExecutableAgreement | None, role: str) -> tuple[tuple[Channel, ...], tuple[str, ...]]:
    """The channels to use for a role, and the names of the agreed channels that email replaces.

    A channel that this version cannot use is skipped; when none is left, email is used with their shortest delay."""
    agreed = agreement.channels_of(role.removeprefix("former ")) if agreement else (Channel(channel=EMAIL),)
    usable = tuple(channel for channel in agreed if channel.channel == EMAIL or channel.channel.startswith("webhook:"))
    if usable:
        return usable, ()
    after = min(channel.after for channel in agreed)
    return (Channel(channel=EMAIL, after=after),), tuple(channel.channel for channel in agreed)


def _is_named(rep: Rep, names: set[str]) -> bool:
    return rep.id.casefold() in names or (rep.email or "").casefold() in names


def _by_id(reps: Iterable[Rep]) -> list[Rep]:
    return sorted(reps, key=lambda rep: rep.id)
