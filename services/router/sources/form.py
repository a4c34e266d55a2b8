"""Parses form bodies with bracket keys (`contact[fields][title]`), within limits."""

import re
from typing import Any
from urllib.parse import unquote_plus

from services.router.sources.errors import UnreadableBody

MAX_FIELDS = 1000
MAX_KEY_DEPTH = 5
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INNER = re.compile(r"\[([^\[\]]*)\]")


def parse_form(text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of a form as nested mappings and lists, and remarks on it. Raises UnreadableBody."""
    pairs = [pair for pair in text.replace("\r\n", "").split("&") if pair]
    if not pairs:
        raise UnreadableBody("The form is empty; send at least one field.")
    if len(pairs) > MAX_FIELDS:
        raise UnreadableBody(f"The form holds {len(pairs)} fields; send at most {MAX_FIELDS}.")
    form: dict[str, Any] = {}
    notes: list[str] = []
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not _set_value(form, _key_path(_percent_decode(name)), _percent_decode(value)):
            notes.append("A field appears twice in the form; the last value counts.")
    return form, tuple(dict.fromkeys(notes))


def _percent_decode(text: str) -> str:
    try:
        return unquote_plus(text, errors="strict").replace("\x00", "")
    except UnicodeDecodeError as error:
        raise UnreadableBody("The form holds a value that is not UTF-8; send UTF-8.") from error


def _key_path(name: str) -> list[str]:
    match = _KEY.fullmatch(name)
    if match is None:
        return [name]
    path = [match[1], *_INNER.findall(match[2])]
    if len(path) > MAX_KEY_DEPTH:
        raise UnreadableBody(f"The form holds a key nested deeper than {MAX_KEY_DEPTH} levels; send fewer levels.")
    return path


def _set_value(form: dict[str, Any], path: list[str], value: str) -> bool:
    """Set one value at its path; False when something else is already there."""
    is_list = path[-1] == "" and len(path) > 1
    keys = path[:-1] if is_list else path
    parent = form
    for key in keys[:-1]:
        child = parent.setdefault(key, {})
        if not isinstance(child, dict):
            return False
        parent = child
    last = keys[-1]
    if is_list:
        values = parent.setdefault(last, [])
        if not isinstance(values, list):
            return False
        values.append(value)
        return True
    is_new = last not in parent
    if is_new or isinstance(parent[last], str):
        parent[last] = value
    return is_new
