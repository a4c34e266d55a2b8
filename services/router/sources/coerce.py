"""One value of a payload as a canonical field wants it; None when it cannot be that. Nothing is guessed."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

MAX_TEXT_LENGTH = 2000
MAX_BAND_LENGTH = 40
_LINE_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# Control marks, and the ones that nobody sees but that reverse or split what they stand in.
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
    """A text or a number as one trimmed line without unseen marks; at most 2000 characters of it."""
    return multiline_text(_LINE_BREAKS.sub(" ", value) if isinstance(value, str) else value)


def multiline_text(value: Any) -> str | None:
    """A text or a number, trimmed, its lines kept, without unseen marks; at most 2000 characters of it."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    lines = "\n".join(_INVISIBLE.sub("", line) for line in str(value).splitlines())
    return lines.strip()[:MAX_TEXT_LENGTH].strip() or None


def email(value: Any) -> str | None:
    """An address as it was given, its domain in lower case; of "Ana Silva <ana@x.example>" the address."""
    given = text(value)
    if given is None:
        return None
    given = given[7:] if given.lower().startswith("mailto:") else given
    if given.endswith(">") and given.count("<") == 1 and given.count(">") == 1:
        given = given.partition("<")[2][:-1].strip()
    local, at, domain = given.rpartition("@")
    return f"{local}{at}{domain.lower()}" or None


def hostname(value: Any) -> str | None:
    """The host of a domain or a web address, in lower case and without `www.`."""
    given = text(value)
    if given is None:
        return None
    try:
        found = urlsplit(given if "//" in given else f"//{given}").hostname or ""
    except ValueError:
        return None
    found = found.removeprefix("www.").rstrip(".")
    return found if "." in found and " " not in found else None


def integer(value: Any) -> int | None:
    """A count: 250, "1,200", "1.200" or "250.0"; never a band."""
    given = text(value)
    if given is None:
        return None
    grouped = _GROUPED.fullmatch(given)
    if grouped:
        return int(grouped[1] + re.sub(r"\D", "", grouped[2], flags=re.ASCII))
    found = number(given)
    return int(found) if found is not None and found == int(found) else None


def number(value: Any) -> int | float | None:
    """A number: 87, "77.5", "77,5", "1,200.5"; a whole one comes out as int."""
    given = (text(value) or "").replace(" ", "")
    if found := _THOUSANDS.fullmatch(given):
        given = found[1].replace(",", "") + (found[2] or "")
    elif found := _DECIMAL_COMMA.fullmatch(given):
        given = found[1].replace(".", "") + "." + found[2]
    if not _DECIMAL.fullmatch(given):
        return None
    exact = float(given.replace(",", "."))
    return int(exact) if exact == int(exact) else exact


def band(value: Any) -> str | None:
    """A range of sizes as it was given: "50-200", "1000+", "> 500"."""
    given = text(value)
    return given if given and len(given) <= MAX_BAND_LENGTH and _BAND.fullmatch(given) else None


def band_minimum(given: str) -> int | None:
    """The least size that a band allows; 0 for "up to 50", None when the text is no band."""
    found = _BAND.fullmatch(given) if len(given) <= MAX_BAND_LENGTH else None
    if found is None:
        return None
    low = found["low"] or found["over"] or found["more"]
    return 0 if low is None else int(re.sub(r"\D", "", low, flags=re.ASCII))


def boolean(value: Any) -> bool | None:
    """Yes or no, in the ways that forms say it."""
    if isinstance(value, bool):
        return value
    given = (text(value) or "").casefold()
    return True if given in _TRUE_WORDS else False if given in _FALSE_WORDS else None


def timestamp(value: Any, zone: ZoneInfo | None = None) -> str | None:
    """A time as RFC 3339 UTC: ISO text, or unix seconds or milliseconds. One without a zone needs `zone`."""
    given = text(value)
    if given is None:
        return None
    try:
        if re.fullmatch(r"\d{9,15}", given, re.ASCII):
            count = int(given)
            millis = count if count >= 10**11 else count * 1000
            return rfc3339(datetime.fromtimestamp(millis // 1000, UTC).replace(microsecond=millis % 1000 * 1000))
        found = datetime.fromisoformat(given)
        if found.tzinfo is None:
            if zone is None:
                return None
            found = found.replace(tzinfo=zone)
        return rfc3339(found.astimezone(UTC))
    except (ValueError, OverflowError, OSError):
        return None


def rfc3339(at: datetime) -> str:
    """A UTC moment with milliseconds only where there are some."""
    written = at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return written.replace("+00:00", "Z")


def text_list(value: Any) -> tuple[str, ...]:
    """A list of texts, from a list or from one text parted by ";" or ","; each once, at most 50."""
    given = value if isinstance(value, list) else re.split(r"[;,]", text(value) or "")
    return tuple(dict.fromkeys(word for item in given if (word := text(item))))[:50]


def slug(given: str) -> str:
    """A title as a word that an agreement would use: "Demo request" is demo_request."""
    return re.sub(r"\W+", "_", given.casefold()).strip("_")
