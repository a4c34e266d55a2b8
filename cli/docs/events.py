"""Generate docs/events.md and docs/events/*.json: every event by topic, and the JSON Schema of its data."""

import sys
from typing import Any

import orjson

from cli.docs import markdown
from cli.docs.markdown import first_paragraph, table
from shared.events import EVENT_TYPES, TOPICS, EventData

INTRO = """Topics are named `PREFIX.NAME` (`BATON_KAFKA_TOPIC_PREFIX`, `baton`). Every record is one CloudEvents 1.0 event in structured
JSON (`content-type: application/cloudevents+json`), its key is the event's `subject`. `sequence` grows by one for each
subject and topic; `causationid` names the event that caused this one, `correlationid` the subject of the first event of the chain. Fields are
only ever added, and optional; a reader skips types that it does not know. The schema of `data` is in `events/`, and
every process serves it at `/schemas/TYPE.json`."""


def schemas() -> dict[str, str]:
    """The JSON Schema of each event type, as JSON text by type name."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    return {
        name: orjson.dumps(kind.model_json_schema(), option=options).decode() + "\n"
        for name, kind in EVENT_TYPES.items()
    }


def page() -> str:
    """The Markdown text of the page."""
    return markdown.assemble_page("Events", INTRO, *(_topic_chapter(topic) for topic in TOPICS))


def _topic_chapter(topic: str) -> str:
    event_types = [kind for kind in EVENT_TYPES.values() if kind.topic == topic]
    description = first_paragraph(sys.modules[event_types[0].__module__]) if event_types else ""
    description = description.removeprefix(f"Events of `baton.{topic}`: ")
    chapters = [_event_chapter(kind) for kind in event_types]
    return "\n\n".join([f"## baton.{topic}", description[:1].upper() + description[1:], *chapters])


def _event_chapter(event_type: type[EventData]) -> str:
    schema = event_type.model_json_schema()
    required = set(schema.get("required", ()))
    rows = [
        (f"`{name}`", _type_name(field), "" if name in required else "optional")
        for name, field in schema.get("properties", {}).items()
    ]
    fields = table(("field", "type", ""), rows) if rows else "It has no data fields."
    return (
        f"### {event_type.type}\n\n{first_paragraph(event_type)} ([schema](events/{event_type.type}.json))\n\n{fields}"
    )


def _type_name(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type_name(part) for part in field["anyOf"]))
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    name = str(field.get("type", "anything"))
    if name == "array" and isinstance(field.get("items"), dict):
        return f"list of {_type_name(field['items'])}"
    return str(field.get("format", name))
