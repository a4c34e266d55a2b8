"""A lead as one row of the floor: who, whose, which clock runs, and how urgent it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.console.domain.clock import next_due

PROMISES = {"accept": "accept", "first_touch": "first touch"}


def board_row(
    lead: Mapping[str, Any], clocks: Sequence[Mapping[str, Any]], names: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """The row, as JSON: times are unix seconds."""
    card = lead["card"]
    clock = next_due(clocks)
    return {
        "id": lead["id"],
        "name": display_name(lead["id"], card),
        "company": card.get("company") or "",
        "source": card.get("source") or "",
        "tier": lead["tier"],
        "score": lead["score"] or "",
        "state": lead["state"],
        "owner": names.get(lead["owner"], lead["owner"]) if lead["owner"] else "",
        "team": lead["team"] or "",
        "since": lead["since"].timestamp(),
        "breaches": lead["breaches"],
        "clock": clock_view(clock, now) if clock else None,
    }


def display_name(lead: str, card: Mapping[str, Any]) -> str:
    """What to call a lead: the name, else how it can be reached, else the beginning of its id."""
    return str(card.get("name") or card.get("email") or card.get("phone") or f"Lead {lead[:8]}")


def clock_view(clock: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A clock as the page shows it: what for, when it is due, its colour and the time left in words."""
    late = clock["state"] == "breached" or now > clock["due_at"]
    warned = clock["state"] == "warned" or (clock["warn_at"] is not None and now >= clock["warn_at"])
    return {
        "promise": PROMISES.get(clock["promise"], clock["promise"]),
        "due": clock["due_at"].timestamp(),
        "warn": clock["warn_at"].timestamp() if clock["warn_at"] else None,
        "breached": clock["state"] == "breached",
        "color": "late" if late else "warn" if warned else "calm",
        "left": time_left((clock["due_at"] - now).total_seconds()),
    }


def time_left(seconds: float) -> str:
    """The time left in words: "12 min left", "3 min over"."""
    whole = abs(int(seconds))
    minutes = whole // 60
    if whole < 60:
        said = f"{whole} s"
    elif minutes < 60:
        said = f"{minutes} min"
    elif minutes < 2880:
        said = f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    else:
        said = f"{minutes // 1440} d {minutes % 1440 // 60} h"
    return f"{said} left" if seconds >= 0 else f"{said} over"
