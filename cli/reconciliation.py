"""Compares the audit counts of the four services: every item must be counted once and every promise needs a clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STATES_IN_CONSOLE = (
    *("parked", "refused", "merged", "nurtured", "held", "unrouted", "assigned", "accepted", "contacted", "advanced"),
    *("disqualified", "recycled", "won", "lost", "received"),
)


@dataclass(frozen=True, slots=True)
class Total:
    """A name and its count."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The result of the audit: the totals in print order, and one sentence for each problem."""

    totals: tuple[Total, ...]
    problems: tuple[str, ...]


def reconcile(counts: Mapping[str, Any]) -> Reconciliation:
    """Compare the counts of router, timer, notifier and console (`GET /v1/audit` of each, by service).

    It must hold: received = duplicates + merged + leads by state + in flight. The router counts received in its
    deliveries, duplicates and merged in its items, and the states in its leads.
    """
    router, timer = counts["router"], counts["timer"]
    items, states = router["items"], router["states"]
    duplicates, merged = items.get("duplicate", 0), states.get("merged", 0)
    unmerged = {state: count for state, count in states.items() if state != "merged"}
    received = router["read"] + router["unread"]
    totals = [
        Total("received", received),
        Total("duplicates", duplicates),
        Total("merged", merged),
        *(Total(f"leads {state}", count) for state, count in sorted(unmerged.items())),
        Total("in flight", router["unread"]),
    ]
    problems = [
        *_missing_items(received, duplicates, merged, sum(unmerged.values()), router["unread"]),
        *_router_problems(router),
    ]
    problems += [
        *_timer_problems(router, timer),
        *_notifier_problems(counts["notifier"]),
        *_console_problems(states, counts),
        *_backlog_problems(counts),
    ]
    return Reconciliation(tuple(totals), tuple(problems))


def _missing_items(received: int, duplicates: int, merged: int, leads: int, in_flight: int) -> list[str]:
    accounted = duplicates + merged + leads + in_flight
    if received == accounted:
        return []
    missing = received - accounted
    difference = f"{missing} lost" if missing > 0 else f"{-missing} too many"
    return [f"{received} items were received, but {accounted} are accounted for: {difference}."]


def _router_problems(router: Mapping[str, Any]) -> list[str]:
    problems = [f"Lead {lead} has two owners at once." for lead in router["two_owners"]]
    problems += [f"Lead {lead} has an owner, but no open assignment." for lead in router["owner_without_assignment"]]
    items, states = router["items"], router["states"]
    if items.get("merged", 0) != states.get("merged", 0):
        problems.append(
            f"{items.get('merged', 0)} items were merged, but {states.get('merged', 0)} leads are in the state merged."
        )
    return problems


def _timer_problems(router: Mapping[str, Any], timer: Mapping[str, Any]) -> list[str]:
    clocks = {(lead, epoch) for lead, epoch in timer["accept"]}
    promised = set(router["bound"])
    problems = [
        f"Lead {row['id']} was assigned to {row['owner']} (epoch {row['epoch']}), but its accept clock was never started."
        for row in router["owned"]
        if (row["id"], row["epoch"]) not in clocks and f"{row['terms_version']}:{row['tier']}" in promised
    ]
    problems += [f"Lead {lead} has two clocks of one promise at once." for lead in timer["doubled"]]
    problems += [f"Clock {clock} runs, but no item is scheduled for it." for clock in timer["asleep"]]
    problems += [f"Clock {clock} is overdue, but no breach was recorded." for clock in timer["overdue"]]
    if timer["waiting"]:
        problems.append(
            f"{timer['waiting']} events in the timer wait for an agreement version or a person that is missing."
        )
    return problems


def _notifier_problems(notifier: Mapping[str, Any]) -> list[str]:
    problems = [f"Notice {notice} waits, but no item is scheduled for it." for notice in notifier["asleep"]]
    if notifier.get("waiting"):
        problems.append(
            f"{notifier['waiting']} events in the notifier wait for a lead, an agreement version or a person that is missing."
        )
    failed = notifier["states"].get("failed", 0)
    return [*problems, f"{failed} notices could not be delivered."] if failed else problems


def _console_problems(states: Mapping[str, int], counts: Mapping[str, Any]) -> list[str]:
    if backlogged(counts):
        return []
    shown = counts["console"]["states"]
    return [
        f"The console shows {shown.get(state, 0)} {state} leads, but the router has {states.get(state, 0)}."
        for state in STATES_IN_CONSOLE
        if shown.get(state, 0) != states.get(state, 0)
    ]


def backlogged(counts: Mapping[str, Any]) -> bool:
    """Whether a service still has events to publish or to handle, so that counts of two services may differ."""
    backlogs = [service["backlog"] for service in counts.values()]
    return any(backlog["outbox"] or backlog["lag"] or backlog["unavailable"] for backlog in backlogs)


def _backlog_problems(counts: Mapping[str, Any]) -> list[str]:
    problems = []
    for name, service in counts.items():
        backlog = service["backlog"]
        problems += backlog["unavailable"]
        if backlog["dead_letters"]:
            problems.append(
                f"{backlog['dead_letters']} dead letters are open in the {name}; list them with: baton dlq list"
            )
        if backlog["outbox"] and backlog["outbox_age"] > 30:
            problems.append(
                f"The outbox of the {name} holds {backlog['outbox']} unpublished events, the oldest {backlog['outbox_age']:.0f} s old."
            )
    return problems
