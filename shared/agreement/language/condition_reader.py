"""Conditions and their fields, as the file has them."""

import difflib
from functools import cache
from typing import Any

import pycountry
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.agreement.conditions.evaluate import COMBINE, check_test
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import keys_of, near

FIELDS = (
    *("email", "email_kind", "domain", "name", "phone", "company", "title", "industry", "country", "state", "city"),
    *("postal_code", "employees", "activity", "asset", "score", "grade", "tier", "mql", "source", "lead_source"),
    *("campaign", "consent", "endpoint", "event_type", "need", "budget", "timeframe", "decision_maker", "language"),
    *("previous_owner", "account.owner", "account.open_owner", "recycled_as", "message", "skills", "employee_band"),
    *("utm.source", "utm.medium", "utm.campaign", "utm.term", "utm.content", "signals.honeypot"),
)
OPEN = ("signals.",)
KINDS = ("business", "free", "disposable", "role", "relay")
WORDS = ("known", "unknown")
CODED = ("US", "CA", "AU")
LEADS = ("matches", "contains", "starts", "ends", "in", "not")


def condition(node: Node, problems: Problems, path: str) -> dict[str, Any]:
    """A condition as a mapping of field to test."""
    if not isinstance(node, MappingNode):
        problems.error(node, path, "A condition is a mapping of field to test, such as {country: DE}.")
        return {}
    made: dict[str, Any] = {}
    for name, where, value in keys_of(node, problems, path):
        place = f"{path}.{name}"
        if name in COMBINE:
            parts = value.value if isinstance(value, SequenceNode) else [value]
            if not parts or (isinstance(value, MappingNode) and not value.value):
                problems.error(value, place, f"{name!r} needs at least one condition.")
            made[name] = [condition(part, problems, place) for part in parts]
        elif name not in FIELDS and not name.startswith(OPEN):
            problems.error(
                where, place, f"There is no field {name!r}{near(name, (*FIELDS, *COMBINE), else_list=False)}"
            )
        else:
            made[name] = test(name, value, problems, place)
            if name == "state":
                _codes(value, problems, place)
    return made


def _codes(node: Node, problems: Problems, path: str) -> None:
    """Warn of states by their full names where leads carry the code."""
    for item in node.value if isinstance(node, SequenceNode) else [node]:
        if isinstance(item, ScalarNode) and (code := _coded_states().get(str(item.value).strip().casefold())):
            said = (
                f"{item.value!r} is no state of the USA, Canada or Australia as leads have it; write its code, {code}."
            )
            problems.warning(item, path, said)


def test(name: str, node: Node, problems: Problems, path: str) -> Any:
    """The test of one field: a value, a list of values, or words."""
    if isinstance(node, SequenceNode):
        if not node.value:
            problems.error(node, path, "A list of a test needs at least one value.")
        for item in node.value:
            if isinstance(item, SequenceNode):
                problems.error(item, path, "A list of a test holds plain values.")
        return [test(name, item, problems, path) for item in node.value if not isinstance(item, SequenceNode)]
    if not isinstance(node, ScalarNode):
        problems.error(node, path, 'A test is a value, a list of values, or words such as ">= 10" or known.')
        return None
    found: Any = str(node.value).strip()
    wrong = _wrong(name, found)
    if wrong:
        problems.error(node, path, wrong)
        return None
    plain = node.style is None and found in ("true", "false")
    return found == "true" if plain else found


def _wrong(name: str, found: str) -> str:
    try:
        check_test(found)
    except ValueError as error:
        return str(error)[:1].upper() + str(error)[1:]
    bare = found.removeprefix("not ").strip()
    first = bare.partition(" ")[0]
    if bare not in WORDS and (close := difflib.get_close_matches(bare, WORDS, 1, 0.85)):
        return f"{found!r} is a value here; did you mean {close[0]!r}?"
    if " " in bare and first not in LEADS and (close := difflib.get_close_matches(first, LEADS, 1, 0.8)):
        return f"{found!r} is a value here; did you mean {close[0]!r} as its first word?"
    plain = (
        first not in LEADS
        and bare not in WORDS
        and not bare.startswith((">", "<", "=", "in list:"))
        and ".." not in bare
    )
    if plain and name == "country" and not _country(bare):
        return f"{found!r} is not a country; write its ISO code, such as DE or US."
    if plain and name == "email_kind" and bare not in KINDS:
        return f"{found!r} is not a kind of address{near(bare, KINDS)}"
    if plain and name == "mql" and bare not in ("true", "false"):
        return f"{found!r} must be true or false."
    if plain and name.startswith("signals.") and bare not in ("true", "false"):
        return f"{found!r} must be true or false{near(bare, ('true', 'false'))}"
    return ""


@cache
def _coded_states() -> dict[str, str]:
    """Full names and ISO 3166-2 codes of states whose leads carry the short code: to that code."""
    found: dict[str, str] = {}
    for part in pycountry.subdivisions:
        if part.country_code in CODED:
            short = part.code.partition("-")[2]
            found |= {part.name.casefold(): short, part.code.casefold(): short}
    return found


def _country(code: str) -> bool:
    return len(code) == 2 and pycountry.countries.get(alpha_2=code.upper()) is not None
