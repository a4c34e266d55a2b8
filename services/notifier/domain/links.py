"""The signed token of an action link: notice, lead, rep, epoch and expiry. `handlers/action_links.py` verifies it."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

PURPOSE = "action link"


@dataclass(frozen=True, slots=True)
class Link:
    """The content of a token; `expires` is UTC, in whole seconds."""

    notice: str
    lead: str
    rep: str
    epoch: int
    expires: datetime

    def body(self) -> bytes:
        """The bytes that are signed."""
        return "\n".join(
            (self.notice, self.lead, self.rep, str(self.epoch), str(int(self.expires.timestamp())))
        ).encode()


def pack(link: Link, signature: str) -> str:
    """The token of a link and its signature."""
    return f"{base64.urlsafe_b64encode(link.body()).decode().rstrip('=')}.{signature}"


def unpack(token: str) -> tuple[Link, str] | None:
    """The link and the signature of a token; None for anything that is not of this form."""
    head, dot, signature = token.partition(".")
    if not dot or len(token) > 1000:
        return None
    try:
        raw = base64.b64decode(head + "=" * (-len(head) % 4), altchars=b"-_", validate=True).decode()
        notice, lead, rep, epoch, expires = raw.split("\n")
        link = Link(notice, lead, rep, int(epoch), datetime.fromtimestamp(int(expires), UTC))
        # Refuse other encodings of the same content: only the exact signed text is valid.
        return (link, signature) if pack(link, signature) == token else None
    except (binascii.Error, ValueError, OverflowError, OSError):
        return None
