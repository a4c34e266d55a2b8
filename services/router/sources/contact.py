"""Contact checks: whether a lead has usable contact data, or its fields must be fetched from the source first."""

from email_validator import EmailNotValidError, validate_email

from services.router.sources.canonical import CanonicalLead

NO_CONTACT = "The lead has no email, no phone and no id, so nobody can be contacted; send at least one of them."
BAD_PHONE = "The phone is not a number, and there is no email and no id; send a phone number or an email."
BAD_EMAIL = "The email is not an address, and there is no phone and no id; send a valid email or a phone."
_MIN_PHONE_DIGITS = 5


def contact_problem(fields: CanonicalLead) -> str | None:
    """Why nobody can be contacted through this lead, in one sentence; None when somebody can, or an id is known."""
    if fields.raw_id or _is_dialable(fields.phone):
        return None
    if fields.email is None:
        return NO_CONTACT if fields.phone is None else BAD_PHONE
    return None if _is_email(fields.email) else BAD_EMAIL


def needs_fetch(fields: CanonicalLead) -> bool:
    """Whether the lead has only an id, so that its fields must be fetched from the source."""
    return fields.raw_id is not None and not fields.email and not _is_dialable(fields.phone)


def _is_dialable(phone: str | None) -> bool:
    return sum(character.isdecimal() for character in phone or "") >= _MIN_PHONE_DIGITS


def _is_email(email: str) -> bool:
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
