"""Merging enquiries of one person: the merged facts and the merged card."""

from typing import Any


def merge_facts(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The facts of both: new values win, activities add up, and the old `mql` stays where the new enquiry has none."""
    activities = list(dict.fromkeys([*(old.get("activity") or ()), *(new.get("activity") or ())]))
    merged = {**old, **new}
    if "mql" in old and new.get("mql") is None:
        merged["mql"] = old["mql"]
    return {**merged, "activity": activities} if activities else merged


def merge_cards(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The card of both: old values win, except for the activity."""
    return {**new, **old, "activity": new.get("activity") or old.get("activity") or []}
