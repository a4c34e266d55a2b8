"""Compiles a parsed agreement to the executable agreement: plain values, with the dates of the holidays."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from shared.agreement.language.chapters.sales import PROMISE_KEYS
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
    RoutingRule,
    Target,
    Team,
    Tier,
    Unrouted,
)
from shared.agreement.time.duration import parse_duration
from shared.agreement.time.holidays import public_holidays

EXECUTED_PROMISES = ("accept", "first_touch")


def compile_agreement(agreement: Agreement, *, from_year: int, years: int = 10) -> ExecutableAgreement:
    """The executable agreement, with the holidays of `years` years and of the year before `from_year`."""
    chapters: dict[str, Any] = agreement.chapters
    calendars = dict(chapters.get("calendars") or {})
    holiday_years = range(from_year - 1, from_year + years)
    return ExecutableAgreement(
        name=agreement.name,
        effective=chapters.get("effective"),
        timezone=chapters.get("timezone") or "UTC",
        signed_by={side: person.casefold() for side, person in (chapters.get("signed_by") or {}).items()},
        people={side: tuple(map(_fold_address, names)) for side, names in (chapters.get("people") or {}).items()},
        **_qualification(chapters.get("qualification") or {}),
        teams={name: _team(team) for name, team in (chapters.get("teams") or {}).items()},
        routing=tuple(
            _rule(rule) for rule in chapters.get("routing") or [] if not rule["to"].value.startswith("table:")
        ),
        unrouted=_unrouted(chapters.get("unrouted") or {}),
        off_hours=_off_hours(chapters.get("off_hours") or {}),
        calendars=calendars,
        holidays={
            name: public_holidays(spec.holidays, holiday_years) for name, spec in calendars.items() if spec.holidays
        },
        promises=_promises(chapters.get("promises") or {}),
        clock=_clock((chapters.get("promises") or {}).get("clock") or {}),
        decline=Decline(**_lists_as_tuples((chapters.get("dispositions") or {}).get("decline") or {})),
        disqualify=tuple((chapters.get("dispositions") or {}).get("disqualify") or ()),
        channels=_channels(chapters.get("channels") or {}),
    )


def _fold_address(person: str) -> str:
    """An address in lower case, as addresses are compared; a person's id unchanged."""
    return person.casefold() if "@" in person else person


def _lists_as_tuples(section: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in section.items()}


def _qualification(section: dict[str, Any]) -> dict[str, Any]:
    score = section.get("score") or {}
    fields: dict[str, Any] = {
        "refuse": tuple(Refusal(reason=row["reason"], when=row["when"]) for row in section.get("refuse") or ()),
        "fit": tuple(
            FitRule(points=row["points"], when=row["when"], why=row.get("why") or "") for row in score.get("fit") or ()
        ),
        "grades": tuple(Grade(grade=letter, test=test) for letter, test in (score.get("grade") or {}).items()),
        "sales_ready": section.get("sales_ready"),
    }
    if section.get("tiers"):
        fields["tiers"] = tuple(Tier(tier=row["tier"].value, when=row["when"]) for row in section["tiers"])
    if section.get("duplicates"):
        rows = section["duplicates"]
        within = {"within": rows["within"].seconds} if rows.get("within") else {}
        match = {"match": tuple(rows["match"])} if rows.get("match") else {}
        fields["duplicates"] = Duplicates(**within, **match)
    if section.get("needs"):
        needs = section["needs"]
        fields["needs"] = Needs(
            of=dict(needs["of"]), at_least=needs.get("at_least", 1), before=needs.get("before") or "never"
        )
    return fields


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


def _rule(rule: dict[str, Any]) -> RoutingRule:
    return RoutingRule(
        rule=rule["rule"],
        when=rule.get("when") or {},
        to=rule["to"].value,
        within=rule["within"].seconds if rule.get("within") else None,
        skills=tuple(rule.get("skills") or ()),
        backup=rule["backup"].value if rule.get("backup") else None,
    )


def _unrouted(section: dict[str, Any]) -> Unrouted:
    return Unrouted(alert=section.get("alert") or "ops", after=section["after"].seconds if section.get("after") else 0)


def _off_hours(section: dict[str, Any]) -> OffHours:
    excepted = tuple(item.value for item in section.get("except") or ())
    return OffHours(then=section.get("then") or "assign anyway", excepted=excepted)


def _promises(section: dict[str, Any]) -> dict[str, Promise]:
    return {name: _promise(name, section[name]) for name in EXECUTED_PROMISES if section.get(name)}


def _promise(name: str, section: dict[str, Any]) -> Promise:
    targets = {key: _target(value) for key, value in section.items() if key not in PROMISE_KEYS and value.get("within")}
    if section.get("within"):
        targets["*"] = _target(section)
    runs_from = section.get("from") or ("assigned" if name == "accept" else "accepted")
    return Promise(
        name=name,
        targets=targets,
        warn=section["warn"] if section.get("warn") is not None else Decimal("0.75"),
        steps=tuple(sorted((_step(step) for step in section.get("then") or ()), key=_step_order)),
        runs_from=runs_from,
        met_by=section.get("met_by") or "attempt",
    )


def _target(section: dict[str, Any]) -> Target:
    off = section.get("off_hours")
    return Target(within=section["within"].text, off_hours=off.seconds if off else None)


def _step(section: dict[str, Any]) -> EscalationStep:
    days, rest = parse_duration(section["after"].text) if section.get("after") else (0, timedelta(0))
    fields = {"do": tuple(section["do"]), "at_most": section.get("at_most"), "never": section.get("never")}
    return EscalationStep(days=days, after=int(rest.total_seconds()), **fields)


def _step_order(step: EscalationStep) -> tuple[int, int]:
    """The order of escalation steps: by business days first, then by business hours."""
    return step.days, step.after


def _clock(section: dict[str, Any]) -> ClockRules:
    least = (section.get("on_reassign") or {}).get("continue_with_at_least")
    fields = {name: section[name] for name in ("follows", "at_close") if section.get(name)}
    return ClockRules(**fields, **({"continue_with_at_least": least.seconds} if least else {}))


def _channels(section: dict[str, Any]) -> dict[str, tuple[Channel, ...]]:
    roles = ("owner", "manager", "ops", "marketing", "sales")
    return {role: tuple(Channel(**channel) for channel in section[role]) for role in roles if section.get(role)}
