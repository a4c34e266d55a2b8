"""Names of leads and people cannot inject headers or bodies, and a re-encoded link is not valid."""

import base64

import pytest

from services.notifier.channels.webhook import is_public
from shared.base.roster import Rep
from shared.events import RosterChanged
from tests.notifier.harness import CARD, NotifierHarness, assigned, clock
from tests.notifier.notice_events import MINUTE
from tests.service_harness import TUESDAY

ENCODED = [
    "=?utf-8?q?x=0D=0AReply-To:_evil@x.example?=",
    "=?utf-8?q?x=0AReply-To:_evil@x.example?=",
    "=?utf-8?q?x=0AContent-Type:_text/html=0A=0A<a_href=3Dhttps://e.example>Accept</a>?=",
    "Ada =?utf-8?b?eApSZXBseS1UbzogZXZpbEB4LmV4YW1wbGU=?=",
]


@pytest.mark.parametrize("name", ENCODED)
async def test_no_encoded_word_in_a_leads_name_becomes_a_header_or_a_body(notifier: NotifierHarness, name: str) -> None:
    await notifier.handle(assigned(lead=CARD.model_copy(update={"name": name})))
    await notifier.handle(clock(TUESDAY + 15 * MINUTE))
    (mail,) = await notifier.mails(1)
    assert mail["Reply-To"] is None
    assert (bool(mail["Message-ID"]), mail.get_content_type()) == (True, "multipart/alternative")


@pytest.mark.parametrize("name", ENCODED)
async def test_no_encoded_word_in_a_persons_name_becomes_a_header(notifier: NotifierHarness, name: str) -> None:
    await notifier.handle(RosterChanged(rep=Rep(id="dan", name=name, email="dan@northwind.example")), subject="rep:dan")
    await notifier.handle(assigned())
    await notifier.handle(clock(TUESDAY + 15 * MINUTE))
    (mail,) = await notifier.mails(1)
    assert (mail["Reply-To"], mail.get_content_type()) == (None, "multipart/alternative")


async def test_a_link_token_in_another_encoding_is_not_valid(notifier: NotifierHarness) -> None:
    path = await _mailed_link(notifier)
    assert (await notifier.web.get(path)).status_code == 200
    head, _, signature = path.removeprefix("/a/").partition(".")
    notice, lead, rep, epoch, expires = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode().split("\n")
    for changed in ((f"+{epoch}", expires), ("\u0661", expires), (epoch, f"00{expires}"), (f" {epoch}", expires)):
        other = base64.urlsafe_b64encode("\n".join((notice, lead, rep, *changed)).encode()).decode().rstrip("=")
        assert (await notifier.web.get(f"/a/{other}.{signature}")).status_code == 404


async def test_the_link_of_somebody_who_left_shows_nothing(notifier: NotifierHarness) -> None:
    path = await _mailed_link(notifier)
    gone = Rep(id="dan", name="Dan", email="dan@northwind.example", active=False)
    await notifier.handle(RosterChanged(rep=gone), subject="rep:dan")
    page = await notifier.web.get(path)
    assert (page.status_code, "Ada" in page.text) == (404, False)


@pytest.mark.parametrize("address", ["fec0::1", "::127.0.0.1", "64:ff9b:1::7f00:1", "::ffff:10.0.0.1", "2002:7f00:1::"])
def test_an_address_that_hides_a_private_one_is_not_public(address: str) -> None:
    assert not is_public(address)


async def _mailed_link(notifier: NotifierHarness) -> str:
    from tests.notifier.harness import link_of

    await notifier.handle(assigned())
    await notifier.handle(clock(TUESDAY + 15 * MINUTE))
    (mail,) = await notifier.mails(1)
    link: str = link_of(mail)
    return link.partition("?")[0]
