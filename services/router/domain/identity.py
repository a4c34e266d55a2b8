"""Identity resolution: which lead is of the same person, by source contact id, then email, then phone with more proof."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.router.domain.lead import Lead


@dataclass(frozen=True, slots=True)
class Person:
    """Who enquired: the keys of their rows in `identities`, and what confirms or contradicts a weak key."""

    contact: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    domain: str | None = None
    role_mailbox: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of this person's identity rows, the strongest first."""
        return tuple(key for key in (self.contact, self.email, self.phone) if key)


@dataclass(frozen=True, slots=True)
class IdentityMatch:
    """The id of the same person's lead and why it is theirs; or a conflict, which is shown and never merged."""

    lead: str | None
    why: str = ""
    conflict: str = ""


def person_of(facts: Mapping[str, Any], source: str, contact: str | None) -> Person:
    """The person that a lead's facts describe; `contact` is their id at the source."""
    return Person(
        contact=f"id:{source}:{contact}" if contact else None,
        email=f"email:{facts['email']}" if facts.get("email") else None,
        phone=f"phone:{facts['phone']}" if facts.get("phone") else None,
        name=_folded(facts.get("name")),
        domain=_folded(facts.get("domain")),
        role_mailbox=facts.get("email_kind") == "role",
    )


def resolve_identity(person: Person, leads_by_key: Mapping[str, Lead]) -> IdentityMatch:
    """Find the lead of the same person among those that their identity rows point at (`leads_by_key`)."""
    by_contact = leads_by_key.get(person.contact or "")
    if by_contact:
        return IdentityMatch(by_contact.id, "same contact at the source")
    by_email = leads_by_key.get(person.email or "")
    if by_email and (not person.role_mailbox or _same_name(person, by_email)):
        return IdentityMatch(by_email.id, "same email")
    by_phone = leads_by_key.get(person.phone or "")
    if by_phone is None:
        return IdentityMatch(None, conflict="a role mailbox with another name" if by_email else "")
    if person.email and by_phone.facts.get("email") and person.email != f"email:{by_phone.facts['email']}":
        return IdentityMatch(None, conflict="same phone, another email")
    if _same_name(person, by_phone) or (person.domain and person.domain == _folded(by_phone.facts.get("domain"))):
        return IdentityMatch(by_phone.id, "same phone, and name or domain agree")
    return IdentityMatch(None, conflict="same phone, and neither name nor domain agree")


def _same_name(person: Person, lead: Lead) -> bool:
    return person.name is not None and person.name == _folded(lead.facts.get("name"))


def _folded(value: Any) -> str | None:
    return " ".join(str(value).casefold().split()) or None if value else None
