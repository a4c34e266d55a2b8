"""The domain by itself: links that cannot be forged, times in words, recipients and channels of roles."""

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
def test_a_link_token_decodes_to_its_link_and_no_altered_token_is_valid(
    notice: Any, lead: Any, rep: str, epoch: int, expires: int, data: Any
) -> None:
    link = Link(str(notice), str(lead), rep, epoch, datetime.fromtimestamp(expires, UTC))
    token = pack(link, KEYS.sign(PURPOSE, link.body()))
    unpacked = unpack(token)
    assert unpacked is not None
    assert unpacked[0] == link
    assert KEYS.verify(PURPOSE, unpacked[0].body(), unpacked[1])
    place = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from("ABCabc019-_."))
    other = unpack(token[:place] + sign + token[place + 1 :])
    if token[place] != sign and other is not None:
        assert other[0] == link or not KEYS.verify(PURPOSE, other[0].body(), other[1])


@given(st.text())
def test_any_text_can_be_tried_as_a_link_token_and_none_is_valid(token: str) -> None:
    unpacked = unpack(token)
    assert unpacked is None or not KEYS.verify(PURPOSE, unpacked[0].body(), unpacked[1])


@pytest.mark.parametrize(
    ("seconds", "expected"),
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
def test_lengths_of_time_read_as_people_say_them(seconds: float, expected: str) -> None:
    assert humanise(seconds) == expected


@pytest.mark.parametrize(
    ("zone", "moment", "expected"),
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
def test_instants_are_shown_in_the_readers_local_time(zone: str | None, moment: datetime, expected: str) -> None:
    assert LocalTime(zone, NOW).at(moment) == expected


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
def test_a_roles_recipients_can_all_be_reached_by_mail_and_nobody_is_listed_twice(
    people: tuple[Rep, ...], role: str, owner: str | None, manager: str | None
) -> None:
    agreement = ExecutableAgreement(name="x", teams={"inbound": Team(manager=manager)})
    org = OrgChart({rep.id: rep for rep in people}, agreement, NOW)
    recipients = org.recipients(role, Lead("l", NOW, owner=owner, team="inbound"))
    assert all(one.rep.active and one.rep.email for one in recipients)
    assert len({one.rep.id for one in recipients}) == len(recipients)
    present = [rep for rep in people if rep.active and rep.email and not rep.is_away(NOW)]
    fallback = [rep for rep in people if rep.active and rep.email and {"ops", "admin"} & set(rep.roles)]
    assert recipients or not fallback
    if role == "owner" and owner in {rep.id for rep in present}:
        assert [one.rep.id for one in recipients] == [owner]
    if role == "manager" and manager != owner and manager in {rep.id for rep in present}:
        assert [one.rep.id for one in recipients] == [manager]


@given(st.lists(st.sampled_from(("email", "slack", "sms", "webhook:ops")), min_size=1, unique=True))
def test_a_role_always_has_a_channel_that_is_available(named: list[str]) -> None:
    channels = tuple(Channel(channel=name) for name in named)
    usable, replaced = channels_for(ExecutableAgreement(name="x", channels={"ops": channels}), "ops")
    assert usable
    assert {way.channel for way in usable} <= {"email", "webhook:ops"}
    assert bool(replaced) == (not {"email", "webhook:ops"} & set(named))
