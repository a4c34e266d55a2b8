"""Builds the MIME mail of an outgoing message, with a text and an HTML part, and refuses header injection."""

from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from services.notifier.domain.message import OutgoingMessage
from shared.web import templates

_templates = templates("services/notifier/templates")
MAX_HEADER_LENGTH = 160


class UnsendableMail(ValueError):
    """A mail whose address or header cannot be used; the text says why and holds no personal data."""


def mime_message(outgoing: OutgoingMessage, sender: str) -> EmailMessage:
    """Build the mail. Raises UnsendableMail when an address is not valid or a header would be injected."""
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    host = outgoing.notice.message_id.strip("<>").rpartition("@")[2]
    message["From"] = _address(header_text(name) or "Baton", address)
    message["To"] = _address(header_text(outgoing.name), outgoing.address)
    message["Subject"] = header_text(outgoing.message.subject)
    message["Date"] = format_datetime(outgoing.notice.created_at)
    message["Message-ID"] = outgoing.notice.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"<leads.{host}>"
    if outgoing.message.urgent:
        message["Importance"] = "high"
    values = {"message": outgoing.message, "name": outgoing.name}
    message.set_content(_templates.get_template("mail.txt").render(values))
    message.add_alternative(_templates.get_template("mail.html").render(values), subtype="html")
    parsed = message_from_bytes(message.as_bytes(), policy=SMTP)
    if parsed.keys() != message.keys() or not parsed.is_multipart():
        raise UnsendableMail("a name in it would become a header of its own")
    return message


def header_text(text: str) -> str:
    """A text that is safe in a header: one line, no control characters, at most 160 characters."""
    flat = "".join(" " if not character.isprintable() else character for character in text)
    # The email package decodes encoded words in its input ("=?utf-8?q?=0ABcc:...?="), which yields line breaks.
    return " ".join(flat.split()).replace("=?", "= ?")[:MAX_HEADER_LENGTH]


def _address(name: str, address: str) -> Address:
    try:
        return Address(name, addr_spec=address)
    except (MessageError, ValueError, IndexError) as error:
        raise UnsendableMail("the address is not one that mail can be sent to") from error
