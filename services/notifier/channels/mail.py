"""A composed notice as a mail: headers that cannot be injected into, a text and an HTML part that say the same."""

from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from services.notifier.domain.message import Composed
from shared.web import templates

_pages = templates("services/notifier/templates")
LONGEST = 160


class Unusable(ValueError):
    """An address that no mail can be sent to; the message is a sentence without the address."""


def mail(item: Composed, sender: str) -> EmailMessage:
    """The mail. Raises Unusable when an address is none."""
    made = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    host = item.notice.message_id.strip("<>").rpartition("@")[2]
    made["From"] = _address(plain(name) or "Baton", address)
    made["To"] = _address(plain(item.name), item.address)
    made["Subject"] = plain(item.message.subject)
    made["Date"] = format_datetime(item.notice.created_at)
    made["Message-ID"] = item.notice.message_id
    made["Auto-Submitted"] = "auto-generated"
    made["List-Id"] = f"<leads.{host}>"
    if item.message.urgent:
        made["Importance"] = "high"
    values = {"message": item.message, "name": item.name}
    made.set_content(_pages.get_template("mail.txt").render(values))
    made.add_alternative(_pages.get_template("mail.html").render(values), subtype="html")
    sent = message_from_bytes(made.as_bytes(), policy=SMTP)
    if sent.keys() != made.keys() or not sent.is_multipart():
        raise Unusable("a name in it would become a header of its own")
    return made


def plain(text: str) -> str:
    """A text as a header may hold it: one line, no control signs, not too long."""
    flat = "".join(" " if not sign.isprintable() else sign for sign in text)
    # The email package decodes the encoded words that it is given ("=?utf-8?q?=0ABcc:...?="), and line breaks come out.
    return " ".join(flat.split()).replace("=?", "= ?")[:LONGEST]


def _address(name: str, address: str) -> Address:
    try:
        return Address(name, addr_spec=address)
    except (MessageError, ValueError, IndexError) as error:
        raise Unusable("the address is not one that a mail can be sent to") from error
