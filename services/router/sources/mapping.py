"""The mapping engine: a payload, a table of source paths, and what the endpoint says, read into a canonical lead."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email

from services.router.sources import values
from services.router.sources.canonical import Canonical, Setup
from services.router.sources.document import Document, name_of

Table = Mapping[str, tuple[str, ...]]
"""Canonical field (or `utm.source`, `signals.x`, or any further fact) to the source paths to try, best first."""

CONTACT = "Neither an email nor a phone nor an id: there is nobody to contact."
_MOST_EXTRA, _LONGEST_SHOWN, _LEAST_DIGITS = 200, 500, 5
_TEXTS = (
    *("full_name", "first_name", "last_name", "company", "phone", "country", "state", "industry", "job_title"),
    *("lead_source", "campaign", "raw_id", "asset"),
)
_ENGINE = frozenset(("opt_out", "stage"))


@dataclass(frozen=True, slots=True)
class Mapped:
    """A payload as a lead: its fields, what no field took, and remarks."""

    fields: Canonical
    unmapped: dict[str, Any]
    notes: tuple[str, ...]


def read(payload: Mapping[str, Any], table: Table, setup: Setup, known: frozenset[str] = frozenset()) -> Mapped:
    """Read one payload by the table, with the endpoint's own paths in its place where it gives some.

    Plain values that no field takes become `extra` facts; all but the `known` ones are also shown as unmapped.
    """
    document, notes = Document.of(payload), list[str]()
    paths = {**table, **{name: (p,) if isinstance(p, str) else tuple(p) for name, p in setup.mapping.items()}}
    found = {name: document.take(tried) for name, tried in paths.items()}
    raw = {name: leaf[1] for name, leaf in found.items() if leaf is not None}

    def as_(name: str, read_value: Callable[[Any], Any]) -> Any:
        if name not in raw:
            return None
        value = read_value(raw[name])
        if value is None:
            notes.append(f"{name} could not be read.")
        return value

    made: dict[str, Any] = {name: as_(name, values.text) for name in _TEXTS}
    made["email"] = as_("email", values.email)
    made["domain"] = as_("domain", values.host) or _mail_domain(made["email"])
    made["score"] = as_("score", values.number)
    made["event_time"] = as_("event_time", lambda value: values.moment(value, setup.zone))
    made["employee_band"] = values.band(raw.get("employee_count")) or values.text(raw.get("employee_band"))
    made["employee_count"] = None if made["employee_band"] else as_("employee_count", values.whole)
    made["consent"] = _consent(raw)
    made["activity"] = values.words(raw.get("activity"))
    made["utm"] = {
        name[4:]: text for name, value in raw.items() if name.startswith("utm.") and (text := values.text(value))
    } or None
    made["signals"] = _signals(document, raw)
    own = {n: v for n, v in raw.items() if n not in Canonical.model_fields and "." not in n and n not in _ENGINE}
    rest = document.rest()
    extra = {**{name_of(path): value for path, value in rest.items()}, **own}
    made["extra"] = {name: _plain(v) for name, v in list(extra.items())[:_MOST_EXTRA] if name and _is_plain(v)}
    shown = [path for path in rest if name_of(path) not in known][:_MOST_EXTRA]
    unmapped = {path[:_LONGEST_SHOWN]: _shown(rest[path]) for path in shown}
    return Mapped(Canonical(**made, mql=_mql(raw, setup)), unmapped, tuple(notes))


def _shown(value: Any) -> Any:
    """A value that no field took, short enough to be shown: whole when it is, else its beginning."""
    if isinstance(value, (str, list, Mapping)):
        whole = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return value if len(whole) <= _LONGEST_SHOWN else whole[:_LONGEST_SHOWN] + "…"
    return value


def _mail_domain(email: str | None) -> str | None:
    domain = (email or "").rpartition("@")[2]
    return domain if "." in domain else None


def _consent(raw: Mapping[str, Any]) -> bool | str | None:
    """Consent as said; an opt-out that is set wins over everything, one that is not set is a weak yes."""
    out = values.truth(raw.get("opt_out"))
    if out:
        return False
    said = raw.get("consent")
    plain = values.truth(said)
    if plain is not None or said is not None:
        return plain if plain is not None else values.text(said)
    return None if out is None else not out


def _mql(raw: Mapping[str, Any], setup: Setup) -> bool | None:
    said = values.truth(raw.get("mql"))
    if said is not None:
        return said
    stage = values.text(raw.get("stage"))
    return None if stage is None else is_mql(stage, setup)


MQL_VALUES = frozenset(("mql", "marketingqualifiedlead", "leadmql"))


def is_mql(stage: str, setup: Setup) -> bool:
    """Whether a stage (or an event type) is one that means MQL at this endpoint; case and punctuation do not count."""
    wanted = MQL_VALUES if setup.mql_values is None else {re.sub(r"[\W_]", "", v).casefold() for v in setup.mql_values}
    return re.sub(r"[\W_]", "", stage).casefold() in wanted


def _signals(document: Document, raw: Mapping[str, Any]) -> dict[str, Any]:
    signals = {name: value for name, value in document.under("signals").items() if _is_plain(value)}
    signals.update({name[8:]: value for name, value in raw.items() if name.startswith("signals.") and _is_plain(value)})
    if "honeypot" in signals:
        # A trap field that holds anything at all was filled by a machine.
        signals["honeypot"] = values.truth(signals["honeypot"]) is not False
    return {
        name: said if isinstance(value, str) and value.casefold() in ("true", "false") else _plain(value)
        for name, value in signals.items()
        for said in (values.truth(value),)
        if not isinstance(value, list)
    }


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return 0 < len(value) <= 50 and all(isinstance(item, (str, int, float)) for item in value)
    return isinstance(value, (int, float)) or (isinstance(value, str) and value.strip() != "")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return (values.prose(value) or "") if isinstance(value, str) else value


def contact_problem(fields: Canonical) -> str | None:
    """Why nobody could be reached through this lead, or None when somebody could, or its source can be asked."""
    if fields.raw_id or _can_ring(fields.phone):
        return None
    if fields.email is None:
        return CONTACT if fields.phone is None else "The phone is not a number, and there is no email and no id."
    return None if is_address(fields.email) else "The email is not an address, and there is no phone and no id."


def _can_ring(phone: str | None) -> bool:
    return sum(mark.isdecimal() for mark in phone or "") >= _LEAST_DIGITS


def is_address(email: str) -> bool:
    """Whether the text is an email address by its syntax; no name is looked up."""
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def thin(fields: Canonical) -> bool:
    """Whether only an id is here, so that the rest must be fetched from the source."""
    return fields.raw_id is not None and not fields.email and not _can_ring(fields.phone)
