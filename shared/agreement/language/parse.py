"""Parses an agreement file: every chapter into typed values, every problem with its line and column."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from shared.agreement.language.chapters.distribution import DISTRIBUTION
from shared.agreement.language.chapters.head import GOAL, HEAD
from shared.agreement.language.chapters.marketing import MARKETING
from shared.agreement.language.chapters.notifications import NOTIFICATIONS
from shared.agreement.language.chapters.qualification import QUALIFICATION
from shared.agreement.language.chapters.sales import SALES
from shared.agreement.language.checks.run import run_checks
from shared.agreement.language.problems import Problem, Problems
from shared.agreement.language.schema import MappingSchema, Section

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 30
MAX_VALUES = 20_000
AGREEMENT_SCHEMA = MappingSchema(
    {**HEAD, **GOAL, **QUALIFICATION, **DISTRIBUTION, **SALES, **MARKETING, **NOTIFICATIONS}
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A file that was parsed without an error: its chapters as typed values."""

    chapters: Section

    @property
    def name(self) -> str:
        """The name of the agreement."""
        return str(self.chapters["agreement"])


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The agreement (None when there are errors), and all problems by line and column."""

    agreement: Agreement | None
    problems: tuple[Problem, ...]


def parse_agreement(text: str, roster_ids: Collection[str] | None = None) -> ParseResult:
    """Parse a file; never raises because of its content. With `roster_ids`, people are checked against the roster."""
    problems = Problems()
    node = _compose(text, problems)
    return parse_node(node, problems, roster_ids) if node else ParseResult(None, problems.ordered())


def parse_node(node: Node, problems: Problems, roster_ids: Collection[str] | None = None) -> ParseResult:
    """Parse a file whose YAML is already composed."""
    chapters = AGREEMENT_SCHEMA(node, problems, "")
    run_checks(chapters, problems, frozenset(roster_ids) if roster_ids is not None else None)
    return ParseResult(None if problems.errors else Agreement(chapters), problems.ordered())


def _compose(text: str, problems: Problems) -> Node | None:
    if len(text) > MAX_CHARACTERS:
        problems.error(_node_at(0, 0), "", "The file is longer than 1 MB.")
        return None
    try:
        node = yaml.compose(text, Loader=_BoundedLoader)
    except _LimitExceeded as error:
        problems.error(_node_at(error.mark.line, error.mark.column), "", str(error))
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark or _node_at(0, 0).start_mark
        message = f"The file is not valid YAML here: {(error.problem or error.context or '').removeprefix('but ')}."
        problems.error(_node_at(mark.line, mark.column), "", message)
        return None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = _node_at(before.count("\n"), len(before) - before.rfind("\n") - 1)
        problems.error(place, "", "The file has a control character here, which is not allowed; remove it.")
        return None
    if not isinstance(node, MappingNode):
        problems.error(_node_at(0, 0), "", "The file is empty or not a mapping; it must begin with agreement: NAME.")
        return None
    return node


class _BoundedLoader(yaml.SafeLoader):
    """Stops at aliases, deep nesting and too many values, so that a hostile file cannot exhaust the machine."""

    def __init__(self, stream: Any) -> None:
        self.depth = self.values = 0
        super().__init__(stream)

    def get_event(self) -> Any:
        event: Any = super().get_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _LimitExceeded(event.start_mark, "The file uses a YAML alias (*name); write the value out.")
        self.depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        self.values += isinstance(event, yaml.NodeEvent)
        if self.depth > MAX_DEPTH:
            raise _LimitExceeded(event.start_mark, f"The file is nested more than {MAX_DEPTH} levels deep here.")
        if self.values > MAX_VALUES:
            raise _LimitExceeded(event.start_mark, f"The file holds more than {MAX_VALUES:,} keys and values.")
        return event


class _LimitExceeded(Exception):
    """The file exceeds a limit at this mark."""

    def __init__(self, mark: Any, message: str) -> None:
        super().__init__(message)
        self.mark = mark


def _node_at(line: int, column: int) -> ScalarNode:
    mark = yaml.Mark("", 0, line, column, None, 0)
    return ScalarNode("tag:yaml.org,2002:str", "", mark, mark)
