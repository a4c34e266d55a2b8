"""docs/events.md and docs/events/*.json: every event, topic by topic, and the JSON Schema of its data."""

import sys
from typing import Any

import orjson

from cli.docs import markdown
from cli.docs.markdown import first_paragraph, table
from shared.events import EVENT_TYPES, TOPICS, EventData

INTRO = """Topics are named `PREFIX.NAME` (`BATON_KAFKA_TOPIC_PREFIX`, `baton`). Every record is one CloudEvents 1.0 event in structured
JSON (`content-type: application/cloudevents+json`), its key is the event's `subject`. `sequence` grows by one for each
subject and topic; `causationid` names the event that caused this one, `correlationid` the first of the chain. Fields are
only ever added, and optional; a reader passes over types that it does not know. The schema of `data` is in `events/`, and
every process serves it at `/schemas/TYPE.json`."""


def schemas() -> dict[str, str]:
    """The JSON Schema of each event type."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    return {
        name: orjson.dumps(kind.model_json_schema(), option=options).decode() + "\n"
        for name, kind in EVENT_TYPES.items()
    }


def page() -> str:
    """The whole page."""
    return markdown.page("Events", INTRO, *(_topic(topic) for topic in TOPICS))


def _topic(topic: str) -> str:
    kinds = [kind for kind in EVENT_TYPES.values() if kind.topic == topic]
    said = first_paragraph(sys.modules[kinds[0].__module__]) if kinds else ""
    said = said.removeprefix(f"`baton.{topic}`: ")
    chapters = [_kind(kind) for kind in kinds]
    return "\n\n".join([f"## baton.{topic}", said[:1].upper() + said[1:], *chapters])


def _kind(kind: type[EventData]) -> str:
    schema = kind.model_json_schema()
    needed = set(schema.get("required", ()))
    rows = [
        (f"`{name}`", _type(field), "" if name in needed else "optional")
        for name, field in schema.get("properties", {}).items()
    ]
    fields = table(("field", "type", ""), rows) if rows else "It carries no data of its own."
    return f"### {kind.type}\n\n{first_paragraph(kind)} ([schema](events/{kind.type}.json))\n\n{fields}"


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(part) for part in field["anyOf"]))
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    name = str(field.get("type", "anything"))
    if name == "array" and isinstance(field.get("items"), dict):
        return f"list of {_type(field['items'])}"
    return str(field.get("format", name))
