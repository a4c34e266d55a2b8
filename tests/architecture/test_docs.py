"""Every setting, event, route and command is documented, and the generated pages are current."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cli.docs import ROOT, pages
from cli.docs.commands import command_paths
from cli.docs.markdown import first_paragraph
from cli.docs.routes import routes
from cli.docs.settings import setting_names
from shared.events import EVENT_TYPES


def read(path: str) -> str:
    return (ROOT / path).read_text()


def test_the_generated_pages_are_current() -> None:
    stale = [str(path) for path, text in pages().items() if not (ROOT / path).exists() or read(str(path)) != text]
    assert stale == [], "run `make docs`"


def test_every_schema_file_belongs_to_an_existing_event_type() -> None:
    assert {path.stem for path in (ROOT / "docs" / "events").glob("*.json")} == set(EVENT_TYPES)


def test_every_setting_is_documented_with_what_it_means() -> None:
    text = read("docs/settings.md")
    for name in setting_names():
        row = re.search(rf"^\| `{name}` \|[^|]*\| (.+) \|$", text, re.M)
        assert row, f"{name} is not in docs/settings.md"
        assert row.group(1).strip(), f"{name} does not say what it means"


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_every_event_type_is_documented_and_its_schema_is_valid_and_current(name: str) -> None:
    assert f"### {name}\n\n" in read("docs/events.md")
    assert first_paragraph(EVENT_TYPES[name]), f"{name} does not say what it means"
    schema = json.loads(read(f"docs/events/{name}.json"))
    Draft202012Validator.check_schema(schema)
    assert schema == json.loads(json.dumps(EVENT_TYPES[name].model_json_schema()))


def test_every_route_is_documented_with_what_it_does() -> None:
    text = read("docs/routes.md")
    documented = [route for service_routes in routes().values() for route in service_routes]
    assert len(documented) > 30
    for route in documented:
        assert f"`{route.path}`" in text
        assert first_paragraph(route.endpoint), f"{route.path} does not say what it does"


def test_every_command_is_documented_with_an_example() -> None:
    text = read("docs/commands.md")
    commands = command_paths()
    assert len(commands) > 20
    for name in commands:
        chapter = re.search(rf"^## baton {re.escape(name)}( [A-Z_\.\s]+)?\n(.+?)(?=^## |\Z)", text, re.M | re.S)
        assert chapter, f"baton {name} is not in docs/commands.md"
        assert f"\n    baton {name}" in chapter.group(2), f"baton {name} shows no example"


def test_every_relative_link_between_pages_leads_to_an_existing_file() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in link and not link.startswith("mailto:") and not (page.parent / Path(link)).exists():
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []
