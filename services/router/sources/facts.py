"""The facts of a lead under the names that conditions of the agreement use; what is unknown is left out."""

import re
from typing import Any

from services.router.sources.canonical import CanonicalLead
from services.router.sources.coerce import band_minimum, slug, text_list
from services.router.sources.normalise import NormalisedLead

STATE_CODE_COUNTRIES = frozenset(("US", "CA", "AU"))
"""Countries whose addresses are written with the code of the state, so that an agreement is too."""

ROUTER_FACTS = frozenset(
    ("tier", "grade", "previous_owner", "recycled_as", "owner", "account_owner", "account_open_owner")
)
"""What only the router knows of a lead: a sender that says so is not believed."""


def lead_facts(fields: CanonicalLead, normalised: NormalisedLead, *, endpoint: str, source: str) -> dict[str, Any]:
    """Flat, with dotted names (`utm.source`, `signals.honeypot`); `activity` and `skills` are lists of words.

    `employees` is a count, or the least of a band. `state` is the code in the USA, Canada and Australia (CA), else as
    it was given; `country` is the ISO code, else as it was given. `domain` is the company's, never a mail provider's.
    """
    least_employees = band_minimum(fields.employee_band) if fields.employee_band else None
    facts: dict[str, Any] = {
        "email": normalised.email,
        "email_kind": normalised.email_kind,
        "domain": normalised.domain,
        "name": normalised.name,
        "phone": normalised.phone,
        "company": fields.company,
        "title": fields.job_title,
        "industry": fields.industry,
        "country": normalised.country or fields.country,
        "state": _state(fields, normalised),
        "employees": fields.employee_count if fields.employee_count is not None else least_employees,
        "employee_band": fields.employee_band,
        "activity": [done for word in fields.activity if (done := slug(word))],
        "asset": fields.asset,
        "score": fields.score,
        "mql": fields.mql,
        "lead_source": fields.lead_source,
        "campaign": fields.campaign,
        "consent": fields.consent,
        "event_type": fields.event_type,
        "source": source,
        "endpoint": endpoint,
    }
    further = {name: value for name, value in fields.extra.items() if name not in facts and name not in ROUTER_FACTS}
    if "skills" in further:
        further["skills"] = [slug(word) for word in text_list(further["skills"])]
    if isinstance(said := further.get("timeframe"), str):
        # "1 – 3 months" and "1-3 months" are one answer of one form.
        further["timeframe"] = re.sub(r"\s*[-–—]\s*", "-", said)
    facts |= {f"utm.{name}": value for name, value in (fields.utm or {}).items()}
    facts |= {f"signals.{name}": value for name, value in fields.signals.items()}
    return {name: value for name, value in (facts | further).items() if value is not None and value != []}


def _state(fields: CanonicalLead, normalised: NormalisedLead) -> str | None:
    country, _, code = (normalised.state or "").partition("-")
    return code if country in STATE_CODE_COUNTRIES else fields.state
