"""Checks that signers, rules, tiers and team members are unique, and that targets and warnings make sense."""

from collections.abc import Iterable
from typing import Any

from shared.agreement.language.amounts import WrittenDuration
from shared.agreement.language.nodes import value_at
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import Located, Section


def check_uniqueness(chapters: Section, problems: Problems) -> None:
    """Add an error for each name that is used twice, each target of zero and each warning after the breach."""
    _signers(chapters, problems)
    rules = [
        Located(rule.get("rule"), rule.node_of("rule"), f"{rule.path}.rule") for rule in value_at(chapters, "routing")
    ]
    _report_duplicates(rules, "rule", problems)
    _report_duplicates((row.get("tier") for row in value_at(chapters, "qualification", "tiers")), "tier", problems)
    for team in value_at(chapters, "teams").values():
        _report_duplicates((_member_id(item) for item in team.get("members") or ()), "member", problems)
    for name in ("accept", "first_touch"):
        promise = value_at(chapters, "promises", name)
        for target in (promise, *(value for value in promise.values() if isinstance(value, Section))):
            for key in ("within", "off_hours"):
                _require_positive(target, key, problems)
        share = promise.get("warn")
        if share is not None and share >= 1:
            sentence = "The warning comes before the breach; write a share under 100 %."
            problems.error(promise.node_of("warn"), f"{promise.path}.warn", sentence)


def _signers(chapters: Section, problems: Problems) -> None:
    signed = value_at(chapters, "signed_by")
    first, second = str(signed.get("marketing") or ""), str(signed.get("sales") or "")
    if first and first.casefold() == second.casefold():
        sentence = f"{first} cannot sign for both sides; name one person for each."
        problems.error(signed.node_of("sales"), "signed_by.sales", sentence)


def _member_id(item: Located) -> Located:
    return Located(item.value.get("rep"), item.node, item.path) if isinstance(item.value, dict) else item


def _report_duplicates(items: Iterable[Any], what: str, problems: Problems) -> None:
    seen: set[str] = set()
    for item in items:
        if not isinstance(item, Located) or item.value is None:
            continue
        if item.value in seen:
            problems.error(item.node, item.path, f"The {what} {item.value!r} is named twice; keep one of them.")
        seen.add(item.value)


def _require_positive(target: Any, key: str, problems: Problems) -> None:
    written = target.get(key) if isinstance(target, Section) else None
    if isinstance(written, WrittenDuration) and not written.seconds:
        problems.error(
            target.node_of(key), f"{target.path}.{key}", f"{written.text!r} is a time of zero; write at least 1 second."
        )
