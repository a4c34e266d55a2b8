"""Each key and each fixed word of the whole example, misspelt in turn, is an error with its line and column."""

from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.agreement.language.parse import parse_agreement, parse_node
from shared.agreement.language.problems import Problems

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text(encoding="utf-8")
FREE = {
    *("agreement", "signed_by.marketing", "signed_by.sales", "people.marketing", "people.executive", "stages.means"),
    *("qualification.refuse.reason", "qualification.refuse.when.email", "qualification.refuse.when.domain"),
    *("qualification.score.fit.why", "qualification.score.fit.when.title", "qualification.needs.of.timeframe"),
    *("qualification.score.intent.when.activity", "qualification.score.intent.when.asset"),
    *("qualification.sales_ready.or.activity", "qualification.tiers.when.activity", "qualification.tiers.tier"),
    *("teams.enterprise-dach.manager", "teams.enterprise-dach.members", "teams.enterprise-dach.members.rep"),
    *("teams.inbound.manager", "teams.inbound.members", "routing.rule", "routing.skills", "routing.when.utm.source"),
    *("checklist.items", "content.intro_call", "content.intro_mail"),
    *("dispositions.decline.ours", "dispositions.decline.theirs", "dispositions.disqualify"),
    *("commitments.plan.campaign", "commitments.nurture.tracks.track", "commitments.nurture.tracks.when.recycled_as"),
    *("commitments.nurture.tracks.when.state", "crm.reads.amount", "crm.reads.close_date", "crm.reads.probability"),
}
"""Values of the two sides' own choice: names, sentences, people, addresses, and what a condition compares with."""
DEFINED = {"teams", "calendars", "content", "stage", "reads"}
"""Mappings whose keys are names that the two sides choose."""


def _places(node: Node, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], ScalarNode, bool]]:
    """(path, scalar, whether it is a key) of every key and value."""
    places: list[tuple[tuple[str, ...], ScalarNode, bool]] = []
    if isinstance(node, MappingNode):
        for key, value in node.value:
            places.append(((*path, key.value), key, True))
            places += _places(value, (*path, key.value))
    elif isinstance(node, SequenceNode):
        for item in node.value:
            places += _places(item, path)
    elif isinstance(node, ScalarNode):
        places.append((path, node, False))
    return places


def _misspelt(scalar: ScalarNode) -> str:
    end = scalar.end_mark.index - (1 if scalar.style else 0)
    return EXAMPLE[:end] + "x" + EXAMPLE[end:]


NAMES_INSIDE = ("recycle as ", "webhook:", "rep:", "table:", "in list:")
"""Words that end with a name of somebody's choice: a reason, a target, a person, a table's column."""


def _chosen_by_people(path: tuple[str, ...], text: str, is_key: bool) -> bool:
    if is_key:
        return len(path) >= 2 and (path[-2] in DEFINED or path[-1].startswith("signals."))
    return ".".join(path) in FREE or text.startswith(NAMES_INSIDE)


def test_the_example_agreement_is_parsed_without_an_error() -> None:
    parsed = parse_agreement(EXAMPLE)
    assert [problem for problem in parsed.problems if problem.severity == "error"] == []
    assert all(problem.message.startswith("not yet executed: ") for problem in parsed.problems)


def test_every_misspelt_key_and_fixed_word_is_an_error_at_its_place() -> None:
    node = yaml.compose(EXAMPLE, Loader=yaml.SafeLoader)
    assert node is not None
    tried, silent, elsewhere = 0, [], []
    for path, scalar, is_key in _places(node):
        if _chosen_by_people(path, scalar.value, is_key):
            continue
        tried += 1
        right = scalar.value
        scalar.value = right + "x"
        errors = [problem for problem in parse_node(node, Problems()).problems if problem.severity == "error"]
        scalar.value = right
        place = (scalar.start_mark.line + 1, scalar.start_mark.column + 1)
        if not errors:
            silent.append((path, scalar.value, place))
        elif place not in [(problem.line, problem.column) for problem in errors]:
            elsewhere.append((path, scalar.value, place, errors[0]))
        # Reading text again takes long, so that every tenth word stands for the way from text to tree.
        if tried % 10 == 0:
            assert [
                problem for problem in parse_agreement(_misspelt(scalar)).problems if problem.severity == "error"
            ] == errors
    print(f"{tried} keys and words were misspelt")
    assert silent == []
    assert elsewhere == []
    assert tried >= 690
