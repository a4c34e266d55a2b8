"""The code as syntax trees, for rules about what stands where."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("router", "timer", "notifier", "console")


def python_files(*folders: str) -> list[Path]:
    """Every Python file under the folders, from the repository's root."""
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse((ROOT / path).read_text(), str(path))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """(module, line) of every import, those inside functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node.lineno
            if node.module and not node.level:
                for alias in node.names:
                    yield f"{node.module}.{alias.name}", node.lineno


def dotted(node: ast.AST) -> str:
    """`datetime.datetime.now` for such a chain of attributes; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
