"""Collect all generated pages, and write those that changed."""

from pathlib import Path

from cli.docs import commands, events, lifecycles, routes, settings

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path("docs/events")


def pages() -> dict[Path, str]:
    """The text of every generated page by its path from the root of the repository."""
    generated = {
        Path("docs/settings.md"): settings.page(),
        Path("docs/events.md"): events.page(),
        Path("docs/routes.md"): routes.page(),
        Path("docs/commands.md"): commands.page(),
        Path("docs/life.md"): lifecycles.page(),
    }
    return generated | {SCHEMAS / f"{name}.json": text for name, text in events.schemas().items()}


def write() -> list[Path]:
    """Write the pages that changed and delete the schemas of removed events. Returns the changed paths."""
    generated = pages()
    touched = []
    for path in sorted((ROOT / SCHEMAS).glob("*.json")):
        if path.relative_to(ROOT) not in generated:
            path.unlink()
            touched.append(path.relative_to(ROOT))
    for path, text in generated.items():
        target = ROOT / path
        if not target.exists() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            touched.append(path)
    return touched
