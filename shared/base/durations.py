"""Formats lengths of time in short words."""

from typing import Any


def format_duration(seconds: Any) -> str:
    """A length of time without its sign: "40 s", "12 min", "3 h 20 min", "2 d 4 h"."""
    total_seconds = abs(int(seconds))
    minutes = total_seconds // 60
    if total_seconds < 60:
        return f"{total_seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"
