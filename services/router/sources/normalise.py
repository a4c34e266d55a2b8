"""The fields of a lead as they compare: address folded and known by its kind, phone E.164, places by their codes."""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from services.router.sources.addresses import companys, folded, kind_of
from services.router.sources.canonical import Canonical
from services.router.sources.places import country_code, state_code

_LEAST_DIGITS = 5
_AFTER_NAME = re.compile(
    r"(jr|sr|ii|iii|iv|phd|md|mba|msc|bsc|ba|ma|esq|cpa|dds|rn|pe|cfa|pmp|dr|prof|dipl|ing|llm|llb|inc|ltd|llc|gmbh)\b",
    re.IGNORECASE,
)
phonenumbers.PhoneMetadata.load_all()  # Else each region is read from its file when its first number comes.


@dataclass(frozen=True, slots=True)
class Normal:
    """The comparable forms of a lead; None for what is not given or cannot be that.

    `email` folded, `email_kind` business, free, disposable, role or relay; `domain` the registrable one of the
    company, never of a mail provider; `phone` E.164; `country` ISO 3166-1 alpha-2, `state` ISO 3166-2; `name` as it is
    spoken ("Omar Haddad" of "Haddad, Omar").
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


def normalise(fields: Canonical, region: str | None = None) -> Normal:
    """Normal forms of a lead's fields; `region` is the ISO country that national phone numbers are of, when the lead's
    own is unknown. Nothing is guessed and nothing is asked over a network."""
    email = folded(fields.email)
    country = country_code(fields.country)
    state = state_code(fields.state, country)
    if country is None and fields.country is None and state is not None:
        country = state.partition("-")[0]
    first, last = _names(fields)
    return Normal(
        email=email,
        email_kind=kind_of(email) if email else None,
        domain=companys(fields.domain) or companys(email.rpartition("@")[2] if email else None),
        phone=phone_number(fields.phone, country or country_code(region)),
        country=country,
        state=state,
        name=_name(fields, first, last),
        first_name=first,
        last_name=last,
    )


@lru_cache(maxsize=20_000)
def phone_number(given: str | None, region: str | None) -> str | None:
    """A phone number as E.164. Without a region only one that names its country by + or 00 is known."""
    text = (given or "").strip()[:60].removeprefix("tel:").strip()
    text = re.sub(r"^00(?=[\s(./-]*[1-9])", "+", re.sub(r"^\+\s*00", "+", text))
    # "+49 (0)30 ..." is written everywhere and dialled nowhere.
    text = re.sub(r"^(\+[\d\s.-]{1,5})\(0\)", r"\1", text)
    if sum(mark.isdecimal() for mark in text) < _LEAST_DIGITS:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _names(fields: Canonical) -> tuple[str | None, str | None]:
    """First and last name: as given, else of a full name that is written "Last, First"."""
    if fields.first_name or fields.last_name:
        return _spaced(fields.first_name), _spaced(fields.last_name)
    last, comma, first = (fields.full_name or "").partition(",")
    if not comma or "," in first or not first.strip() or not last.strip():
        return None, None
    if _AFTER_NAME.match(first.strip().replace(".", "")):
        return None, None
    return _spaced(first), _spaced(last)


def _name(fields: Canonical, first: str | None, last: str | None) -> str | None:
    full = _spaced(fields.full_name)
    if full and (first is None or last is None or "," not in full):
        return full
    return " ".join(part for part in (first, last) if part) or full


def _spaced(given: str | None) -> str | None:
    return " ".join((given or "").split()) or None
