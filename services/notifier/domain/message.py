"""What a channel sends, whatever the channel: sentences, facts, and links to act."""

from dataclasses import dataclass
from typing import Any

from services.notifier.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class Message:
    """`lines` are sentences, `facts` are label and value, `actions` are label and URL."""

    subject: str
    title: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    actions: tuple[tuple[str, str], ...] = ()
    urgent: bool = False
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Composed:
    """A notice, the message that it says, the address that it goes to ("" for a webhook), and a webhook's payload."""

    notice: Notice
    message: Message
    address: str
    name: str
    payload: dict[str, Any]
