"""The audit's verdict: what the four services tell of themselves, held against each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OWNED = ("assigned", "accepted", "contacted", "advanced")
SHOWN_BY_CONSOLE = (
    *("parked", "refused", "merged", "nurtured", "held", "unrouted", "assigned", "accepted", "contacted", "advanced"),
    *("disqualified", "recycled", "won", "lost", "received"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sum: what, and how many."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sum, line by line, and everything that does not add up, a sentence each."""

    lines: tuple[Line, ...]
    wrong: tuple[str, ...]


def judge(terms: Mapping[str, Any]) -> Verdict:
    """Hold the terms of router, timer, notifier and console against each other.

    received = duplicates + merged + leads by state + in flight (contract.md, "Element"): received comes from the
    deliveries, duplicates and merged from the elements, the states from the leads.
    """
    router, timer = terms["router"], terms["timer"]
    became, states = router["items"], router["states"]
    duplicates, merged = became.get("duplicate", 0), states.get("merged", 0)
    living = {state: count for state, count in states.items() if state != "merged"}
    received = router["read"] + router["unread"]
    lines = [
        Line("received", received),
        Line("duplicates", duplicates),
        Line("merged", merged),
        *(Line(f"leads {state}", count) for state, count in sorted(living.items())),
        Line("in flight", router["unread"]),
    ]
    wrong = [*_sum(received, duplicates, merged, sum(living.values()), router["unread"]), *_router(router)]
    wrong += [*_timer(router, timer), *_notifier(terms["notifier"]), *_console(states, terms), *_moving(terms)]
    return Verdict(tuple(lines), tuple(wrong))


def _sum(received: int, duplicates: int, merged: int, living: int, flying: int) -> list[str]:
    accounted = duplicates + merged + living + flying
    if received == accounted:
        return []
    missing = received - accounted
    what = f"{missing} lost" if missing > 0 else f"{-missing} too many"
    return [f"{received} were received, {accounted} are accounted for: {what}."]


def _router(router: Mapping[str, Any]) -> list[str]:
    wrong = [f"Lead {lead} has two owners at once." for lead in router["two_owners"]]
    wrong += [
        f"Lead {lead} has an owner without an assignment that stands." for lead in router["owner_without_assignment"]
    ]
    became, states = router["items"], router["states"]
    if became.get("merged", 0) != states.get("merged", 0):
        wrong.append(f"{became.get('merged', 0)} elements were merged, but {states.get('merged', 0)} leads are.")
    return wrong


def _timer(router: Mapping[str, Any], timer: Mapping[str, Any]) -> list[str]:
    clocks = {(lead, epoch) for lead, epoch in timer["accept"]}
    bound = set(router["bound"])
    wrong = [
        f"Lead {row['id']} was assigned to {row['owner']} (epoch {row['epoch']}), but no clock was ever started."
        for row in router["owned"]
        if (row["id"], row["epoch"]) not in clocks and f"{row['terms_version']}:{row['tier']}" in bound
    ]
    wrong += [f"Lead {lead} has two clocks of one promise at once." for lead in timer["doubled"]]
    wrong += [f"Clock {clock} runs, but nothing will wake it." for clock in timer["asleep"]]
    wrong += [f"Clock {clock} is overdue, and nothing was said." for clock in timer["overdue"]]
    if timer["waiting"]:
        wrong.append(f"{timer['waiting']} events wait in the timer for a version or a person that is not there.")
    return wrong


def _notifier(notifier: Mapping[str, Any]) -> list[str]:
    wrong = [f"Notice {notice} waits, but nothing will wake it." for notice in notifier["asleep"]]
    if notifier.get("waiting"):
        wrong.append(f"{notifier['waiting']} events wait in the notifier for a lead, a version or a person.")
    failed = notifier["states"].get("failed", 0)
    return [*wrong, f"{failed} notices could not be delivered."] if failed else wrong


def _console(states: Mapping[str, int], terms: Mapping[str, Any]) -> list[str]:
    if _busy(terms):
        return []
    shown = terms["console"]["states"]
    return [
        f"The console shows {shown.get(state, 0)} leads {state}, the router has {states.get(state, 0)}."
        for state in SHOWN_BY_CONSOLE
        if shown.get(state, 0) != states.get(state, 0)
    ]


def _busy(terms: Mapping[str, Any]) -> bool:
    return any(service["backlog"]["outbox"] or service["backlog"]["lag"] for service in terms.values())


def _moving(terms: Mapping[str, Any]) -> list[str]:
    wrong = []
    for name, service in terms.items():
        backlog = service["backlog"]
        if backlog["dead_letters"]:
            wrong.append(
                f"{backlog['dead_letters']} dead letters are open in the {name}; see them with: baton dlq list"
            )
        if backlog["outbox"] and backlog["outbox_age"] > 30:
            wrong.append(
                f"The outbox of the {name} has {backlog['outbox']} events, the oldest {backlog['outbox_age']:.0f} s old."
            )
    return wrong
