"""The default field mapping, as data: canonical field to the names that senders give it."""

from services.router.sources.mapping import FieldPaths

UTM_PATHS: FieldPaths = {
    f"utm.{part}": (f"utm.{part}", f"utm_{part}", f"utm.utm_{part}")
    for part in ("source", "medium", "campaign", "term", "content")
}

FORM_ANSWER_PATHS: FieldPaths = {
    "postal_code": ("postal_code", "postcode", "zip", "zip_code", "address.postal_code", "address.zip"),
    "city": ("city", "town", "address.city"),
    "need": ("need", "needs", "requirement", "requirements"),
    "budget": ("budget",),
    "timeframe": ("timeframe", "time_frame", "timeline", "purchase_timeframe", "buying_timeframe"),
    "decision_maker": ("decision_maker", "decisionmaker", "is_decision_maker"),
}
"""Answers that forms ask for besides the person and the company; facts of a lead, but not canonical fields."""

LEAD_PATHS: FieldPaths = {
    "email": ("email", "email_address", "work_email", "business_email", "mail"),
    "full_name": ("full_name", "name", "contact_name", "your_name"),
    "first_name": ("first_name", "given_name", "fname"),
    "last_name": ("last_name", "family_name", "surname", "lname"),
    "company": ("company", "company_name", "company.name", "organization", "organisation", "account_name"),
    "domain": ("domain", "company_domain", "company.domain", "website", "company.website"),
    "phone": ("phone", "phone_number", "mobile", "mobile_phone", "telephone", "tel"),
    "country": ("country", "country_code", "address.country", "country_region"),
    "state": ("state", "region", "province", "address.state", "address.region", "state_region"),
    "employee_count": (
        "employee_count",
        "employees",
        "num_employees",
        "number_of_employees",
        "company_size",
        "company.employees",
        "company.size",
    ),
    "employee_band": ("employee_band", "employee_range"),
    "industry": ("industry", "company.industry"),
    "job_title": ("job_title", "title", "position"),
    "score": ("score", "lead_score"),
    "mql": ("mql", "is_mql"),
    "stage": ("stage", "lifecycle_stage", "lead_stage"),
    "lead_source": ("lead_source", "source", "original_source"),
    "campaign": ("campaign", "campaign_name", "campaign.name"),
    "consent": ("consent", "marketing_consent", "gdpr_consent", "opt_in"),
    "opt_out": ("opt_out", "unsubscribed", "do_not_contact", "email_opt_out"),
    "raw_id": ("id", "lead_id", "contact_id", "external_id", "raw_id", "user_id"),
    "event_time": ("event_time", "created_at", "submitted_at", "occurred_at", "timestamp", "created"),
    "activity": ("activity", "activities", "conversion", "form_name"),
    "asset": ("asset", "content_asset", "download"),
    "signals.honeypot": ("honeypot", "signals.honeypot", "hp"),
    **FORM_ANSWER_PATHS,
    **UTM_PATHS,
}

NAMED_FACTS = frozenset(
    ("need", "budget", "timeframe", "decision_maker", "postal_code", "city", "message", "skills", "language", "notes")
)
"""Facts that conditions know by name, so they are not reported as unmapped."""
