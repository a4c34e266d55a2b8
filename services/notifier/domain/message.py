"""What a channel is given to send, and what it answers."""

from dataclasses import dataclass
from typing import Any

from services.notifier.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class Message:
    """`lines` are sentences, `facts` pairs of label and value, `actions` pairs of label and URL."""

    subject: str
    title: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    actions: tuple[tuple[str, str], ...] = ()
    urgent: bool = False
    footer: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A notice, its message, the recipient's address and name (both "" for a webhook), and a webhook's payload."""

    notice: Notice
    message: Message
    address: str
    name: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SendResult:
    """Whether the channel took the message; `final` means that a retry is pointless. `reason` holds no personal data."""

    sent: bool
    reason: str = ""
    final: bool = False
