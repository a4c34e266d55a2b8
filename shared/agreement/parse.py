"""Reading an agreement file: every chapter into typed values, every problem with its line and column."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from shared.agreement.chapters.distribution import DISTRIBUTION
from shared.agreement.chapters.head import GOAL, HEAD
from shared.agreement.chapters.marketing import MARKETING
from shared.agreement.chapters.qualification import QUALIFICATION
from shared.agreement.chapters.sales import SALES
from shared.agreement.chapters.telling import TELLING
from shared.agreement.kinds import Section, Shape
from shared.agreement.lint import lint
from shared.agreement.problems import Problem, Problems

LONGEST = 1_000_000
DEEPEST = 30
MOST = 20_000
WHOLE = Shape({**HEAD, **GOAL, **QUALIFICATION, **DISTRIBUTION, **SALES, **MARKETING, **TELLING})


@dataclass(frozen=True, slots=True)
class Agreement:
    """A file that was read without an error: chapter by chapter, values in their types."""

    chapters: Section

    @property
    def name(self) -> str:
        """What the agreement is called."""
        return str(self.chapters["agreement"])


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file holds: the agreement (None when there are errors) and all problems by their place."""

    agreement: Agreement | None
    problems: tuple[Problem, ...]


def parse(text: str, roster_ids: Collection[str] | None = None) -> Parsed:
    """Read a file; never raises for what is in it. With `roster_ids`, people are checked against the roster."""
    problems = Problems()
    node = _composed(text, problems)
    if node is None:
        return Parsed(None, problems.ordered())
    chapters = WHOLE(node, problems, "")
    lint(chapters, problems, frozenset(roster_ids) if roster_ids is not None else None)
    return Parsed(None if problems.errors else Agreement(chapters), problems.ordered())


def _composed(text: str, problems: Problems) -> Node | None:
    if len(text) > LONGEST:
        problems.error(_at(0, 0), "", "The file is longer than 1 MB.")
        return None
    try:
        wrong = _unbounded(text)
        if wrong:
            problems.error(_at(wrong[0].line, wrong[0].column), "", wrong[1])
            return None
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark or _at(0, 0).start_mark
        said = f"The file is not YAML here: {(error.problem or error.context or '').removeprefix('but ')}."
        problems.error(_at(mark.line, mark.column), "", said)
        return None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = _at(before.count("\n"), len(before) - before.rfind("\n") - 1)
        problems.error(place, "", "The file holds a character here that no text has; remove it.")
        return None
    if not isinstance(node, MappingNode):
        problems.error(_at(0, 0), "", "The file is empty or no mapping; it begins with agreement: NAME.")
        return None
    return node


def _unbounded(text: str) -> tuple[Any, str] | None:
    """What would cost more to read than an agreement ever does, and where. Reading stops at the first such place."""
    depth = values = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            return event.start_mark, "The file uses a YAML alias (*name); write the value out."
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        values += isinstance(event, yaml.NodeEvent)
        if depth > DEEPEST:
            return event.start_mark, f"The file is nested more than {DEEPEST} deep here."
        if values > MOST:
            return event.start_mark, f"The file holds more than {MOST:,} keys and values."
    return None


def _at(line: int, column: int) -> ScalarNode:
    mark = yaml.Mark("", 0, line, column, None, 0)
    return ScalarNode("tag:yaml.org,2002:str", "", mark, mark)
