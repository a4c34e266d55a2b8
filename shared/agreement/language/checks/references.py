"""Checks that names refer to something that exists, that every rule and tier is reachable, and that promises are complete."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from shared.agreement.language.chapters.sales import PROMISE_KEYS
from shared.agreement.language.nodes import value_at
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import Located, Section, suggest
from shared.agreement.time.calendar import Calendar
from shared.agreement.time.duration import parse_duration


def check_references(chapters: Section, problems: Problems, roster: frozenset[str] | None) -> None:
    """Add a problem for each name that refers to nothing, and each rule, tier, team or promise that cannot work."""
    _check_teams(chapters, problems, roster)
    _check_routing(chapters, problems, roster)
    _check_tiers(chapters, problems)
    _check_calendars(chapters, problems)
    _check_promises(chapters, problems)
    _check_content(chapters, problems)


def _check_known(item: Located | None, known: Iterable[str], what: str, problems: Problems) -> None:
    names = list(known)
    if item is not None and item.value is not None and item.value not in names:
        problems.error(item.node, item.path, f"There is no {what} {item.value!r}{suggest(str(item.value), names)}")


def _check_teams(chapters: Section, problems: Problems, roster: frozenset[str] | None) -> None:
    calendars = value_at(chapters, "calendars")
    for name, team in value_at(chapters, "teams").items():
        _check_known(team.get("calendar"), calendars, "calendar", problems)
        if "members" not in team:
            problems.warning(
                team.node, team.path, f"The team {name!r} names no members; the members in the roster are used."
            )
        elif not team["members"]:
            problems.error(team.node_of("members"), f"{team.path}.members", f"The team {name!r} has no members.")
        people = [*team.get("members", []), *([team["manager"]] if team.get("manager") else [])]
        for person in people:
            _check_person(person, roster, problems)


def _check_person(item: Located, roster: frozenset[str] | None, problems: Problems) -> None:
    value = item.value.get("rep") if isinstance(item.value, dict) else item.value
    if roster is not None and value is not None and value not in roster:
        problems.error(
            item.node, item.path, f"{value!r} is not in the roster{suggest(str(value), roster, else_list=False)}"
        )


def _check_routing(chapters: Section, problems: Problems, roster: frozenset[str] | None) -> None:
    teams = value_at(chapters, "teams")
    catch_all: str | None = None
    for rule in chapters.get("routing") or []:
        if catch_all is not None:
            problems.error(
                rule.node, rule.path, f"No lead reaches this rule, because {catch_all!r} before it takes every lead."
            )
            continue
        for key in ("to", "backup"):
            _check_destination(rule.get(key), teams, roster, problems)
        to = rule["to"].value if isinstance(rule.get("to"), Located) else None
        if not rule.get("when") and to not in ("owner", "previous owner") and not str(to).startswith("table:"):
            catch_all = str(rule.get("rule"))
    if chapters.get("routing") and catch_all is None:
        last = chapters["routing"][-1]
        problems.warning(last.node, last.path, "No rule takes every lead; leads that no rule matches are unrouted.")
    if not chapters.get("routing"):
        problems.warning(chapters.node, "routing", "There are no routing rules; every lead is unrouted.")


def _check_destination(item: Located | None, teams: Any, roster: frozenset[str] | None, problems: Problems) -> None:
    if item is None or item.value is None:
        return
    to = str(item.value)
    if to.startswith("rep:"):
        _check_person(Located(to.removeprefix("rep:"), item.node, item.path), roster, problems)
    elif not to.startswith("table:"):
        _check_known(item, (*teams, "owner", "previous owner"), "team", problems)


def _check_tiers(chapters: Section, problems: Problems) -> None:
    rows = value_at(chapters, "qualification", "tiers") or []
    tiers = [row["tier"].value for row in rows if isinstance(row.get("tier"), Located) and row["tier"].value]
    if rows and rows[-1].get("when") != {}:
        last = rows[-1]
        problems.warning(
            last.node, last.path, f"A lead that no tier matches becomes {tiers[-1] if tiers else 'standard'!r}."
        )
    for place, row in enumerate(rows[:-1]):
        if row.get("when") == {}:
            after = rows[place + 1]
            problems.error(
                after.node,
                after.path,
                f"No lead reaches this tier, because {row['tier'].value!r} before it takes every lead.",
            )
    known = tiers or ["standard"]
    for item in (*value_at(chapters, "off_hours").get("except", []), *value_at(chapters, "deliver").get("tiers", [])):
        _check_known(item, known, "tier", problems)
    for item in value_at(chapters, "channels", "quiet_hours").get("except", []):
        _check_known(item, known, "tier", problems)
    for name in ("accept", "first_touch", "cadence"):
        promise: Any = value_at(chapters, "promises", name)
        for key in promise or ():
            if key not in PROMISE_KEYS and key not in known:
                where = promise.node_of(key)
                problems.error(
                    where, f"{promise.path}.{key}", f"There is no tier {key!r}{suggest(key, (*known, *PROMISE_KEYS))}"
                )


def _check_calendars(chapters: Section, problems: Problems) -> None:
    calendars = value_at(chapters, "calendars")
    for name, spec in calendars.items():
        if spec is not None and Calendar.from_spec(spec).never_opens:
            problems.error(calendars.node_of(name), f"calendars.{name}", f"The calendar {name!r} is never open.")
    if chapters.get("promises") and not calendars:
        problems.warning(
            chapters.node_of("promises"), "promises", "There are no calendars; promises run 24 hours a day."
        )


def _check_promises(chapters: Section, problems: Problems) -> None:
    promises = value_at(chapters, "promises")
    for name in ("accept", "first_touch"):
        promise = promises.get(name) if promises else None
        if promise is None:
            continue
        if not promise.get("within") and not any(key not in PROMISE_KEYS for key in promise):
            problems.error(
                promise.node,
                promise.path,
                f"The promise {name!r} has no target; write `within`, or a target for each tier.",
            )
        for key, target in promise.items():
            if (
                key not in PROMISE_KEYS
                and isinstance(target, Section)
                and not target.get("within")
                and "before" not in target
            ):
                problems.error(target.node, target.path, f"The target of {key!r} has no `within`.")
        for step in promise.get("then") or []:
            if ("at" in step) == ("after" in step):
                problems.error(step.node, step.path, "A step needs either `at: breach` or `after: TIME`, and not both.")
        _check_step_order(promise, problems)


def _check_step_order(promise: Section, problems: Problems) -> None:
    """Warn where the calendar decides which of two steps comes first: one counts hours, the other days."""
    delays = [(step, step["after"].text) for step in promise.get("then") or [] if step.get("after")]
    lengths = [(step, text, parse_duration(text)) for step, text in delays]
    shortest = min((length.days for *_, length in lengths if length.days), default=None)
    for step, text, length in lengths:
        if shortest and not length.days and length.rest > shortest * _SHORTEST_WORKING_DAY:
            message = f"{text!r} of business time may end after the step that counts days, and still runs first; write it in days too."
            problems.warning(step.node_of("after"), f"{step.path}.after", message)


_SHORTEST_WORKING_DAY = timedelta(hours=4)


def _check_content(chapters: Section, problems: Problems) -> None:
    content = value_at(chapters, "content")
    for step in value_at(chapters, "promises", "cadence").get("steps") or []:
        if step.get("say"):
            _check_known(step["say"], content, "content", problems)
