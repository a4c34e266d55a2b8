"""Field mapping: a payload becomes a canonical lead, by the default paths of its source and those of the endpoint."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.router.sources import coerce
from services.router.sources.canonical import CanonicalLead
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.flatten import FlatPayload, fact_name

FieldPaths = Mapping[str, tuple[str, ...]]
"""Canonical field (or `utm.source`, `signals.x`, or any other fact) to the source paths to try, best first."""

MQL_VALUES = frozenset(("mql", "marketingqualifiedlead", "leadmql"))
_MAX_EXTRA, _MAX_SHOWN_LENGTH = 200, 500
_TEXT_FIELDS = (
    *("full_name", "first_name", "last_name", "company", "phone", "country", "state", "industry", "job_title"),
    *("lead_source", "campaign", "raw_id", "asset"),
)
_INPUT_ONLY = frozenset(("opt_out", "stage"))


@dataclass(frozen=True, slots=True)
class MappedLead:
    """A payload as a lead: its fields, the values that no field took, and remarks on what could not be read."""

    fields: CanonicalLead
    unmapped: dict[str, Any]
    notes: tuple[str, ...]


def map_payload(
    payload: Mapping[str, Any],
    default_paths: FieldPaths,
    config: EndpointConfig,
    named_facts: frozenset[str] = frozenset(),
) -> MappedLead:
    """Map one payload by the default paths of its source; the paths of the endpoint replace them field by field.

    Plain values that no field takes become `extra` facts; those that are not `named_facts` also count as unmapped.
    """
    flat = FlatPayload.from_payload(payload)
    taken = {name: flat.take(paths) for name, paths in _merged_paths(default_paths, config).items()}
    raw = {name: leaf[1] for name, leaf in taken.items() if leaf is not None}
    fields, notes = _read_fields(raw, config)
    fields["signals"] = _signals(flat, raw)
    remaining = flat.remaining()
    fields["extra"] = _extra_facts(remaining, raw)
    shown = [path for path in remaining if fact_name(path) not in named_facts][:_MAX_EXTRA]
    unmapped = {path[:_MAX_SHOWN_LENGTH]: _shorten(remaining[path]) for path in shown}
    return MappedLead(CanonicalLead(**fields), unmapped, tuple(notes))


def _merged_paths(default_paths: FieldPaths, config: EndpointConfig) -> FieldPaths:
    own = {name: (paths,) if isinstance(paths, str) else tuple(paths) for name, paths in config.mapping.items()}
    return {**default_paths, **own}


def _read_fields(raw: Mapping[str, Any], config: EndpointConfig) -> tuple[dict[str, Any], list[str]]:
    """The canonical fields of raw values, and a remark for each value that could not be read."""
    notes: list[str] = []

    def convert(name: str, coerce_value: Callable[[Any], Any]) -> Any:
        if name not in raw:
            return None
        value = coerce_value(raw[name])
        if value is None:
            notes.append(f"The field {name} could not be read.")
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
    fields["utm"] = _utm(raw)
    fields["mql"] = _mql(raw, config)
    return fields, notes


def _utm(raw: Mapping[str, Any]) -> dict[str, str] | None:
    utm = {name[4:]: text for name, value in raw.items() if name.startswith("utm.") and (text := coerce.text(value))}
    return utm or None


def _extra_facts(remaining: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The facts beside the canonical fields: unmapped values by fact name, and custom fields of the mapping."""
    custom = {
        name: value
        for name, value in raw.items()
        if name not in CanonicalLead.model_fields and "." not in name and name not in _INPUT_ONLY
    }
    extra = {**{fact_name(path): value for path, value in remaining.items()}, **custom}
    return {
        name: _clean(value) for name, value in list(extra.items())[:_MAX_EXTRA] if name and _is_scalar_or_list(value)
    }


def _shorten(value: Any) -> Any:
    """An unmapped value as it is shown: itself when it is short, else the beginning of its text."""
    if isinstance(value, (str, list, Mapping)):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return value if len(text) <= _MAX_SHOWN_LENGTH else text[:_MAX_SHOWN_LENGTH] + "…"
    return value


def _email_domain(email: str | None) -> str | None:
    domain = (email or "").rpartition("@")[2]
    return domain if "." in domain else None


def _consent(raw: Mapping[str, Any]) -> bool | str | None:
    """Consent as given; an opt-out that is set wins over it, one that is not set counts as consent."""
    opt_out = coerce.boolean(raw.get("opt_out"))
    if opt_out:
        return False
    consent = raw.get("consent")
    answer = coerce.boolean(consent)
    if answer is not None:
        return answer
    if consent is not None:
        return coerce.text(consent)
    return None if opt_out is None else True


def _mql(raw: Mapping[str, Any], config: EndpointConfig) -> bool | None:
    flag = coerce.boolean(raw.get("mql"))
    if flag is not None:
        return flag
    stage = coerce.text(raw.get("stage"))
    return None if stage is None else is_mql(stage, config)


def is_mql(stage: str, config: EndpointConfig) -> bool:
    """Whether a stage (or an event type) means MQL at this endpoint; case and punctuation do not count."""
    configured = config.mql_values
    mql_values = MQL_VALUES if configured is None else {_fold(value) for value in configured}
    return _fold(stage) in mql_values


def _fold(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _signals(flat: FlatPayload, raw: Mapping[str, Any]) -> dict[str, Any]:
    signals = {
        **flat.take_children("signals"),
        **{name[8:]: value for name, value in raw.items() if name.startswith("signals.") and _is_scalar_or_list(value)},
    }
    signals = {name: value for name, value in signals.items() if _is_scalar_or_list(value)}
    if "honeypot" in signals:
        # People do not see the honeypot field, so a value in it comes from a bot.
        signals["honeypot"] = coerce.boolean(signals["honeypot"]) is not False
    return {name: _signal_value(value) for name, value in signals.items() if not isinstance(value, list)}


def _signal_value(value: Any) -> Any:
    if isinstance(value, str) and value.casefold() in ("true", "false"):
        return coerce.boolean(value)
    return _clean(value)


def _is_scalar_or_list(value: Any) -> bool:
    if isinstance(value, list):
        return 0 < len(value) <= 50 and all(isinstance(item, (str, int, float)) for item in value)
    return isinstance(value, (int, float)) or (isinstance(value, str) and value.strip() != "")


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return (coerce.multiline_text(value) or "") if isinstance(value, str) else value
