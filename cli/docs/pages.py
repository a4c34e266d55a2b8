"""All generated pages as (path, text), and writing those that changed."""

from pathlib import Path

from cli.docs import commands, events, life, routes, settings

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path("docs/events")


def pages() -> dict[Path, str]:
    """Every generated page by its path from the repository's root."""
    found = {
        Path("docs/settings.md"): settings.page(),
        Path("docs/events.md"): events.page(),
        Path("docs/routes.md"): routes.page(),
        Path("docs/commands.md"): commands.page(),
        Path("docs/life.md"): life.page(),
    }
    return found | {SCHEMAS / f"{name}.json": text for name, text in events.schemas().items()}


def write() -> list[Path]:
    """Write what changed and take away schemas of events that are gone; returns the paths touched."""
    wanted = pages()
    touched = []
    for path in sorted((ROOT / SCHEMAS).glob("*.json")):
        if path.relative_to(ROOT) not in wanted:
            path.unlink()
            touched.append(path.relative_to(ROOT))
    for path, text in wanted.items():
        place = ROOT / path
        if not place.exists() or place.read_text() != text:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
            touched.append(path)
    return touched
