"""The message that a channel sends, and the result that the channel returns."""

from dataclasses import dataclass
from typing import Any

from services.notifier.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class Message:
    """The text of a notice: `lines` are sentences, `facts` pairs of label and value, `actions` pairs of label and URL."""

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
    """Whether the channel accepted the message; `final` forbids a retry. `reason` holds no personal data."""

    sent: bool
    reason: str = ""
    final: bool = False
