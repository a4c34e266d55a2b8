"""A roster file that cannot be right is refused with its line; nobody goes on getting leads by a typing mistake."""

import io

import pytest

from cli.roster import read_reps

HEAD = "id,name,email,roles,active,timezone,away_from,away_until\n"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("dan,Dan,d@x.example,rep,maybe,,,\n", "line 2: active must be yes or no"),
        ("dan,Dan,d@x.example,rep,yes,,2026-12-01,\n", "line 2: away_from needs away_until"),
        ("dan,Dan,,,,,,\neve,Eve,,,,,,\ndan,Dan,,,,,,\n", "line 4: 'dan' is already in line 2."),
        ("dan,Dan,,,,,yesterday,2026-12-01\n", "line 2: 'yesterday' is not a time"),
        (",Dan,,,,,,\n", "line 2: the id is missing"),
    ],
)
def test_a_line_that_cannot_be_right_is_refused_by_its_number(lines: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("'", ".")):
        read_reps(io.StringIO(HEAD + lines))
