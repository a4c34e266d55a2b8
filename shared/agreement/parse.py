"""Reading an agreement file: every chapter into typed values, every problem with its line and column."""

from collections.abc import Collection
from dataclasses import dataclass

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
    blank = ScalarNode("tag:yaml.org,2002:str", "", _start(), _start())
    if len(text) > LONGEST:
        problems.error(blank, "", "The file is longer than 1 MB.")
        return None
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            problems.error(blank, "", "The file uses a YAML alias (*name); write the value out.")
            return None
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = ScalarNode("tag:yaml.org,2002:str", "", mark, mark) if mark else blank
        problems.error(where, "", f"The file is not YAML here: {error.problem or error.context}.")
        return None
    except (yaml.YAMLError, RecursionError) as error:
        problems.error(blank, "", f"The file is not YAML: {type(error).__name__}.")
        return None
    if not isinstance(node, MappingNode):
        problems.error(blank, "", "The file is empty or no mapping; it begins with agreement: NAME.")
        return None
    return node


def _start() -> yaml.Mark:
    return yaml.Mark("", 0, 0, 0, None, 0)
