"""The agreement as a document, ready to print: its first page says the whole of it in sentences."""

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from shared.agreement.language.amounts import Share, in_percent
from shared.agreement.language.goal import needed
from shared.agreement.language.parse import Agreement
from shared.agreement.language.schema import Located, Section, Span

HERE = Path(__file__).resolve().parent / "templates"
CHAPTERS = (
    ("What we are aiming at", ("goal", "baseline", "stages")),
    ("What a qualified lead is", ("qualification",)),
    ("How leads are distributed", ("teams", "routing", "unrouted", "off_hours", "deliver")),
    ("What sales owes", ("calendars", "promises", "dispositions", "sql_requires", "checklist", "content", "targets")),
    ("What marketing owes", ("commitments", "variance")),
    ("Who is told, and how", ("channels", "crm", "scoreboard")),
    ("Who meets", ("people", "review")),
)


def render(agreement: Agreement, *, version: int | None, hash: str, signatures: list[dict[str, Any]]) -> str:
    """The document as HTML. `signatures` have side, person and at."""
    found = agreement.chapters
    chapters = [
        (title, [(name.replace("_", " "), _rows(found[name])) for name in names if name in found])
        for title, names in CHAPTERS
    ]
    page: str = _page().render(
        name=agreement.name,
        version=version,
        hash=hash,
        effective=found.get("effective"),
        signed_by=found.get("signed_by") or {},
        signatures={item["side"]: item for item in signatures},
        sentences=in_sentences(agreement),
        chapters=[(title, sections) for title, sections in chapters if sections],
    )
    return page


@lru_cache
def _page() -> Any:
    rooms = Environment(
        loader=FileSystemLoader(HERE), autoescape=select_autoescape(("html",)), trim_blocks=True, lstrip_blocks=True
    )
    return rooms.get_template("agreement.html")


def in_sentences(agreement: Agreement) -> list[str]:
    """The one-page agreement: what each side owes, who gets a lead, and what happens when a promise is not kept."""
    found: dict[str, Any] = agreement.chapters
    said = [*_marketing(found), *_qualified(found), *_routed(found)]
    promises = found.get("promises") or {}
    for name, verb in (("accept", "accepts or declines"), ("first_touch", "gets in touch with")):
        said += _promise(promises.get(name) or {}, verb)
    said += _rungs(promises.get("accept") or {})
    if found.get("unrouted"):
        after = found["unrouted"].get("after")
        when = f" after {after.text}" if after else " at once"
        said.append(f"A lead that nobody can take is told to {found['unrouted'].get('alert') or 'ops'}{when}.")
    return said


def _marketing(found: dict[str, Any]) -> list[str]:
    volume = (found.get("commitments") or {}).get("volume") or {}
    said = []
    for kind, word in (("mqls", "MQLs"), ("leads", "leads")):
        from_goal = needed(found.get("goal") or {}, kind, volume.get("per")) if volume.get(kind) else None
        count = volume[kind] if isinstance(volume.get(kind), Decimal) else from_goal
        if count is not None:
            said.append(f"Marketing delivers {count:,} {word} a {volume.get('per')}.")
        elif volume.get(kind):
            said.append(f"Marketing delivers as many {word} a {volume.get('per')} as the goal needs.")
    return said


def _qualified(found: dict[str, Any]) -> list[str]:
    rules = found.get("qualification") or {}
    said = []
    if rules.get("refuse"):
        said.append(
            f"Nobody is asked to work on leads of these kinds: {', '.join(row['reason'] for row in rules['refuse'])}."
        )
    if rules.get("sales_ready"):
        said.append(f"A lead is sales-ready when {_when(rules['sales_ready'])}.")
    return said


def _routed(found: dict[str, Any]) -> list[str]:
    said = []
    for rule in found.get("routing") or []:
        when = f"when {_when(rule['when'])}" if rule.get("when") else "whatever it is"
        said.append(f"A lead goes to {rule['to'].value} {when} (rule “{rule['rule']}”).")
    return said


def _when(when: dict[str, Any]) -> str:
    parts = []
    for field, test in when.items():
        if field in ("any", "all", "none"):
            inner = [_when(part) for part in test]
            parts.append({"any": " or ", "all": " and ", "none": " and not "}[field].join(inner))
        else:
            wanted = " or ".join(str(item) for item in test) if isinstance(test, list) else str(test)
            parts.append(f"{field.replace('_', ' ')} is {wanted}")
    return " and ".join(parts)


def _promise(promise: dict[str, Any], verb: str) -> list[str]:
    said = []
    targets = {key: value for key, value in promise.items() if isinstance(value, Section) and value.get("within")}
    for tier, target in targets.items():
        off = target.get("off_hours")
        outside = f", outside working hours within {off.text}" if off else ""
        said.append(f"Sales {verb} each {tier} lead within {target['within'].text} of business time{outside}.")
    if promise.get("within"):
        said.append(f"Sales {verb} each lead within {promise['within'].text} of business time.")
    return said


def _rungs(promise: dict[str, Any]) -> list[str]:
    said = []
    for rung in promise.get("then") or []:
        when = "at once" if rung.get("at") else f"{rung['after'].text} later"
        most = f", at most {rung['at_most']} times" if rung.get("at_most") else ""
        said.append(f"When that is not kept: {when}, {' and '.join(rung['do'])}{most}.")
    return said


def _rows(value: Any, path: str = "") -> list[tuple[str, str]]:
    """A chapter as label and text, flat enough for a table."""
    if isinstance(value, dict):
        return [row for name, item in value.items() for row in _rows(item, f"{path}, {name}" if path else str(name))]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [row for place, item in enumerate(value, 1) for row in _rows(item, f"{path} {place}".strip())]
    return [(path.replace("_", " "), _said(value))]


def _said(value: Any) -> str:
    if isinstance(value, Located):
        return _said(value.value)
    if isinstance(value, Span):
        return value.text
    if isinstance(value, list | tuple):
        return ", ".join(_said(item) for item in value)
    if isinstance(value, Share):
        return in_percent(value)
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if hasattr(value, "hours"):
        hours = "; ".join(f"{days} {' and '.join(windows)}" for days, windows in value.hours.items())
        off = f", holidays {value.holidays}" if value.holidays else ""
        closed = f", closed {', '.join(day.isoformat() for day in value.closed)}" if value.closed else ""
        return f"{hours} ({value.timezone}{off}{closed})"
    return "" if value is None else str(value)


def one_page_start() -> str:
    """A first agreement that fits on a page and is executed as it stands, once names are filled in."""
    return (HERE / "start.yaml").read_text(encoding="utf-8")
