"""Failpoints: named places of the code at which a test may kill the process. In production they do nothing."""

from collections.abc import Callable

POINTS = (
    "verified",
    "tx_open",
    "tx_committed_before_2xx",
    "relay_read",
    "published_before_mark",
    "marked",
    "polled",
    "batch_open",
    "tx_committed_before_offset",
    "offset_committed",
    "due_claimed",
    "due_committed",
    "intent_claimed",
    "before_data",
    "after_250_before_mark",
    "post_verified",
    "committed_before_page",
)


def _pass(name: str) -> None:
    """Do nothing."""


on_hit: Callable[[str], None] = _pass


def hit(name: str) -> None:
    """Call `on_hit` with the name of a failpoint. Only the launcher of a test replaces `on_hit`."""
    on_hit(name)
