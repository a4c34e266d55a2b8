"""Action links: opening one changes nothing; an answer acts once, under the epoch of the link."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.events import ActionRefused, LeadAccepted, LeadDeclined, LeadRecycled
from tests.notifier.harness import CARD, LEAD, NotifierHarness, assigned, clock, link_of, text_of
from tests.notifier.sinks import eventually
from tests.service_harness import TUESDAY

PERSONAL = ("Ada", "Byron", "engines.example", "7946", "Analytical")


async def mailed_link(notifier: NotifierHarness, action: str = "accept", **fields: Any) -> str:
    """The path of the link in the mail to the owner."""
    await notifier.handle(assigned(**fields))
    await notifier.handle(clock(TUESDAY + timedelta(minutes=15), epoch=fields.get("epoch", 1)))
    count = len(notifier.mailbox.mails)
    await eventually(lambda: len(notifier.mailbox.mails) > count or (notifier.mailbox.mails and not count))
    await notifier.until_idle()
    return link_of(notifier.mailbox.mails[-1], action)


async def press_and_confirm(notifier: NotifierHarness, path: str, kind: Any = LeadAccepted, **form: str) -> Any:
    """Press a button, let the router confirm or refuse it, and return the page."""
    before = len(await notifier.emitted("action.taken"))
    pressed = asyncio.create_task(notifier.web.post(path, data=form))

    async def taken() -> Any:
        return (await notifier.emitted("action.taken"))[before:]

    (event,) = await eventually(taken)
    fields: dict[str, Any] = {"epoch": event.data.epoch, "by": "dan", "answered_at": event.data.answered_at}
    if kind is ActionRefused:
        fields |= {"action": form["action"], "why": "The lead has a new owner since.", "present_owner": "eve"}
    if kind is LeadDeclined:
        fields |= {"reason": form["reason"], "side": "ours"}
    if kind is not ActionRefused:
        fields |= {"owner": "dan"}
    await notifier.handle(kind(**fields, action_id=event.id))
    return await pressed


async def test_a_lead_is_assigned_mailed_and_accepted_by_link(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    page = await notifier.web.get(f"{path}?do=accept")
    assert page.status_code == 200
    assert all(word in page.text for word in ("Ada Byron, Analytical Engines", "Answer by 16:15", ">Accept<"))
    shown = await press_and_confirm(notifier, path, action="accept")
    assert "You accepted Ada Byron." in shown.text
    assert "I contacted them" in shown.text
    assert 'value="contacted"' in shown.text
    assert ">Accept<" not in shown.text
    (taken,) = await notifier.emitted("action.taken")
    assert (taken.subject, taken.data.action, taken.data.epoch, taken.data.by) == (LEAD, "accept", 1, "dan")
    assert taken.data.answered_at == TUESDAY


async def test_opening_a_link_changes_nothing(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    before = [await notifier.service.sql(f"SELECT * FROM {name}") for name in ("answers", "notices", "leads", "outbox")]
    for method in ("GET", "HEAD"):
        for query in ("", "?do=accept", "?do=decline", "?do=anything", "?action=accept"):
            response = await notifier.web.request(method, path + query)
            assert response.status_code == 200
    assert before == [
        await notifier.service.sql(f"SELECT * FROM {name}") for name in ("answers", "notices", "leads", "outbox")
    ]


async def test_a_button_pressed_twice_or_concurrently_acts_once(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    first, *others = await asyncio.gather(
        press_and_confirm(notifier, path, action="accept"),
        *(notifier.web.post(path, data={"action": "accept"}) for _ in range(4)),
    )
    again = await notifier.web.post(path, data={"action": "accept"})
    assert len(await notifier.emitted("action.taken")) == 1
    assert {first.text, again.text} == {first.text}
    assert all(other.text == first.text for other in others)


async def test_a_lead_accepted_by_a_link_cannot_be_declined_by_it(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    await press_and_confirm(notifier, path, action="accept")
    page = await notifier.web.post(path, data={"action": "decline", "reason": "not a fit"})
    assert (page.status_code, "You already accepted Ada Byron." in page.text) == (409, True)
    assert [event.data.action for event in await notifier.emitted("action.taken")] == ["accept"]


async def test_accepted_first_and_contacted_later_are_two_answers_of_one_link(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    await press_and_confirm(notifier, path, action="accept")
    await notifier.web.get(path)
    pressed = asyncio.create_task(notifier.web.post(path, data={"action": "contacted"}))

    async def both() -> bool:
        return len(await notifier.emitted("action.taken")) == 2

    await eventually(both)
    assert [event.data.action for event in await notifier.emitted("action.taken")] == ["accept", "contacted"]
    pressed.cancel()


@pytest.mark.parametrize("form", [{"action": "decline"}, {"action": "decline", "reason": "no wish"}])
async def test_declining_a_lead_needs_an_agreed_reason(notifier: NotifierHarness, form: dict[str, str]) -> None:
    path = await mailed_link(notifier, "decline")
    page = await notifier.web.post(path, data=form)
    assert page.status_code == 422
    assert "Please choose why you decline." in page.text
    assert all(reason in page.text for reason in ("not my territory", "not a fit"))
    assert await notifier.emitted("action.taken") == []
    shown = await press_and_confirm(notifier, path, LeadDeclined, action="decline", reason="not my territory")
    assert "You declined the lead." in shown.text
    assert not any(word in shown.text for word in PERSONAL)
    (taken,) = await notifier.emitted("action.taken")
    assert taken.data.reason == "not my territory"


@pytest.mark.parametrize("form", [{}, {"action": "won"}, {"action": "accept\n"}, {"action": ""}])
async def test_an_unknown_action_is_not_taken(notifier: NotifierHarness, form: dict[str, str]) -> None:
    page = await notifier.web.post(await mailed_link(notifier), data=form)
    assert page.status_code == 422
    assert await notifier.emitted("action.taken") == []


async def test_a_stale_link_shows_who_has_the_lead_now_and_nothing_about_the_lead(
    notifier: NotifierHarness,
) -> None:
    path = await mailed_link(notifier)
    at = TUESDAY + timedelta(minutes=45)
    await notifier.service.set_time(at)
    await notifier.handle(assigned("eve", 2, assigned_at=at, previous_owner="dan"))
    await notifier.service.advance(hours=1)
    await notifier.handle(LeadAccepted(owner="eve", epoch=2, by="eve", answered_at=at))
    page = await notifier.web.get(f"{path}?do=accept")
    assert page.status_code == 200
    assert "This lead is now with Eve Lund since 16:45." in page.text
    assert "<form" not in page.text
    assert not any(word in page.text for word in PERSONAL)
    await notifier.service.advance(days=1)
    assert "since Tue 1 Dec, 16:45." in (await notifier.web.get(path)).text


async def test_a_link_to_a_recycled_lead_says_that_marketing_has_it(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    await notifier.handle(LeadRecycled(owner="dan", epoch=1, by="timer", answered_at=TUESDAY, reason="accept breached"))
    page = await notifier.web.get(path)
    assert "This lead has been back with marketing since 16:00." in page.text
    assert not any(word in page.text for word in PERSONAL)


async def test_an_answer_by_a_stale_link_is_emitted_and_its_refusal_shown(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    await notifier.handle(assigned("eve", 2, assigned_at=TUESDAY))
    shown = await press_and_confirm(notifier, path, ActionRefused, action="accept")
    assert "This lead is now with Eve Lund since 16:00." in shown.text
    assert "Your answer came at 16:00; by then the lead had moved on." in shown.text
    assert not any(word in shown.text for word in PERSONAL)
    (taken,) = await notifier.emitted("action.taken")
    assert taken.data.epoch == 1


async def test_a_link_for_the_same_person_under_an_old_epoch_is_stale_too(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    await notifier.handle(assigned("dan", 3, assigned_at=TUESDAY))
    page = await notifier.web.get(path)
    assert "This lead has been with you again since 16:00." in page.text
    assert "<form" not in page.text


async def test_a_tampered_link_shows_only_that_it_is_not_valid(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    token = path.removeprefix("/a/")
    head, _, signature = token.partition(".")
    swap = {"A": "B"}
    tampered = [
        token[:-1] + swap.get(token[-1], "A"),
        swap.get(token[0], "A") + token[1:],
        f"{head}.{signature[:8]}",
        head,
        f".{signature}",
        f"{head}.",
        "x",
        "a.b",
        f"{head}AA.{signature}",
        "é.ü",
        "A" * 5000 + "." + signature,
    ]
    for other in tampered:
        for response in (
            await notifier.web.get(f"/a/{other}"),
            await notifier.web.post(f"/a/{other}", data={"action": "accept"}),
        ):
            assert response.status_code == 404
            assert "This link is not valid." in response.text
            assert not any(word in response.text for word in (*PERSONAL, "Dan", "dan"))
    assert await notifier.emitted("action.taken") == []


async def test_a_link_signed_for_another_purpose_is_not_valid(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    head, _, _ = path.removeprefix("/a/").partition(".")
    import base64

    body = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    other = notifier.service.resources.context.keys.sign("another purpose", body)
    assert (await notifier.web.get(f"/a/{head}.{other}")).status_code == 404


async def test_a_link_expires_and_says_so(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    await notifier.service.advance(days=14)
    assert (await notifier.web.get(path)).status_code == 200
    await notifier.service.advance(seconds=1)
    page = await notifier.web.get(path)
    assert page.status_code == 410
    assert "This link has expired." in page.text
    assert (await notifier.web.post(path, data={"action": "accept"})).status_code == 410
    assert await notifier.emitted("action.taken") == []


async def test_an_answer_that_another_site_sends_is_refused(notifier: NotifierHarness) -> None:
    path = await mailed_link(notifier)
    page = await notifier.web.post(path, data={"action": "accept"}, headers={"sec-fetch-site": "cross-site"})
    assert page.status_code == 403
    assert await notifier.emitted("action.taken") == []
    assert (await notifier.web.post(path, content=b"a" * 20_000)).status_code == 413


async def test_an_outcome_that_takes_too_long_is_recorded_and_confirmed_by_mail(
    notifier: NotifierHarness, monkeypatch: Any
) -> None:
    monkeypatch.setattr("services.notifier.api.OUTCOME_WAIT", 0.2)
    path = await mailed_link(notifier)
    page = await notifier.web.post(path, data={"action": "accept"})
    assert page.status_code == 202
    assert "Recorded, being confirmed." in page.text
    assert "You accepted Ada Byron at 16:00" in page.text
    assert "Recorded, being confirmed." in (await notifier.web.get(path)).text
    (taken,) = await notifier.emitted("action.taken")
    await notifier.handle(LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY, action_id=taken.id))
    await eventually(lambda: len(notifier.mailbox.mails) == 2)
    assert notifier.mailbox.mails[1]["Subject"] == "Confirmed: you accepted Ada Byron, Analytical Engines"
    assert "You accepted Ada Byron" in (await notifier.web.post(path, data={"action": "accept"})).text


async def test_an_outcome_that_the_page_showed_is_not_mailed_too(notifier: NotifierHarness) -> None:
    await press_and_confirm(notifier, await mailed_link(notifier), action="accept")
    await notifier.until_idle()
    assert await notifier.states() == [("assigned", "owner", "dan", "sent")]


async def test_a_link_page_needs_no_script_and_nothing_from_another_host(notifier: NotifierHarness) -> None:
    page = await notifier.web.get(await mailed_link(notifier))
    assert "<script" not in page.text
    assert 'name="viewport"' in page.text
    assert "//" not in page.text.replace("<!doctype", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"
    for path in ("/static/web/baton.css", "/static/web/baton.svg"):
        assert path in page.text
        assert (await notifier.web.get(path)).status_code == 200


async def test_markup_in_a_leads_name_is_shown_and_never_executed(notifier: NotifierHarness) -> None:
    nasty = CARD.model_copy(update={"name": '<img src=x onerror="alert(1)">', "company": "{{ 7*7 }}"})
    page = await notifier.web.get(await mailed_link(notifier, lead=nasty))
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "<img src=x" not in str(notifier.mailbox.mails[0].get_body(("html",)).get_content())
    assert '<img src=x onerror="alert(1)">' in text_of(notifier.mailbox.mails[0])
