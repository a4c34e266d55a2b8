"""The core by itself: links that cannot be forged, words for time, and roles that always find somebody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.lead import Lead
from services.notifier.domain.links import PURPOSE, Link, pack, unpack
from services.notifier.domain.locale import LocalTime, humanise
from services.notifier.domain.recipients import OrgChart, channels_for
from shared.agreement.model import Channel, ExecutableAgreement, Team
from shared.base.keyring import KeyRing
from shared.base.roster import Away, Rep

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
KEYS = KeyRing(["k" * 32])
NAMES = ("dan", "omar", "bea", "vera", "otis")


@given(
    st.uuids(),
    st.uuids(),
    st.text("abcdefghijklmnopqrstuvwxyz.-_@0123456789é ", min_size=1, max_size=60),
    st.integers(0, 10_000),
    st.integers(0, 4_000_000_000),
    st.data(),
)
def test_a_link_comes_back_as_it_was_and_no_other_bytes_are_one(
    notice: Any, lead: Any, rep: str, epoch: int, expires: int, data: Any
) -> None:
    link = Link(str(notice), str(lead), rep, epoch, datetime.fromtimestamp(expires, UTC))
    token = pack(link, KEYS.sign(PURPOSE, link.body()))
    made = unpack(token)
    assert made is not None
    assert made[0] == link
    assert KEYS.verify(PURPOSE, made[0].body(), made[1])
    place = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from("ABCabc019-_."))
    other = unpack(token[:place] + sign + token[place + 1 :])
    if token[place] != sign and other is not None:
        assert other[0] == link or not KEYS.verify(PURPOSE, other[0].body(), other[1])


@given(st.text())
def test_any_text_at_all_may_be_asked_for_as_a_link(token: str) -> None:
    made = unpack(token)
    assert made is None or not KEYS.verify(PURPOSE, made[0].body(), made[1])


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "a moment"),
        (0.4, "a moment"),
        (1, "1 second"),
        (59.4, "59 seconds"),
        (59.6, "1 minute"),
        (899.6, "15 minutes"),
        (900.4, "15 minutes"),
        (12_000, "3 hours 20 minutes"),
        (86_400, "24 hours"),
        (172_800, "2 days"),
        (216_000, "2 days"),
        (260_000, "3 days"),
    ],
)
def test_lengths_of_time_are_said_as_people_do(seconds: float, said: str) -> None:
    assert humanise(seconds) == said


@pytest.mark.parametrize(
    ("zone", "moment", "said"),
    [
        ("Europe/Berlin", NOW, "16:00"),
        ("America/New_York", NOW + timedelta(days=1), "Wed 2 Dec, 10:00"),
        ("Pacific/Auckland", NOW + timedelta(hours=1), "05:00"),
        ("Pacific/Auckland", NOW - timedelta(hours=5), "Tue 1 Dec, 23:00"),
        (None, NOW, "15:00 UTC"),
        ("Nowhere/At_All", NOW, "15:00 UTC"),
        ("../etc/passwd", NOW, "15:00 UTC"),
    ],
)
def test_moments_are_said_in_the_readers_own_time(zone: str | None, moment: datetime, said: str) -> None:
    assert LocalTime(zone, NOW).at(moment) == said


def person(name: str) -> st.SearchStrategy[Rep]:
    away = st.sampled_from(((), (Away(start=NOW, until=NOW + timedelta(hours=1)),), (Away(start=NOW, until=NOW),)))
    others = st.sampled_from((None, *NAMES, "nobody"))
    return st.builds(
        Rep,
        id=st.just(name),
        name=st.just(name.title()),
        email=st.sampled_from((f"{name}@northwind.example", None)),
        roles=st.sets(st.sampled_from(("rep", "manager", "ops", "marketing", "admin"))).map(tuple),
        manager=others,
        backup=others,
        active=st.booleans(),
        away=away,
    )


@given(
    st.tuples(*map(person, NAMES)),
    st.sampled_from(("owner", "manager", "ops", "marketing", "sales", "executive")),
    st.sampled_from((None, *NAMES)),
    st.sampled_from((None, *NAMES)),
)
def test_a_role_finds_only_whom_a_mail_can_reach_and_nobody_twice(
    people: tuple[Rep, ...], role: str, owner: str | None, manager: str | None
) -> None:
    agreement = ExecutableAgreement(name="x", teams={"inbound": Team(manager=manager)})
    office = OrgChart({rep.id: rep for rep in people}, agreement, NOW)
    told = office.recipients(role, Lead("l", NOW, owner=owner, team="inbound"))
    assert all(one.rep.active and one.rep.email for one in told)
    assert len({one.rep.id for one in told}) == len(told)
    present = [rep for rep in people if rep.active and rep.email and not rep.is_away(NOW)]
    stand_by = [rep for rep in people if rep.active and rep.email and {"ops", "admin"} & set(rep.roles)]
    assert told or not stand_by
    if role == "owner" and owner in {rep.id for rep in present}:
        assert [one.rep.id for one in told] == [owner]
    if role == "manager" and manager != owner and manager in {rep.id for rep in present}:
        assert [one.rep.id for one in told] == [manager]


@given(st.lists(st.sampled_from(("email", "slack", "sms", "webhook:ops")), min_size=1, unique=True))
def test_a_step_always_has_a_way_that_is_here(named: list[str]) -> None:
    channels = tuple(Channel(channel=name) for name in named)
    found, missing = channels_for(ExecutableAgreement(name="x", channels={"ops": channels}), "ops")
    assert found
    assert {way.channel for way in found} <= {"email", "webhook:ops"}
    assert bool(missing) == (not {"email", "webhook:ops"} & set(named))
