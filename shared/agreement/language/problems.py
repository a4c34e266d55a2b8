"""Errors and warnings about an agreement file, with line and column."""

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
        """Add a problem that prevents the agreement from being executed."""
        self._add(node, path, message, "error")

    def warning(self, node: Node, path: str, message: str) -> None:
        """Add a problem that people should know of and that does not prevent execution."""
        self._add(node, path, message, "warning")

    def _add(self, node: Node, path: str, message: str, severity: Severity) -> None:
        mark = node.start_mark
        problem = Problem(mark.line + 1, mark.column + 1, severity, message, path)
        if problem not in self.items:
            self.items.append(problem)

    @property
    def errors(self) -> list[Problem]:
        """The problems that prevent execution."""
        return [problem for problem in self.items if problem.severity == "error"]

    def ordered(self) -> tuple[Problem, ...]:
        """All problems, ordered by line and column."""
        return tuple(sorted(self.items, key=lambda problem: (problem.line, problem.column, problem.severity)))
