"""Coerces one payload value to the type of a canonical field; None when it is not valid. Nothing is guessed."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

MAX_TEXT_LENGTH = 2000
MAX_BAND_LENGTH = 40
_LINE_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# Control characters, and invisible ones that reverse or split the text around them.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_GROUPED = re.compile(r"([+-]?\d{1,3})((?:[,.' \u00a0\u202f]\d{3})+)", re.ASCII)
_THOUSANDS = re.compile(r"([+-]?\d{1,3}(?:,\d{3})+)(\.\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"([+-]?\d{1,3}(?:\.\d{3})+),(\d+)", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII)
_BAND = re.compile(
    r"(?:(?P<low>\d[\d,.' ]*?)\s*(?:-|–|—|to|\.\.+)\s*\d[\d,.' ]*|(?P<over>\d[\d,.' ]*?)\s*(?:\+|or more|and over)"
    r"|(?:>=?|over|more than)\s*(?P<more>\d[\d,.' ]*)|(?:<=?|under|less than|up to)\s*\d[\d,.' ]*)"
    r"\s*(?:employees|people)?",
    re.ASCII | re.IGNORECASE,
)
_TRUE_WORDS = frozenset(("true", "yes", "y", "1", "on", "t"))
_FALSE_WORDS = frozenset(("false", "no", "n", "0", "off", "f"))


def text(value: Any) -> str | None:
    """A text or a number as one trimmed line without invisible characters; at most 2000 characters."""
    return multiline_text(_LINE_BREAKS.sub(" ", value) if isinstance(value, str) else value)


def multiline_text(value: Any) -> str | None:
    """A text or a number, trimmed, with its line breaks, without invisible characters; at most 2000 characters."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    lines = "\n".join(_INVISIBLE.sub("", line) for line in str(value).splitlines())
    return lines.strip()[:MAX_TEXT_LENGTH].strip() or None


def email(value: Any) -> str | None:
    """An email address as given, with its domain in lower case; "Ana Silva <ana@x.example>" gives the address."""
    address = text(value)
    if address is None:
        return None
    address = address[7:] if address.lower().startswith("mailto:") else address
    if address.endswith(">") and address.count("<") == 1 and address.count(">") == 1:
        address = address.partition("<")[2][:-1].strip()
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}" or None


def hostname(value: Any) -> str | None:
    """The host name of a domain or a URL, in lower case and without `www.`."""
    url = text(value)
    if url is None:
        return None
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return None
    host = host.removeprefix("www.").rstrip(".")
    return host if "." in host and " " not in host else None


def integer(value: Any) -> int | None:
    """A whole number: 250, "1,200", "1.200" or "250.0"; never a band."""
    digits = text(value)
    if digits is None:
        return None
    grouped = _GROUPED.fullmatch(digits)
    if grouped:
        return int(grouped[1] + re.sub(r"\D", "", grouped[2], flags=re.ASCII))
    exact = number(digits)
    return int(exact) if exact is not None and exact == int(exact) else None


def number(value: Any) -> int | float | None:
    """A number: 87, "77.5", "77,5", "1,200.5"; an int when it is whole."""
    digits = (text(value) or "").replace(" ", "")
    if match := _THOUSANDS.fullmatch(digits):
        digits = match[1].replace(",", "") + (match[2] or "")
    elif match := _DECIMAL_COMMA.fullmatch(digits):
        digits = match[1].replace(".", "") + "." + match[2]
    if not _DECIMAL.fullmatch(digits):
        return None
    exact = float(digits.replace(",", "."))
    return int(exact) if exact == int(exact) else exact


def band(value: Any) -> str | None:
    """A range of sizes, as given: "50-200", "1000+", "> 500"."""
    size = text(value)
    return size if size and len(size) <= MAX_BAND_LENGTH and _BAND.fullmatch(size) else None


def band_minimum(size: str) -> int | None:
    """The smallest size in a band; 0 for "up to 50", None when the text is not a band."""
    match = _BAND.fullmatch(size) if len(size) <= MAX_BAND_LENGTH else None
    if match is None:
        return None
    low = match["low"] or match["over"] or match["more"]
    return 0 if low is None else int(re.sub(r"\D", "", low, flags=re.ASCII))


def boolean(value: Any) -> bool | None:
    """A boolean, from true/false, yes/no, y/n, on/off, t/f or 1/0."""
    if isinstance(value, bool):
        return value
    word = (text(value) or "").casefold()
    return True if word in _TRUE_WORDS else False if word in _FALSE_WORDS else None


def timestamp(value: Any, zone: ZoneInfo | None = None) -> str | None:
    """A time as RFC 3339 UTC, from ISO text, unix seconds or milliseconds; a time without a zone needs `zone`."""
    written = text(value)
    if written is None:
        return None
    try:
        if re.fullmatch(r"\d{9,15}", written, re.ASCII):
            count = int(written)
            millis = count if count >= 10**11 else count * 1000
            return _format_utc(datetime.fromtimestamp(millis // 1000, UTC).replace(microsecond=millis % 1000 * 1000))
        at = datetime.fromisoformat(written)
        if at.tzinfo is None:
            if zone is None:
                return None
            at = at.replace(tzinfo=zone)
        return _format_utc(at.astimezone(UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _format_utc(at: datetime) -> str:
    """RFC 3339 with milliseconds only when they are not zero: senders' times are shown as they wrote them."""
    written = at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return written.replace("+00:00", "Z")


def text_list(value: Any) -> tuple[str, ...]:
    """A list of distinct texts, from a list or from one text separated by ";" or ","; at most 50."""
    items = value if isinstance(value, list) else re.split(r"[;,]", text(value) or "")
    return tuple(dict.fromkeys(line for item in items if (line := text(item))))[:50]


def slug(title: str) -> str:
    """A title as the word that conditions use: "Demo request" is demo_request."""
    return re.sub(r"\W+", "_", title.casefold()).strip("_")
