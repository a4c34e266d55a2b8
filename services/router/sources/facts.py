"""The facts of a lead, under the names that the conditions of the agreement use; unknown facts are absent."""

import re
from typing import Any

from services.router.sources.canonical import CanonicalLead
from services.router.sources.coerce import band_minimum, slug, text_list
from services.router.sources.normalise import NormalisedLead

STATE_CODE_COUNTRIES = frozenset(("US", "CA", "AU"))
"""Countries whose addresses are written with state codes, so that conditions use the codes as well."""

ROUTER_FACTS = frozenset(
    ("tier", "grade", "previous_owner", "recycled_as", "owner", "account_owner", "account_open_owner")
)
"""Facts that only the router sets; a sender's value under these names is ignored."""


def lead_facts(fields: CanonicalLead, normalised: NormalisedLead, *, endpoint: str, source: str) -> dict[str, Any]:
    """The facts by flat, dotted names (`utm.source`, `signals.honeypot`); `activity` and `skills` are lists of slugs.

    `employees` is a count, or the minimum of a band. `state` is the code in the USA, Canada and Australia (CA), else
    as given; `country` is the ISO code, else as given. `domain` is the company's, never a mail provider's.
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
        "activity": [activity for title in fields.activity if (activity := slug(title))],
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
    extra = {name: value for name, value in fields.extra.items() if name not in facts and name not in ROUTER_FACTS}
    if "skills" in extra:
        extra["skills"] = [slug(skill) for skill in text_list(extra["skills"])]
    if isinstance(timeframe := extra.get("timeframe"), str):
        # "1 – 3 months" and "1-3 months" are the same answer.
        extra["timeframe"] = re.sub(r"\s*[-–—]\s*", "-", timeframe)
    facts |= {f"utm.{name}": value for name, value in (fields.utm or {}).items()}
    facts |= {f"signals.{name}": value for name, value in fields.signals.items()}
    return {name: value for name, value in (facts | extra).items() if value is not None and value != []}


def _state(fields: CanonicalLead, normalised: NormalisedLead) -> str | None:
    country, _, code = (normalised.state or "").partition("-")
    return code if country in STATE_CODE_COUNTRIES else fields.state
