"""Form bodies with bracket keys (`contact[fields][title]`), under caps."""

import re
from typing import Any
from urllib.parse import unquote_plus

from services.router.sources.errors import UnreadableBody

MAX_FIELDS = 1000
MAX_KEY_DEPTH = 5
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INNER = re.compile(r"\[([^\[\]]*)\]")


def parse_form(text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of a form as nested mappings and lists, and remarks about it. Raises Unreadable."""
    pairs = [pair for pair in text.replace("\r\n", "").split("&") if pair]
    if not pairs:
        raise UnreadableBody("The form is empty.")
    if len(pairs) > MAX_FIELDS:
        raise UnreadableBody(f"The form holds {len(pairs)} fields; at most {MAX_FIELDS} are read.")
    form: dict[str, Any] = {}
    notes: list[str] = []
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not _set_value(form, _key_path(_percent_decode(name)), _percent_decode(value)):
            notes.append("A field stands twice in the form; the last value counts.")
    return form, tuple(dict.fromkeys(notes))


def _percent_decode(text: str) -> str:
    try:
        return unquote_plus(text, errors="strict").replace("\x00", "")
    except UnicodeDecodeError as error:
        raise UnreadableBody("The form holds a value that is not UTF-8.") from error


def _key_path(name: str) -> list[str]:
    found = _KEY.fullmatch(name)
    if found is None:
        return [name]
    path = [found[1], *_INNER.findall(found[2])]
    if len(path) > MAX_KEY_DEPTH:
        raise UnreadableBody(f"The form holds a key nested deeper than {MAX_KEY_DEPTH} levels.")
    return path


def _set_value(form: dict[str, Any], path: list[str], value: str) -> bool:
    """Place one value; False when its place was taken by something else."""
    many = path[-1] == "" and len(path) > 1
    keys = path[:-1] if many else path
    place = form
    for key in keys[:-1]:
        inner = place.setdefault(key, {})
        if not isinstance(inner, dict):
            return False
        place = inner
    last = keys[-1]
    if many:
        listed = place.setdefault(last, [])
        if not isinstance(listed, list):
            return False
        listed.append(value)
        return True
    fresh = last not in place
    if fresh or isinstance(place[last], str):
        place[last] = value
    return fresh
