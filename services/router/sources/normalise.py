"""Normalises a lead for comparison: folded email and its kind, company domain, E.164 phone, ISO country and state."""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from services.router.sources.canonical import CanonicalLead
from services.router.sources.email_addresses import company_domain, email_kind, fold_email
from services.router.sources.geo import country_code, state_code

_MIN_PHONE_DIGITS = 5
_NAME_SUFFIX = re.compile(
    r"(jr|sr|ii|iii|iv|phd|md|mba|msc|bsc|ba|ma|esq|cpa|dds|rn|pe|cfa|pmp|dr|prof|dipl|ing|llm|llb|inc|ltd|llc|gmbh)\b",
    re.IGNORECASE,
)
phonenumbers.PhoneMetadata.load_all()  # Otherwise the first number of each region reads a file.


@dataclass(frozen=True, slots=True)
class NormalisedLead:
    """The comparable values of a lead; None where a value is absent or not valid.

    `email` is folded, `email_kind` is business, free, disposable, role or relay; `domain` is the registrable domain of
    the company, never of a mail provider; `phone` is E.164; `country` is ISO 3166-1 alpha-2, `state` ISO 3166-2;
    `name` is in spoken order ("Omar Haddad" for "Haddad, Omar").
    """

    email: str | None = None
    email_kind: str | None = None
    domain: str | None = None
    phone: str | None = None
    country: str | None = None
    state: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None


def normalise(fields: CanonicalLead, region: str | None = None) -> NormalisedLead:
    """Normalise a lead's fields without guessing and without a network.

    `region` is the country of national phone numbers when the lead's own country is unknown.
    """
    email = fold_email(fields.email)
    country = country_code(fields.country)
    state = state_code(fields.state, country)
    if country is None and fields.country is None and state is not None:
        country = state.partition("-")[0]
    first, last = _first_and_last_name(fields)
    return NormalisedLead(
        email=email,
        email_kind=email_kind(email) if email else None,
        domain=company_domain(fields.domain) or company_domain(email.rpartition("@")[2] if email else None),
        phone=e164_phone(fields.phone, country or country_code(region)),
        country=country,
        state=state,
        name=_spoken_name(fields, first, last),
        first_name=first,
        last_name=last,
    )


@lru_cache(maxsize=20_000)
def e164_phone(phone: str | None, region: str | None) -> str | None:
    """A phone number as E.164; without a region only one that starts with + or 00. None when it is not possible."""
    text = (phone or "").strip()[:60].removeprefix("tel:").strip()
    text = re.sub(r"^00(?=[\s(./-]*[1-9])", "+", re.sub(r"^\+\s*00", "+", text))
    # In "+49 (0)30 ..." the (0) is never dialled from abroad.
    text = re.sub(r"^(\+[\d\s.-]{1,5})\(0\)", r"\1", text)
    if sum(character.isdecimal() for character in text) < _MIN_PHONE_DIGITS:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _first_and_last_name(fields: CanonicalLead) -> tuple[str | None, str | None]:
    """First and last name as given, else from a full name written as "Last, First"."""
    if fields.first_name or fields.last_name:
        return _collapse_spaces(fields.first_name), _collapse_spaces(fields.last_name)
    last, comma, first = (fields.full_name or "").partition(",")
    if not comma or "," in first or not first.strip() or not last.strip():
        return None, None
    if _NAME_SUFFIX.match(first.strip().replace(".", "")):
        return None, None
    return _collapse_spaces(first), _collapse_spaces(last)


def _spoken_name(fields: CanonicalLead, first: str | None, last: str | None) -> str | None:
    full = _collapse_spaces(fields.full_name)
    if full and (first is None or last is None or "," not in full):
        return full
    return " ".join(part for part in (first, last) if part) or full


def _collapse_spaces(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None
