"""Reading an agreement file: every chapter into typed values, every problem with its line and column."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from shared.agreement.language.chapters.distribution import DISTRIBUTION
from shared.agreement.language.chapters.head import GOAL, HEAD
from shared.agreement.language.chapters.marketing import MARKETING
from shared.agreement.language.chapters.notifications import TELLING
from shared.agreement.language.chapters.qualification import QUALIFICATION
from shared.agreement.language.chapters.sales import SALES
from shared.agreement.language.checks.references import lint
from shared.agreement.language.problems import Problem, Problems
from shared.agreement.language.schema import Section, Shape

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
    return read(node, problems, roster_ids) if node else Parsed(None, problems.ordered())


def read(node: Node, problems: Problems, roster_ids: Collection[str] | None = None) -> Parsed:
    """Read a file whose YAML is composed already."""
    chapters = WHOLE(node, problems, "")
    lint(chapters, problems, frozenset(roster_ids) if roster_ids is not None else None)
    return Parsed(None if problems.errors else Agreement(chapters), problems.ordered())


def _composed(text: str, problems: Problems) -> Node | None:
    if len(text) > LONGEST:
        problems.error(_at(0, 0), "", "The file is longer than 1 MB.")
        return None
    try:
        node = yaml.compose(text, Loader=_Bounded)
    except _TooMuch as error:
        problems.error(_at(error.mark.line, error.mark.column), "", str(error))
        return None
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


class _Bounded(yaml.SafeLoader):
    """Stops at the first place that would cost more to read than an agreement ever does."""

    def __init__(self, stream: Any) -> None:
        self.depth = self.values = 0
        super().__init__(stream)

    def get_event(self) -> Any:
        event: Any = super().get_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _TooMuch(event.start_mark, "The file uses a YAML alias (*name); write the value out.")
        self.depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        self.values += isinstance(event, yaml.NodeEvent)
        if self.depth > DEEPEST:
            raise _TooMuch(event.start_mark, f"The file is nested more than {DEEPEST} deep here.")
        if self.values > MOST:
            raise _TooMuch(event.start_mark, f"The file holds more than {MOST:,} keys and values.")
        return event


class _TooMuch(Exception):
    """What would cost too much, and where."""

    def __init__(self, mark: Any, said: str) -> None:
        super().__init__(said)
        self.mark = mark


def _at(line: int, column: int) -> ScalarNode:
    mark = yaml.Mark("", 0, line, column, None, 0)
    return ScalarNode("tag:yaml.org,2002:str", "", mark, mark)
