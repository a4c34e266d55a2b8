"""Parses raw bodies, as JSON or as forms, within limits; a body beyond them is refused with a sentence."""

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
    """The value of a body, and remarks on it (such as a repeated key)."""

    value: Any
    notes: tuple[str, ...] = ()


def media_type(content_type: str) -> tuple[str, str]:
    """The media type in lower case ("" when absent) and the charset (utf-8 when absent)."""
    message = Message()
    message["content-type"] = content_type.replace("\r", " ").replace("\n", " ")
    charset = message.get_param("charset", "utf-8")
    kind = content_type.split(";", 1)[0].strip().lower()
    return kind, (charset if isinstance(charset, str) else "utf-8").strip().lower()


def parse_body(content_type: str, body: bytes) -> ParsedBody:
    """Parse a body by its content type: a form when it is one, else JSON. Raises UnreadableBody."""
    kind, charset = media_type(content_type)
    if kind == FORM_TYPE:
        fields, notes = parse_form(_decode(body, charset))
        return ParsedBody(fields, notes)
    return parse_json(_decode(body, charset))


def parse_json_body(content_type: str, body: bytes) -> ParsedBody:
    """Parse a body as JSON whatever its content type is. Raises UnreadableBody."""
    return parse_json(_decode(body, media_type(content_type)[1]))


def _decode(body: bytes, charset: str) -> str:
    if len(body) > MAX_BODY_BYTES:
        raise UnreadableBody(f"The body has {len(body)} bytes; send at most {MAX_BODY_BYTES}.")
    if charset not in _CHARSETS:
        raise UnreadableBody("The charset of the body is not supported; send UTF-8.")
    # Many senders announce ASCII and send UTF-8, so ASCII is read as UTF-8.
    if charset in ("utf8", "us-ascii", "ascii"):
        charset = "utf-8"
    try:
        return body.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError as error:
        raise UnreadableBody(
            f"The body is not {charset} text at byte {error.start}; send it in the announced charset."
        ) from error


def parse_json(text: str) -> ParsedBody:
    """Parse JSON within limits: depth 32, 1000 keys an object, no NaN or Infinity, no lone surrogate.

    Raises UnreadableBody.
    """
    if not text.strip():
        raise UnreadableBody("The body is empty; send a lead as JSON.")
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
        raise UnreadableBody(
            f"The body is not JSON at line {error.lineno}, column {error.colno}; send valid JSON."
        ) from error
    except (RecursionError, MemoryError) as error:
        raise UnreadableBody(f"The body is JSON that is too deep to parse; send at most {MAX_DEPTH} levels.") from error
    if _SURROGATE.search(text) and not _is_encodable(value):
        raise UnreadableBody("The body holds half a character (a lone surrogate); send valid Unicode.")
    if "\\u0000" in text:
        value = _strip_nul(value)
        notes.append("NUL characters were removed.")
    return ParsedBody(value, tuple(dict.fromkeys(notes)))


def _check_depth(text: str) -> None:
    depth = 0
    for match in _BRACKETS.finditer(text):
        token = match[0]
        if token in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise UnreadableBody(f"The body is JSON nested deeper than {MAX_DEPTH} levels; send fewer levels.")
        elif token in "]}":
            depth -= 1


def _parse_integer(text: str) -> int | str:
    if len(text) > MAX_NUMBER_LENGTH:
        raise UnreadableBody(f"The body holds a number of {len(text)} digits; send long ids as text.")
    number = int(text)
    # A number beyond 64 bits cannot be stored as a number; such an id is kept as its text.
    return number if -(2**63) <= number < 2**63 else text


def _parse_decimal(text: str) -> float:
    number = float(text) if len(text) <= MAX_NUMBER_LENGTH else math.inf
    if not math.isfinite(number):
        raise UnreadableBody("The body holds a number that is too large; send it as text.")
    return number


def _refuse_constant(word: str) -> NoReturn:
    raise UnreadableBody(f"The body holds {word}, which is not JSON; send null instead.")


def _object_builder(notes: list[str]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > MAX_KEYS:
            raise UnreadableBody(f"The body holds an object of {len(pairs)} keys; send at most {MAX_KEYS}.")
        result = dict(pairs)
        if len(result) < len(pairs):
            notes.append("A key appears twice in one object; the last value counts.")
        return result

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
