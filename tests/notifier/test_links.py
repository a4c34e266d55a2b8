"""Action links: whoever follows one changes nothing; whoever answers does so once, under the epoch of the link."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.events import ActionRefused, LeadAccepted, LeadDeclined, LeadRecycled
from tests.notifier.house import CARD, LEAD, House, assigned, clock, link_of, text_of
from tests.notifier.post_office import eventually
from tests.service_harness import TUESDAY

PERSONAL = ("Ada", "Byron", "engines.example", "7946", "Analytical")


async def mailed(here: House, action: str = "accept", **fields: Any) -> str:
    """The path of the link in the mail to the owner."""
    await here.hear(assigned(**fields))
    await here.hear(clock(TUESDAY + timedelta(minutes=15), epoch=fields.get("epoch", 1)))
    count = len(here.box.mails)
    await eventually(lambda: len(here.box.mails) > count or (here.box.mails and not count))
    await here.rest()
    return link_of(here.box.mails[-1], action)


async def answered(here: House, path: str, kind: Any = LeadAccepted, **form: str) -> Any:
    """Press a button, let the router answer as it would, and see the page."""
    before = len(await here.said("action.taken"))
    pressed = asyncio.create_task(here.web.post(path, data=form))

    async def taken() -> Any:
        return (await here.said("action.taken"))[before:]

    (event,) = await eventually(taken)
    given: dict[str, Any] = {"epoch": event.data.epoch, "by": "dan", "answered_at": event.data.answered_at}
    if kind is ActionRefused:
        given |= {"action": form["action"], "why": "The lead has a new owner since.", "present_owner": "eve"}
    if kind is LeadDeclined:
        given |= {"reason": form["reason"], "side": "ours"}
    if kind is not ActionRefused:
        given |= {"owner": "dan"}
    await here.hear(kind(**given, action_id=event.id))
    return await pressed


async def test_the_whole_way_from_the_assignment_to_the_accepted_page(here: House) -> None:
    path = await mailed(here)
    page = await here.web.get(f"{path}?do=accept")
    assert page.status_code == 200
    assert all(word in page.text for word in ("Ada Byron, Analytical Engines", "Answer by 16:15", ">Accept<"))
    shown = await answered(here, path, action="accept")
    assert "Done: you have accepted Ada Byron, Analytical Engines." in shown.text
    assert "I have contacted them" in shown.text
    assert ">Accept<" not in shown.text
    (taken,) = await here.said("action.taken")
    assert (taken.subject, taken.data.action, taken.data.epoch, taken.data.by) == (LEAD, "accept", 1, "dan")
    assert taken.data.answered_at == TUESDAY


async def test_whoever_follows_a_link_changes_nothing(here: House) -> None:
    path = await mailed(here)
    before = [await here.room.sql(f"SELECT * FROM {name}") for name in ("answers", "notices", "leads", "outbox")]
    for method in ("GET", "HEAD"):
        for query in ("", "?do=accept", "?do=decline", "?do=anything", "?action=accept"):
            response = await here.web.request(method, path + query)
            assert response.status_code == 200
    assert before == [
        await here.room.sql(f"SELECT * FROM {name}") for name in ("answers", "notices", "leads", "outbox")
    ]


async def test_pressed_twice_and_pressed_at_once_it_acts_once(here: House) -> None:
    path = await mailed(here)
    first, *others = await asyncio.gather(
        answered(here, path, action="accept"), *(here.web.post(path, data={"action": "accept"}) for _ in range(4))
    )
    again = await here.web.post(path, data={"action": "accept"})
    assert len(await here.said("action.taken")) == 1
    assert {first.text, again.text} == {first.text}
    assert all(other.text == first.text for other in others)


async def test_whoever_accepted_cannot_decline_by_the_same_link(here: House) -> None:
    path = await mailed(here)
    await answered(here, path, action="accept")
    page = await here.web.post(path, data={"action": "decline", "reason": "not a fit"})
    assert (page.status_code, "You have accepted it already." in page.text) == (409, True)
    assert [event.data.action for event in await here.said("action.taken")] == ["accept"]


async def test_accepted_first_and_contacted_later_are_two_answers_of_one_link(here: House) -> None:
    path = await mailed(here)
    await answered(here, path, action="accept")
    await here.web.get(path)
    pressed = asyncio.create_task(here.web.post(path, data={"action": "contacted"}))

    async def both() -> bool:
        return len(await here.said("action.taken")) == 2

    await eventually(both)
    assert [event.data.action for event in await here.said("action.taken")] == ["accept", "contacted"]
    pressed.cancel()


@pytest.mark.parametrize("form", [{"action": "decline"}, {"action": "decline", "reason": "no wish"}])
async def test_to_decline_needs_an_agreed_reason(here: House, form: dict[str, str]) -> None:
    path = await mailed(here, "decline")
    page = await here.web.post(path, data=form)
    assert page.status_code == 422
    assert "Please choose why you decline." in page.text
    assert all(reason in page.text for reason in ("not my territory", "not a fit"))
    assert await here.said("action.taken") == []
    shown = await answered(here, path, LeadDeclined, action="decline", reason="not my territory")
    assert "Done: you have declined it." in shown.text
    assert not any(word in shown.text for word in PERSONAL)
    (taken,) = await here.said("action.taken")
    assert taken.data.reason == "not my territory"


@pytest.mark.parametrize("form", [{}, {"action": "won"}, {"action": "accept\n"}, {"action": ""}])
async def test_an_action_that_is_none_is_not_taken(here: House, form: dict[str, str]) -> None:
    page = await here.web.post(await mailed(here), data=form)
    assert page.status_code == 422
    assert await here.said("action.taken") == []


async def test_a_stale_link_says_who_has_it_now_and_since_when_and_nothing_of_the_lead(here: House) -> None:
    path = await mailed(here)
    at = TUESDAY + timedelta(minutes=45)
    await here.room.set_time(at)
    await here.hear(assigned("eve", 2, assigned_at=at, previous_owner="dan"))
    await here.room.advance(hours=1)
    await here.hear(LeadAccepted(owner="eve", epoch=2, by="eve", answered_at=at))
    page = await here.web.get(f"{path}?do=accept")
    assert page.status_code == 200
    assert "This lead is now with Eve Lund since 16:45." in page.text
    assert "<form" not in page.text
    assert not any(word in page.text for word in PERSONAL)
    await here.room.advance(days=1)
    assert "since Tue 1 Dec, 16:45." in (await here.web.get(path)).text


async def test_a_link_of_a_lead_that_went_back_says_so(here: House) -> None:
    path = await mailed(here)
    await here.hear(LeadRecycled(owner="dan", epoch=1, by="timer", answered_at=TUESDAY, reason="accept breached"))
    page = await here.web.get(path)
    assert "This lead is back with marketing since 16:00." in page.text
    assert not any(word in page.text for word in PERSONAL)


async def test_an_answer_by_a_stale_link_is_passed_on_and_its_refusal_shown(here: House) -> None:
    path = await mailed(here)
    await here.hear(assigned("eve", 2, assigned_at=TUESDAY))
    shown = await answered(here, path, ActionRefused, action="accept")
    assert "This lead is now with Eve Lund since 16:00." in shown.text
    assert "Your answer came at 16:00; by then the lead had moved on." in shown.text
    assert not any(word in shown.text for word in PERSONAL)
    (taken,) = await here.said("action.taken")
    assert taken.data.epoch == 1


async def test_a_link_for_the_same_person_under_an_old_epoch_is_stale_too(here: House) -> None:
    path = await mailed(here)
    await here.hear(assigned("dan", 3, assigned_at=TUESDAY))
    page = await here.web.get(path)
    assert "This lead is with you again since 16:00." in page.text
    assert "<form" not in page.text


async def test_a_tampered_link_is_only_not_valid(here: House) -> None:
    path = await mailed(here)
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
            await here.web.get(f"/a/{other}"),
            await here.web.post(f"/a/{other}", data={"action": "accept"}),
        ):
            assert response.status_code == 404
            assert "This link is not valid." in response.text
            assert not any(word in response.text for word in (*PERSONAL, "Dan", "dan"))
    assert await here.said("action.taken") == []


async def test_a_link_signed_for_another_purpose_is_not_valid(here: House) -> None:
    path = await mailed(here)
    head, _, _ = path.removeprefix("/a/").partition(".")
    import base64

    body = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    other = here.room.resources.context.keys.sign("another purpose", body)
    assert (await here.web.get(f"/a/{head}.{other}")).status_code == 404


async def test_a_link_expires_and_says_so(here: House) -> None:
    path = await mailed(here)
    await here.room.advance(days=14)
    assert (await here.web.get(path)).status_code == 200
    await here.room.advance(seconds=1)
    page = await here.web.get(path)
    assert page.status_code == 410
    assert "This link has expired." in page.text
    assert (await here.web.post(path, data={"action": "accept"})).status_code == 410
    assert await here.said("action.taken") == []


async def test_an_answer_that_another_site_sends_is_refused(here: House) -> None:
    path = await mailed(here)
    page = await here.web.post(path, data={"action": "accept"}, headers={"sec-fetch-site": "cross-site"})
    assert page.status_code == 403
    assert await here.said("action.taken") == []
    assert (await here.web.post(path, content=b"a" * 20_000)).status_code == 413


async def test_an_outcome_that_takes_too_long_is_recorded_and_confirmed_by_mail(here: House, monkeypatch: Any) -> None:
    monkeypatch.setattr("services.notifier.api.WAIT", 0.2)
    path = await mailed(here)
    page = await here.web.post(path, data={"action": "accept"})
    assert page.status_code == 202
    assert "Recorded, being confirmed." in page.text
    assert "stamped 16:00" in page.text
    assert "Recorded, being confirmed." in (await here.web.get(path)).text
    (taken,) = await here.said("action.taken")
    await here.hear(LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY, action_id=taken.id))
    await eventually(lambda: len(here.box.mails) == 2)
    assert here.box.mails[1]["Subject"] == "Confirmed: you have accepted Ada Byron, Analytical Engines"
    assert "Done: you have accepted" in (await here.web.post(path, data={"action": "accept"})).text


async def test_an_outcome_that_was_shown_is_not_mailed_too(here: House) -> None:
    await answered(here, await mailed(here), action="accept")
    await here.rest()
    assert await here.states() == [("assigned", "owner", "dan", "sent")]


async def test_a_page_needs_no_script_and_nothing_from_another_host(here: House) -> None:
    page = await here.web.get(await mailed(here))
    assert "<script" not in page.text
    assert 'name="viewport"' in page.text
    assert "//" not in page.text.replace("<!doctype", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"
    for path in ("/static/web/baton.css", "/static/web/baton.svg"):
        assert path in page.text
        assert (await here.web.get(path)).status_code == 200


async def test_what_a_lead_calls_itself_is_shown_and_never_executed(here: House) -> None:
    nasty = CARD.model_copy(update={"name": '<img src=x onerror="alert(1)">', "company": "{{ 7*7 }}"})
    page = await here.web.get(await mailed(here, lead=nasty))
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "<img src=x" not in str(here.box.mails[0].get_body(("html",)).get_content())
    assert '<img src=x onerror="alert(1)">' in text_of(here.box.mails[0])
