"""docs/where.md leads from a rule to its function and its test, and all of them exist."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source_trees import ROOT, tree

ROW = re.compile(r"^\| (?P<question>[^|]+) \| `(?P<function>[^`|]+)` \| `(?P<test>[^`|]+)` \|$", re.M)
ROWS = [match.groupdict() for match in ROW.finditer((ROOT / "docs" / "where.md").read_text())]


def exists(place: str) -> bool:
    """Whether `path.py::Class.name` (or a function, or a constant) is defined there."""
    path, _, name = place.partition("::")
    if not (ROOT / path).is_file():
        return False
    body: list[ast.stmt] = tree(Path(path)).body
    for part in name.split("."):
        definition = next((node for node in body if part in _names(node)), None)
        if definition is None:
            return False
        body = list(getattr(definition, "body", []))
    return True


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return set()


def test_where_answers_at_least_25_questions_and_each_line_of_its_tables_is_read() -> None:
    assert len(ROWS) >= 25
    lines = (ROOT / "docs" / "where.md").read_text().splitlines()
    table_lines = [line for line in lines if line.startswith("| ") and not line.startswith(("| question", "| ---"))]
    assert len(table_lines) == len(ROWS), (
        "a line of docs/where.md is not of the form | question | `function` | `test` |"
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["question"])
def test_the_function_and_the_test_of_each_rule_exist(row: dict[str, str]) -> None:
    assert exists(row["function"]), f"{row['function']} does not exist; docs/where.md names it"
    assert exists(row["test"]), f"{row['test']} does not exist; docs/where.md names it"
    assert row["test"].startswith("tests/"), f"{row['test']} is no test"
