"""Webhook destinations: signed as Standard Webhooks, the same id at every attempt, public addresses only."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from services.notifier.channels.webhook import DestinationRefused, is_public, resolve
from shared.access.destinations import put_destination, revoke_destination
from shared.agreement.model import Channel
from shared.base.credentials import Destination
from shared.events import LeadRecycled, LeadUnrouted
from tests.notifier.harness import CARD, NotifierHarness, agreement, assigned
from tests.notifier.sinks import Receiver, eventually, http_receiver
from tests.service_harness import TUESDAY

HOOK = Channel(channel="webhook:nurture")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def database_url() -> str:
    """SQLite alone: the same statements run on PostgreSQL in the tests of links, mails and races."""
    return ""


async def set_up_destination(
    empty_notifier: NotifierHarness, receiver: Receiver, *channels: Channel, local: bool = True
) -> str:
    await empty_notifier.set_up(agreement(marketing=channels or (HOOK,)))
    return await put_destination(empty_notifier.service.resources.access, "nurture", receiver.url, None, local, "test")


async def recycle(empty_notifier: NotifierHarness) -> None:
    await empty_notifier.handle(assigned())
    await empty_notifier.handle(
        LeadRecycled(owner="dan", epoch=1, by="dan", answered_at=TUESDAY, reason="unresponsive", lead=CARD)
    )


async def webhook_notices(empty_notifier: NotifierHarness) -> list[Any]:
    return await empty_notifier.notices(channel="webhook:nurture")


async def test_a_destination_gets_a_signed_message_without_personal_data(
    empty_notifier: NotifierHarness, receiver: Receiver
) -> None:
    secret = await set_up_destination(empty_notifier, receiver)
    await recycle(empty_notifier)
    await eventually(lambda: receiver.requests)
    ((headers, body),) = receiver.requests
    message = Verifier(secret).verify(body, headers)
    (row,) = await webhook_notices(empty_notifier)
    assert headers["webhook-id"] == row["id"]
    assert headers["content-type"] == "application/json"
    assert message["type"] == "baton.notice.recycled"
    assert message["data"]["reason"] == "unresponsive"
    assert (message["data"]["lead"], message["data"]["owner"], message["data"]["state"]) == (
        row["lead"],
        "dan",
        "recycled",
    )
    assert not any(word in body.decode() for word in ("Ada", "Byron", "engines", "7946"))
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body.replace(b"dan", b"eve"), headers)
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_" + "A" * 43 + "=").verify(body, headers)


async def test_every_webhook_attempt_has_the_same_id_and_body_and_a_new_signature(
    empty_notifier: NotifierHarness, receiver: Receiver
) -> None:
    receiver.statuses += [500, 302, 429]
    secret = await set_up_destination(empty_notifier, receiver)
    await recycle(empty_notifier)
    for attempt in (1, 2, 3):
        await eventually(lambda attempt=attempt: len(receiver.requests) == attempt)
        await empty_notifier.until_idle()
        (row,) = await webhook_notices(empty_notifier)
        assert (row["state"], row["attempts"]) == ("waiting", attempt)
        await empty_notifier.expire_waits()
    await eventually(lambda: len(receiver.requests) == 4)
    await empty_notifier.until_idle()
    assert (await webhook_notices(empty_notifier))[0]["state"] == "sent"
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
    assert len({body for _, body in receiver.requests}) == 1
    for headers, body in receiver.requests:
        Verifier(secret).verify(body, headers)


async def test_a_destination_that_answers_gone_is_not_tried_again(
    empty_notifier: NotifierHarness, receiver: Receiver
) -> None:
    receiver.statuses += [410]
    await set_up_destination(empty_notifier, receiver)
    await recycle(empty_notifier)
    (failed,) = await eventually(lambda: empty_notifier.emitted("notice.failed"))
    assert failed.data.why == "the destination answered 410"


async def test_a_notice_to_a_missing_destination_waits_and_names_it(
    empty_notifier: NotifierHarness, receiver: Receiver
) -> None:
    await empty_notifier.set_up(agreement(marketing=(HOOK,)))
    await recycle(empty_notifier)
    await empty_notifier.until_idle()
    (row,) = await webhook_notices(empty_notifier)
    assert (row["state"], row["error"]) == (
        "waiting",
        "there is no destination nurture; create it with `baton destinations create nurture URL`",
    )
    await put_destination(empty_notifier.service.resources.access, "nurture", receiver.url, None, True, "test")
    await empty_notifier.expire_waits()
    await eventually(lambda: receiver.requests)
    await empty_notifier.until_idle()
    await revoke_destination(empty_notifier.service.resources.access, "nurture", "test")
    assert (await webhook_notices(empty_notifier))[0]["state"] == "sent"


async def test_a_destination_that_is_not_public_is_refused_unless_it_is_local(
    empty_notifier: NotifierHarness, receiver: Receiver
) -> None:
    await set_up_destination(empty_notifier, receiver, local=False)
    await recycle(empty_notifier)
    (failed,) = await eventually(lambda: empty_notifier.emitted("notice.failed"))
    assert failed.data.why == "the destination is not https, or has a password in its URL"
    assert receiver.requests == []


async def test_people_and_destinations_of_one_step_get_notices_of_their_own(
    empty_notifier: NotifierHarness, receiver: Receiver
) -> None:
    receiver.statuses += [500] * 9
    await empty_notifier.set_up(agreement(ops=(Channel(channel="webhook:nurture"), Channel(channel="email"))))
    await put_destination(empty_notifier.service.resources.access, "nurture", receiver.url, None, True, "test")
    await empty_notifier.handle(LeadUnrouted(tier="hot", why="No rule matches.", alert="ops", alert_now=True))
    (mail,) = await empty_notifier.mails(1)
    assert mail["To"] == "Otis Ray <otis@northwind.example>"
    assert sorted(await empty_notifier.states()) == [
        ("unrouted", "ops", "otis", "sent"),
        ("unrouted", "ops", "webhook:nurture", "waiting"),
    ]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address: str, expected: bool) -> None:
    assert is_public(address) is expected


@pytest.mark.parametrize("url", ["https://hooks.example/x", "https://hooks.example:8443/x?y=1"])
async def test_one_private_address_of_a_name_is_enough_to_refuse_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    addresses = ["93.184.216.34", "10.0.0.1"]

    def lookup(host: Any, port: int, *rest: Any, **named: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(DestinationRefused, match="is not public"):
        await resolve(Destination("hooks", url, "s"))
    addresses.remove("10.0.0.1")
    place = await resolve(Destination("hooks", url, "s"))
    assert place.name == "hooks.example"
    assert place.url.startswith("https://93.184.216.34:")
    assert place.host == url.split("/")[2]


@pytest.mark.parametrize(
    "url", ["http://hooks.example/x", "https://user:pass@hooks.example/", "ftp://hooks.example", ""]
)
async def test_a_destination_must_be_https_without_a_password(url: str) -> None:
    with pytest.raises(DestinationRefused, match="not https"):
        await resolve(Destination("hooks", url, "s"))
