"""Raw bytes to Python values, under caps: JSON and forms that would hurt us are refused with a sentence."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import Any, NoReturn

from services.router.sources.errors import UnreadableBody
from services.router.sources.form import parse_form

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_KEYS = 1000
MAX_NUMBER_LENGTH = 400
FORM_TYPE = "application/x-www-form-urlencoded"
_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "latin1", "iso-8859-15", "windows-1252"}
# Possessive, so that a hostile body costs one pass; an unclosed string runs to the end.
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class ParsedBody:
    """What a body says, and remarks about how it says it (a key that stands twice)."""

    value: Any
    notes: tuple[str, ...] = ()


def media_type(content_type: str) -> tuple[str, str]:
    """The media type in lower case ("" when unsaid), and the charset (utf-8 when unsaid)."""
    message = Message()
    message["content-type"] = content_type.replace("\r", " ").replace("\n", " ")
    charset = message.get_param("charset", "utf-8")
    kind = content_type.split(";", 1)[0].strip().lower()
    return kind, (charset if isinstance(charset, str) else "utf-8").strip().lower()


def parse_body(content_type: str, body: bytes) -> ParsedBody:
    """A body as its type says: a form when it says so, else JSON. Raises Unreadable."""
    kind, charset = media_type(content_type)
    if kind == FORM_TYPE:
        form, notes = parse_form(_decode(body, charset))
        return ParsedBody(form, notes)
    return parse_json(_decode(body, charset))


def parse_json_body(content_type: str, body: bytes) -> ParsedBody:
    """A body that is JSON whatever its type says. Raises Unreadable."""
    return parse_json(_decode(body, media_type(content_type)[1]))


def _decode(body: bytes, charset: str) -> str:
    if len(body) > MAX_BODY_BYTES:
        raise UnreadableBody(f"The body has {len(body)} bytes; at most {MAX_BODY_BYTES} are read.")
    if charset not in _CHARSETS:
        raise UnreadableBody("The charset of the body is unknown; send UTF-8.")
    # Senders that say ASCII and mean UTF-8 are read; the other way round is a mistake we can only show.
    if charset in ("utf8", "us-ascii", "ascii"):
        charset = "utf-8"
    try:
        return body.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError as error:
        raise UnreadableBody(f"The body is not {charset} text at byte {error.start}.") from error


def parse_json(text: str) -> ParsedBody:
    """JSON under caps: depth 32, 1000 keys an object, no NaN or Infinity, no lone surrogate. Raises Unreadable."""
    if not text.strip():
        raise UnreadableBody("The body is empty.")
    _check_depth(text)
    notes: list[str] = []
    try:
        value = json.loads(
            text,
            parse_int=_parse_integer,
            parse_float=_parse_decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_builder(notes),
        )
    except json.JSONDecodeError as error:
        raise UnreadableBody(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from error
    except (RecursionError, MemoryError) as error:
        raise UnreadableBody("The body is JSON that is too deep to read.") from error
    if _SURROGATE.search(text) and not _is_encodable(value):
        raise UnreadableBody("The body holds half a character (a lone surrogate).")
    if "\\u0000" in text:
        value = _strip_nul(value)
        notes.append("NUL characters were dropped.")
    return ParsedBody(value, tuple(dict.fromkeys(notes)))


def _check_depth(text: str) -> None:
    depth = 0
    for found in _BRACKETS.finditer(text):
        sign = found[0]
        if sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise UnreadableBody(f"The body is JSON nested deeper than {MAX_DEPTH} levels.")
        elif sign in "]}":
            depth -= 1


def _parse_integer(text: str) -> int | str:
    if len(text) > MAX_NUMBER_LENGTH:
        raise UnreadableBody(f"The body holds a number of {len(text)} digits.")
    number = int(text)
    # Beyond 64 bits it cannot be stored as a number; an id of that size is kept as its text.
    return number if -(2**63) <= number < 2**63 else text


def _parse_decimal(text: str) -> float:
    number = float(text) if len(text) <= MAX_NUMBER_LENGTH else math.inf
    if not math.isfinite(number):
        raise UnreadableBody("The body holds a number that is too large.")
    return number


def _refuse_constant(word: str) -> NoReturn:
    raise UnreadableBody(f"The body holds {word}, which is not JSON.")


def _object_builder(notes: list[str]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > MAX_KEYS:
            raise UnreadableBody(f"The body holds an object of {len(pairs)} keys; at most {MAX_KEYS} are read.")
        made = dict(pairs)
        if len(made) < len(pairs):
            notes.append("A key stands twice in one object; the last value counts.")
        return made

    return build


def _is_encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _strip_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_strip_nul(item) for item in value]
    if isinstance(value, dict):
        return {_strip_nul(key): _strip_nul(item) for key, item in value.items()}
    return value
