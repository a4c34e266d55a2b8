"""Email over SMTP: text and HTML, one recipient each, the same Message-ID at every try."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

import aiosmtplib

from services.notifier.channels.outcome import Outcome
from services.notifier.domain.wording import Composed
from services.notifier.settings import Settings
from shared.web import templates

_pages = templates("services/notifier/templates")


class Email:
    """One SMTP server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def send(self, item: Composed) -> Outcome:
        """Send one mail; a refusal for good is final, anything else is tried again."""
        own = self._settings
        if not own.smtp_host:
            return Outcome(False, "BATON_SMTP_HOST is not set")
        try:
            await aiosmtplib.send(
                message(item, own.smtp_from),
                hostname=own.smtp_host,
                port=own.smtp_port,
                username=own.smtp_username or None,
                password=own.smtp_password or None,
                start_tls=own.smtp_starttls,
                use_tls=own.smtp_tls,
                timeout=15,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            return Outcome(
                False, f"the mail server refused the address ({codes})", final=all(code >= 500 for code in codes)
            )
        except aiosmtplib.SMTPResponseException as error:
            return Outcome(False, f"the mail server answered {error.code}", final=error.code in (550, 551, 553, 554))
        except (aiosmtplib.SMTPException, OSError) as error:
            return Outcome(False, f"the mail server cannot be reached ({type(error).__name__})")
        return Outcome(True)


def message(item: Composed, sender: str) -> EmailMessage:
    """The mail: headers that cannot be injected into, a text and an HTML part that say the same."""
    mail = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    mail["From"] = Address(_plain(name) or "Baton", addr_spec=address)
    mail["To"] = Address(_plain(item.name), addr_spec=item.address)
    mail["Subject"] = _plain(item.message.subject)
    mail["Date"] = format_datetime(item.notice["created_at"])
    mail["Message-ID"] = item.notice["message_id"]
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Id"] = f"<leads.{item.notice['message_id'].strip('<>').rpartition('@')[2]}>"
    if item.message.urgent:
        mail["Importance"] = "high"
    values = {"message": item.message, "name": item.name}
    mail.set_content(_pages.get_template("mail.txt").render(values))
    mail.add_alternative(_pages.get_template("mail.html").render(values), subtype="html")
    return mail


def _plain(text: str) -> str:
    return " ".join("".join(" " if ord(sign) < 32 or ord(sign) == 127 else sign for sign in text).split())[:200]
