"""Rows of the live board: a lead with its owner, the clock that is due next, and how urgent it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.console.domain.clock import next_due
from shared.base.durations import format_duration
from shared.base.promises import promise_label, promise_task


def board_row(
    lead: Mapping[str, Any], clocks: Sequence[Mapping[str, Any]], names: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """The row of a lead as JSON; times are Unix seconds. `names` maps ids of people to names."""
    card = lead["card"]
    clock = next_due(clocks)
    return {
        "id": lead["id"],
        "name": display_name(lead["id"], card),
        "company": card.get("company") or "",
        "source": card.get("source") or "",
        "tier": lead["tier"],
        "grade": lead["grade"] or "",
        "state": lead["state"],
        "owner": names.get(lead["owner"], lead["owner"]) if lead["owner"] else "",
        "team": lead["team"] or "",
        "since": lead["since"].timestamp(),
        "breaches": lead["breaches"],
        "clock": clock_view(clock, now) if clock else None,
    }


def display_name(lead: str, card: Mapping[str, Any]) -> str:
    """The name of a lead, else its email or phone, else the beginning of its id."""
    return str(card.get("name") or card.get("email") or card.get("phone") or f"Lead {lead[:8]}")


def clock_view(clock: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A clock for the pages: promise, task, due and warning time (Unix seconds), colour, and time left in words."""
    late = clock["state"] == "breached" or now > clock["due_at"]
    warned = clock["state"] == "warned" or (clock["warn_at"] is not None and now >= clock["warn_at"])
    return {
        "promise": promise_label(clock["promise"]),
        "task": promise_task(clock["promise"]),
        "due": clock["due_at"].timestamp(),
        "warn": clock["warn_at"].timestamp() if clock["warn_at"] else None,
        "breached": clock["state"] == "breached",
        "color": "late" if late else "warn" if warned else "calm",
        "left": time_left((clock["due_at"] - now).total_seconds()),
    }


def time_left(seconds: float) -> str:
    """Seconds until the due time in words: "12 min left", or "3 min over" for negative seconds."""
    return f"{format_duration(seconds)} {'left' if seconds >= 0 else 'over'}"
