"""From a file that was read to what is executed: plain values, holidays materialised."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from shared.agreement.language.parse import Agreement
from shared.agreement.model import (
    Channel,
    ClockRules,
    Decline,
    Duplicates,
    EscalationStep,
    ExecutableAgreement,
    FitRule,
    Grade,
    Member,
    Needs,
    OffHours,
    Promise,
    Refusal,
    Rule,
    Target,
    Team,
    Tier,
    Unrouted,
)
from shared.agreement.time.duration import parse_within
from shared.agreement.time.holidays import materialise

_FIXED = ("within", "off_hours", "warn", "then", "from", "met_by")
RUN = ("accept", "first_touch")


def compile_agreement(agreement: Agreement, *, from_year: int, years: int = 10) -> ExecutableAgreement:
    """The executed part; holidays of `years` years, beginning with the one before `from_year`."""
    found: dict[str, Any] = agreement.chapters
    calendars = dict(found.get("calendars") or {})
    span = range(from_year - 1, from_year + years)
    return ExecutableAgreement(
        name=agreement.name,
        effective=found.get("effective"),
        timezone=found.get("timezone") or "UTC",
        signed_by={side: person.casefold() for side, person in (found.get("signed_by") or {}).items()},
        people={side: tuple(map(_folded, names)) for side, names in (found.get("people") or {}).items()},
        **_qualification(found.get("qualification") or {}),
        teams={name: _team(team) for name, team in (found.get("teams") or {}).items()},
        routing=tuple(_rule(rule) for rule in found.get("routing") or [] if not rule["to"].value.startswith("table:")),
        unrouted=_unrouted(found.get("unrouted") or {}),
        off_hours=_off_hours(found.get("off_hours") or {}),
        calendars=calendars,
        holidays={name: materialise(spec.holidays, span) for name, spec in calendars.items() if spec.holidays},
        promises=_promises(found.get("promises") or {}),
        clock=_clock((found.get("promises") or {}).get("clock") or {}),
        decline=Decline(**_tuples((found.get("dispositions") or {}).get("decline") or {})),
        disqualify=tuple((found.get("dispositions") or {}).get("disqualify") or ()),
        channels=_channels(found.get("channels") or {}),
    )


def _folded(person: str) -> str:
    """An address as it compares; the id of a person as it is."""
    return person.casefold() if "@" in person else person


def _tuples(section: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in section.items()}


def _qualification(found: dict[str, Any]) -> dict[str, Any]:
    score = found.get("score") or {}
    made: dict[str, Any] = {
        "refuse": tuple(Refusal(reason=row["reason"], when=row["when"]) for row in found.get("refuse") or ()),
        "fit": tuple(
            FitRule(points=row["points"], when=row["when"], why=row.get("why") or "") for row in score.get("fit") or ()
        ),
        "grades": tuple(Grade(grade=letter, test=test) for letter, test in (score.get("grade") or {}).items()),
        "sales_ready": found.get("sales_ready"),
    }
    if found.get("tiers"):
        made["tiers"] = tuple(Tier(tier=row["tier"].value, when=row["when"]) for row in found["tiers"])
    if found.get("duplicates"):
        rows = found["duplicates"]
        within = {"within": rows["within"].seconds} if rows.get("within") else {}
        match = {"match": tuple(rows["match"])} if rows.get("match") else {}
        made["duplicates"] = Duplicates(**within, **match)
    if found.get("needs"):
        needs = found["needs"]
        made["needs"] = Needs(
            of=dict(needs["of"]), at_least=needs.get("at_least", 1), before=needs.get("before") or "never"
        )
    return made


def _team(team: dict[str, Any]) -> Team:
    members = [item.value for item in team.get("members") or ()]
    return Team(
        manager=team["manager"].value if team.get("manager") else None,
        members=tuple(
            Member(rep=item["rep"], weight=item.get("weight") or 1) if isinstance(item, dict) else Member(rep=item)
            for item in members
        ),
        from_roster="members" not in team,
        calendar=team["calendar"].value if team.get("calendar") else None,
        method=team.get("method") or "round robin",
        cap_open=(team.get("cap") or {}).get("open"),
    )


def _rule(rule: dict[str, Any]) -> Rule:
    return Rule(
        rule=rule["rule"],
        when=rule.get("when") or {},
        to=rule["to"].value,
        within=rule["within"].seconds if rule.get("within") else None,
        skills=tuple(rule.get("skills") or ()),
        backup=rule["backup"].value if rule.get("backup") else None,
    )


def _unrouted(found: dict[str, Any]) -> Unrouted:
    return Unrouted(alert=found.get("alert") or "ops", after=found["after"].seconds if found.get("after") else 0)


def _off_hours(found: dict[str, Any]) -> OffHours:
    excepted = tuple(item.value for item in found.get("except") or ())
    return OffHours(then=found.get("then") or "assign anyway", excepted=excepted)


def _promises(found: dict[str, Any]) -> dict[str, Promise]:
    return {name: _promise(name, found[name]) for name in RUN if found.get(name)}


def _promise(name: str, found: dict[str, Any]) -> Promise:
    targets = {key: _target(value) for key, value in found.items() if key not in _FIXED and value.get("within")}
    if found.get("within"):
        targets["*"] = _target(found)
    runs_from = found.get("from") or ("assigned" if name == "accept" else "accepted")
    return Promise(
        name=name,
        targets=targets,
        warn=found["warn"] if found.get("warn") is not None else Decimal("0.75"),
        rungs=tuple(sorted((_rung(rung) for rung in found.get("then") or ()), key=_length)),
        runs_from=runs_from,
        met_by=found.get("met_by") or "attempt",
    )


def _target(found: dict[str, Any]) -> Target:
    off = found.get("off_hours")
    return Target(within=found["within"].text, off_hours=off.seconds if off else None)


def _rung(found: dict[str, Any]) -> EscalationStep:
    days, rest = parse_within(found["after"].text) if found.get("after") else (0, timedelta(0))
    said = {"do": tuple(found["do"]), "at_most": found.get("at_most"), "never": found.get("never")}
    return EscalationStep(days=days, after=int(rest.total_seconds()), **said)


def _length(rung: EscalationStep) -> tuple[int, int]:
    """Rungs stand in the order of their lengths; one of days comes after those of hours."""
    return rung.days, rung.after


def _clock(found: dict[str, Any]) -> ClockRules:
    least = (found.get("on_reassign") or {}).get("continue_with_at_least")
    given = {name: found[name] for name in ("follows", "at_close") if found.get(name)}
    return ClockRules(**given, **({"continue_with_at_least": least.seconds} if least else {}))


def _channels(found: dict[str, Any]) -> dict[str, tuple[Channel, ...]]:
    roles = ("owner", "manager", "ops", "marketing", "sales")
    return {role: tuple(Channel(**way) for way in found[role]) for role in roles if found.get(role)}
