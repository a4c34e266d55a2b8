"""What is wrong with an agreement file, and where."""

from typing import Literal, NamedTuple

from yaml.nodes import Node

Severity = Literal["error", "warning"]


class Problem(NamedTuple):
    """One problem: `line` and `column` count from 1, `path` is the place in the file (`promises.accept.warn`)."""

    line: int
    column: int
    severity: Severity
    message: str
    path: str = ""


class Problems:
    """The problems found so far."""

    def __init__(self) -> None:
        self.items: list[Problem] = []

    def error(self, node: Node, path: str, message: str) -> None:
        """It cannot be executed."""
        self._add(node, path, message, "error")

    def warning(self, node: Node, path: str, message: str) -> None:
        """It can, but somebody should know."""
        self._add(node, path, message, "warning")

    def _add(self, node: Node, path: str, message: str, severity: Severity) -> None:
        mark = node.start_mark
        problem = Problem(mark.line + 1, mark.column + 1, severity, message, path)
        if problem not in self.items:
            self.items.append(problem)

    @property
    def errors(self) -> list[Problem]:
        """Those that forbid execution."""
        return [problem for problem in self.items if problem.severity == "error"]

    def ordered(self) -> tuple[Problem, ...]:
        """All of them, by their place."""
        return tuple(sorted(self.items, key=lambda problem: (problem.line, problem.column, problem.severity)))
