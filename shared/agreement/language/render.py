"""Renders the agreement as a printable document; its first page is a summary in sentences."""

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from shared.agreement.language.amounts import Share, as_percent
from shared.agreement.language.goal import count_from_goal
from shared.agreement.language.parse import Agreement
from shared.agreement.language.schema import Located, Section, WrittenDuration

TEMPLATES = Path(__file__).resolve().parent / "templates"
CHAPTERS = (
    ("What we are aiming at", ("goal", "baseline", "stages")),
    ("What a qualified lead is", ("qualification",)),
    ("How leads are distributed", ("teams", "routing", "unrouted", "off_hours", "deliver")),
    ("What sales owes", ("calendars", "promises", "dispositions", "sql_requires", "checklist", "content", "targets")),
    ("What marketing owes", ("commitments", "variance")),
    ("Who is notified, and how", ("channels", "crm", "scoreboard")),
    ("Who meets", ("people", "review")),
)


def render_agreement(agreement: Agreement, *, version: int | None, hash: str, signatures: list[dict[str, Any]]) -> str:
    """The document as HTML. `signatures` have side, person and at."""
    values = agreement.chapters
    chapters = [
        (title, [(name.replace("_", " "), _table_rows(values[name])) for name in names if name in values])
        for title, names in CHAPTERS
    ]
    page: str = _template().render(
        name=agreement.name,
        version=version,
        hash=hash,
        effective=values.get("effective"),
        signed_by=values.get("signed_by") or {},
        signatures={item["side"]: item for item in signatures},
        sentences=summary_sentences(agreement),
        chapters=[(title, sections) for title, sections in chapters if sections],
    )
    return page


@lru_cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("agreement.html")


def summary_sentences(agreement: Agreement) -> list[str]:
    """The summary: what each side owes, who gets a lead, and what happens when a promise is not kept."""
    chapters: dict[str, Any] = agreement.chapters
    sentences = [*_volume_sentences(chapters), *_qualification_sentences(chapters), *_routing_sentences(chapters)]
    promises = chapters.get("promises") or {}
    for name, verb in (("accept", "accepts or declines"), ("first_touch", "gets in touch with")):
        sentences += _promise_sentences(promises.get(name) or {}, verb)
    sentences += _step_sentences(promises.get("accept") or {})
    if chapters.get("unrouted"):
        after = chapters["unrouted"].get("after")
        when = f" after {after.text}" if after else " at once"
        sentences.append(f"If nobody can take a lead, {chapters['unrouted'].get('alert') or 'ops'} is notified{when}.")
    return sentences


def _volume_sentences(chapters: dict[str, Any]) -> list[str]:
    volume = (chapters.get("commitments") or {}).get("volume") or {}
    sentences = []
    for kind, word in (("mqls", "MQLs"), ("leads", "leads")):
        from_goal = count_from_goal(chapters.get("goal") or {}, kind, volume.get("per")) if volume.get(kind) else None
        count = volume[kind] if isinstance(volume.get(kind), Decimal) else from_goal
        if count is not None:
            sentences.append(f"Marketing delivers {count:,} {word} a {volume.get('per')}.")
        elif volume.get(kind):
            sentences.append(f"Marketing delivers as many {word} a {volume.get('per')} as the goal needs.")
    return sentences


def _qualification_sentences(chapters: dict[str, Any]) -> list[str]:
    rules = chapters.get("qualification") or {}
    sentences = []
    if rules.get("refuse"):
        sentences.append(
            f"Leads of these kinds never reach a rep: {', '.join(row['reason'] for row in rules['refuse'])}."
        )
    if rules.get("sales_ready"):
        sentences.append(f"A lead is sales-ready when {_describe_condition(rules['sales_ready'])}.")
    return sentences


def _routing_sentences(chapters: dict[str, Any]) -> list[str]:
    sentences = []
    for place, rule in enumerate(chapters.get("routing") or []):
        if rule.get("when"):
            leads = f"A lead goes to {rule['to'].value} when {_describe_condition(rule['when'])}"
        else:
            leads = f"Every {'other ' if place else ''}lead goes to {rule['to'].value}"
        sentences.append(f"{leads} (rule “{rule['rule']}”).")
    return sentences


def _describe_condition(when: dict[str, Any]) -> str:
    parts = []
    for field, test in when.items():
        if field in ("any", "all", "none"):
            inner = [_describe_condition(part) for part in test]
            parts.append({"any": " or ", "all": " and ", "none": " and not "}[field].join(inner))
        else:
            values = " or ".join(str(item) for item in test) if isinstance(test, list) else str(test)
            parts.append(f"{field.replace('_', ' ')} is {values}")
    return " and ".join(parts)


def _promise_sentences(promise: dict[str, Any], verb: str) -> list[str]:
    sentences = []
    targets = {key: value for key, value in promise.items() if isinstance(value, Section) and value.get("within")}
    for tier, target in targets.items():
        off = target.get("off_hours")
        outside = f", outside working hours within {off.text}" if off else ""
        sentences.append(f"Sales {verb} each {tier} lead within {target['within'].text} of business time{outside}.")
    if promise.get("within"):
        sentences.append(f"Sales {verb} each lead within {promise['within'].text} of business time.")
    return sentences


def _step_sentences(promise: dict[str, Any]) -> list[str]:
    sentences = []
    for step in promise.get("then") or []:
        when = "at the breach" if step.get("at") else f"{step['after'].text} after the breach"
        most = f", at most {step['at_most']} times" if step.get("at_most") else ""
        sentences.append(f"If sales does not accept or decline in time, {when}: {' and '.join(step['do'])}{most}.")
    return sentences


def _table_rows(value: Any, path: str = "") -> list[tuple[str, str]]:
    """The values of a chapter as rows (label, text) of a table."""
    if isinstance(value, dict):
        return [
            row for name, item in value.items() for row in _table_rows(item, f"{path}, {name}" if path else str(name))
        ]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [row for place, item in enumerate(value, 1) for row in _table_rows(item, f"{path} {place}".strip())]
    return [(path.replace("_", " "), _format_value(value))]


def _format_value(value: Any) -> str:
    if isinstance(value, Located):
        return _format_value(value.value)
    if isinstance(value, WrittenDuration):
        return value.text
    if isinstance(value, list | tuple):
        return ", ".join(_format_value(item) for item in value)
    if isinstance(value, Share):
        return as_percent(value)
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if hasattr(value, "hours"):
        hours = "; ".join(f"{days} {' and '.join(windows)}" for days, windows in value.hours.items())
        off = f", holidays {value.holidays}" if value.holidays else ""
        closed = f", closed {', '.join(day.isoformat() for day in value.closed)}" if value.closed else ""
        return f"{hours} ({value.timezone}{off}{closed})"
    return "" if value is None else str(value)


def starter_agreement() -> str:
    """The text of a one-page agreement to start from; it can be executed once names are filled in."""
    return (TEMPLATES / "start.yaml").read_text(encoding="utf-8")
