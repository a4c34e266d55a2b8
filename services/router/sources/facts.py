"""The facts of a lead under the names that conditions of the agreement use; what is unknown is left out."""

from typing import Any

from services.router.sources.canonical import Canonical
from services.router.sources.normalise import Normal
from services.router.sources.values import band_floor, slug


def facts(fields: Canonical, normal: Normal, *, endpoint: str, source: str) -> dict[str, Any]:
    """Flat, with dotted names (`utm.source`, `signals.honeypot`); `activity` is a list of words."""
    floor = band_floor(fields.employee_band) if fields.employee_band else None
    found: dict[str, Any] = {
        "email": normal.email,
        "email_kind": normal.email_kind,
        "domain": normal.domain,
        "name": normal.name,
        "phone": normal.phone,
        "company": fields.company,
        "title": fields.job_title,
        "industry": fields.industry,
        "country": normal.country or fields.country,
        "state": fields.state,
        "employees": fields.employee_count if fields.employee_count is not None else floor,
        "activity": [slug(word) for word in fields.activity] or None,
        "asset": slug(fields.asset) if fields.asset else None,
        "score": fields.score,
        "mql": fields.mql,
        "lead_source": fields.lead_source,
        "campaign": fields.campaign,
        "consent": fields.consent,
        "event_type": fields.event_type,
        "source": source,
        "endpoint": endpoint,
    }
    found |= {f"utm.{name}": value for name, value in (fields.utm or {}).items()}
    found |= {f"signals.{name}": value for name, value in fields.signals.items()}
    found |= {name: value for name, value in fields.extra.items() if name not in found}
    return {name: value for name, value in found.items() if value is not None}
