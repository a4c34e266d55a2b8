"""An invalid line of a roster file is refused by its number, so that no typing mistake keeps an absent rep in the rotation."""

import io

import pytest

from cli.roster import read_reps

HEAD = "id,name,email,roles,active,timezone,away_from,away_until\n"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("dan,Dan,d@x.example,rep,maybe,,,\n", "line 2: active must be yes or no"),
        ("dan,Dan,d@x.example,rep,yes,,2026-12-01,\n", "line 2: away_from needs away_until"),
        ("dan,Dan,,,,,,\neve,Eve,,,,,,\ndan,Dan,,,,,,\n", "line 4: 'dan' is already in line 2."),
        ("dan,Dan,,,,,yesterday,2026-12-01\n", "line 2: 'yesterday' is not a time"),
        (",Dan,,,,,,\n", "line 2: the id is missing"),
    ],
)
def test_an_invalid_line_of_a_roster_file_is_refused_by_its_number(lines: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("'", ".")):
        read_reps(io.StringIO(HEAD + lines))
