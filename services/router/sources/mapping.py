"""The mapping engine: a payload, a table of source paths, and what the endpoint says, read into a canonical lead."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email

from services.router.sources import coerce
from services.router.sources.canonical import CanonicalLead
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.flatten import FlatPayload, fact_name

FieldPaths = Mapping[str, tuple[str, ...]]
"""Canonical field (or `utm.source`, `signals.x`, or any further fact) to the source paths to try, best first."""

NO_CONTACT = "Neither an email nor a phone nor an id: there is nobody to contact."
_MAX_EXTRA, _MAX_SHOWN_LENGTH, _MIN_PHONE_DIGITS = 200, 500, 5
_TEXT_FIELDS = (
    *("full_name", "first_name", "last_name", "company", "phone", "country", "state", "industry", "job_title"),
    *("lead_source", "campaign", "raw_id", "asset"),
)
_INPUT_ONLY = frozenset(("opt_out", "stage"))


@dataclass(frozen=True, slots=True)
class MappedLead:
    """A payload as a lead: its fields, what no field took, and remarks."""

    fields: CanonicalLead
    unmapped: dict[str, Any]
    notes: tuple[str, ...]


def map_payload(
    payload: Mapping[str, Any],
    default_paths: FieldPaths,
    config: EndpointConfig,
    named_facts: frozenset[str] = frozenset(),
) -> MappedLead:
    """Read one payload by the table, with the endpoint's own paths in its place where it gives some.

    Plain values that no field takes become `extra` facts; all but the `known` ones are also shown as unmapped.
    """
    payload_fields, notes = FlatPayload.from_payload(payload), list[str]()
    paths = {**default_paths, **{name: (p,) if isinstance(p, str) else tuple(p) for name, p in config.mapping.items()}}
    taken = {name: payload_fields.take(tried) for name, tried in paths.items()}
    raw = {name: leaf[1] for name, leaf in taken.items() if leaf is not None}

    def convert(name: str, read_value: Callable[[Any], Any]) -> Any:
        if name not in raw:
            return None
        value = read_value(raw[name])
        if value is None:
            notes.append(f"{name} could not be read.")
        return value

    fields: dict[str, Any] = {name: convert(name, coerce.text) for name in _TEXT_FIELDS}
    fields["email"] = convert("email", coerce.email)
    fields["domain"] = convert("domain", coerce.hostname) or _email_domain(fields["email"])
    fields["score"] = convert("score", coerce.number)
    fields["event_time"] = convert("event_time", lambda value: coerce.timestamp(value, config.zone))
    fields["employee_band"] = coerce.band(raw.get("employee_count")) or coerce.text(raw.get("employee_band"))
    fields["employee_count"] = None if fields["employee_band"] else convert("employee_count", coerce.integer)
    fields["consent"] = _consent(raw)
    fields["activity"] = coerce.text_list(raw.get("activity"))
    fields["utm"] = {
        name[4:]: text for name, value in raw.items() if name.startswith("utm.") and (text := coerce.text(value))
    } or None
    fields["signals"] = _signals(payload_fields, raw)
    custom = {
        n: v for n, v in raw.items() if n not in CanonicalLead.model_fields and "." not in n and n not in _INPUT_ONLY
    }
    remaining = payload_fields.remaining()
    extra = {**{fact_name(path): value for path, value in remaining.items()}, **custom}
    fields["extra"] = {
        name: _clean(v) for name, v in list(extra.items())[:_MAX_EXTRA] if name and _is_scalar_or_list(v)
    }
    shown = [path for path in remaining if fact_name(path) not in named_facts][:_MAX_EXTRA]
    unmapped = {path[:_MAX_SHOWN_LENGTH]: _shorten(remaining[path]) for path in shown}
    return MappedLead(CanonicalLead(**fields, mql=_mql(raw, config)), unmapped, tuple(notes))


def _shorten(value: Any) -> Any:
    """A value that no field took, short enough to be shown: whole when it is, else its beginning."""
    if isinstance(value, (str, list, Mapping)):
        whole = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return value if len(whole) <= _MAX_SHOWN_LENGTH else whole[:_MAX_SHOWN_LENGTH] + "…"
    return value


def _email_domain(email: str | None) -> str | None:
    domain = (email or "").rpartition("@")[2]
    return domain if "." in domain else None


def _consent(raw: Mapping[str, Any]) -> bool | str | None:
    """Consent as said; an opt-out that is set wins over everything, one that is not set is a weak yes."""
    out = coerce.boolean(raw.get("opt_out"))
    if out:
        return False
    said = raw.get("consent")
    plain = coerce.boolean(said)
    if plain is not None or said is not None:
        return plain if plain is not None else coerce.text(said)
    return None if out is None else not out


def _mql(raw: Mapping[str, Any], config: EndpointConfig) -> bool | None:
    said = coerce.boolean(raw.get("mql"))
    if said is not None:
        return said
    stage = coerce.text(raw.get("stage"))
    return None if stage is None else is_mql(stage, config)


MQL_VALUES = frozenset(("mql", "marketingqualifiedlead", "leadmql"))


def is_mql(stage: str, config: EndpointConfig) -> bool:
    """Whether a stage (or an event type) is one that means MQL at this endpoint; case and punctuation do not count."""
    mql_values = (
        MQL_VALUES if config.mql_values is None else {re.sub(r"[\W_]", "", v).casefold() for v in config.mql_values}
    )
    return re.sub(r"[\W_]", "", stage).casefold() in mql_values


def _signals(payload_fields: FlatPayload, raw: Mapping[str, Any]) -> dict[str, Any]:
    signals = {
        name: value for name, value in payload_fields.take_children("signals").items() if _is_scalar_or_list(value)
    }
    signals.update(
        {name[8:]: value for name, value in raw.items() if name.startswith("signals.") and _is_scalar_or_list(value)}
    )
    if "honeypot" in signals:
        # A trap field that holds anything at all was filled by a machine.
        signals["honeypot"] = coerce.boolean(signals["honeypot"]) is not False
    return {
        name: said if isinstance(value, str) and value.casefold() in ("true", "false") else _clean(value)
        for name, value in signals.items()
        for said in (coerce.boolean(value),)
        if not isinstance(value, list)
    }


def _is_scalar_or_list(value: Any) -> bool:
    if isinstance(value, list):
        return 0 < len(value) <= 50 and all(isinstance(item, (str, int, float)) for item in value)
    return isinstance(value, (int, float)) or (isinstance(value, str) and value.strip() != "")


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return (coerce.multiline_text(value) or "") if isinstance(value, str) else value


def contact_problem(fields: CanonicalLead) -> str | None:
    """Why nobody could be reached through this lead, or None when somebody could, or its source can be asked."""
    if fields.raw_id or _is_dialable(fields.phone):
        return None
    if fields.email is None:
        return NO_CONTACT if fields.phone is None else "The phone is not a number, and there is no email and no id."
    return None if is_email(fields.email) else "The email is not an address, and there is no phone and no id."


def _is_dialable(phone: str | None) -> bool:
    return sum(mark.isdecimal() for mark in phone or "") >= _MIN_PHONE_DIGITS


def is_email(email: str) -> bool:
    """Whether the text is an email address by its syntax; no name is looked up."""
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def needs_fetch(fields: CanonicalLead) -> bool:
    """Whether only an id is here, so that the rest must be fetched from the source."""
    return fields.raw_id is not None and not fields.email and not _is_dialable(fields.phone)
