"""Runs every check across the chapters of an agreement."""

from shared.agreement.language.checks.arithmetic import check_arithmetic
from shared.agreement.language.checks.not_executed import check_not_executed
from shared.agreement.language.checks.references import check_references
from shared.agreement.language.checks.uniqueness import check_uniqueness
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import Section


def run_checks(chapters: Section, problems: Problems, roster: frozenset[str] | None) -> None:
    """Add the problems that checks across chapters find; `roster` holds the known people, None when unknown."""
    check_references(chapters, problems, roster)
    check_uniqueness(chapters, problems)
    check_arithmetic(chapters, problems)
    check_not_executed(chapters, problems)
