"""Stories of one lead: accepted in time, left untouched, answered in the last second, answered after it was reassigned."""

import asyncio
from datetime import datetime, timedelta

from tests.world import NEW_YORK, World


async def test_a_lead_accepted_in_time_keeps_its_promise(world: World) -> None:
    lead = await world.hot_lead()
    assert await world.owner(lead) == "dan"
    (mail,) = world.mails("dan", "Hot lead")
    link = world.link(mail)

    page = await world.page(link)
    assert page.shows("Ada Abel, Proseware")
    assert await world.events(lead) == ["lead.received", "lead.qualified", "lead.assigned"]

    page = await world.press(link, "accept")
    assert page.shows("You accepted Ada Abel")
    await world.settle()
    assert (await world.events(lead))[-1] == "lead.accepted"
    assert await world.clocks(lead) == [("accept", 1, "kept"), ("first_touch", 1, "running")]
    await world.press(link, "contacted")
    await world.settle()
    assert await world.clocks(lead) == [("accept", 1, "kept"), ("first_touch", 1, "kept")]
    assert await world.breaches(lead) == []


async def test_an_untouched_hot_lead_is_warned_breached_escalated_reassigned_and_accepted_by_the_second_rep(
    world: World,
) -> None:
    lead = await world.hot_lead()
    await world.advance(minutes=12)
    assert await world.breaches(lead) == ["warned"]
    assert len(world.mails("dan", "Due soon")) == 1

    await world.advance(minutes=4)
    assert await world.breaches(lead) == ["warned", "breached", "escalated notify owner, notify manager"]
    assert len(world.mails("dan", "Late")) == 1
    assert len(world.mails("omar", "Late")) == 1

    await world.advance(minutes=30)
    assert (await world.breaches(lead))[-1] == "escalated reassign"
    assert await world.owner(lead) == "eve"

    (mail,) = world.mails("eve", "Hot lead")
    assert (await world.press(world.link(mail), "accept")).shows("You accepted")
    await world.settle()
    assert ("accept", 1, "missed") in await world.clocks(lead)
    assert ("accept", 2, "kept") in await world.clocks(lead)
    assert (await world.breaches(lead)).count("breached") == 1


async def test_an_answer_in_the_last_second_counts_although_the_timer_handles_it_after_the_due_time(
    world: World,
) -> None:
    lead = await world.hot_lead()
    link = world.link(world.mails("dan", "Hot lead")[0])
    start = await world.now()
    await world.advance_to(start + timedelta(minutes=14, seconds=59))
    pressed = asyncio.create_task(world.press(link, "accept"))
    answered = False
    while not answered:
        # Move the clock past the due instant as soon as the server has stamped the answer.
        rows = await world.get("notifier", f"/v1/notices?lead={lead}")
        answered = pressed.done() or bool(rows)
        await asyncio.sleep(0)
    page = await pressed
    await world.set_time(start + timedelta(minutes=15, seconds=1))
    await world.settle()
    assert page.status in (200, 202)
    assert ("accept", 1, "kept") in await world.clocks(lead)
    assert "breached" not in await world.breaches(lead)


async def test_an_answer_after_the_reassignment_is_refused_and_the_page_names_the_present_owner(world: World) -> None:
    lead = await world.hot_lead()
    link = world.link(world.mails("dan", "Hot lead")[0])
    await world.advance(minutes=46)
    assert await world.owner(lead) == "eve"
    page = await world.press(link, "accept")
    assert page.shows("now with Eve since")
    await world.settle()
    assert await world.owner(lead) == "eve"
    assert (await world.events(lead))[-1] == "action.refused"


async def test_a_stale_link_shows_the_present_owner_and_nothing_of_the_lead(world: World) -> None:
    await world.hot_lead()
    link = world.link(world.mails("dan", "Hot lead")[0])
    await world.advance(minutes=46)
    page = await world.page(link)
    assert page.shows("now with Eve since")
    assert page.shows("10:45")
    assert not page.shows("Ada")
    assert (await world.page(link[:-3] + "abc")).shows("This link is not valid.")


async def test_the_clock_of_a_lead_sent_on_the_evening_before_a_holiday_counts_business_hours_only(
    world: World,
) -> None:
    friday = datetime(2027, 12, 23, 17, 10, tzinfo=NEW_YORK)
    now = await world.now()
    await world.set_time(friday if friday > now else friday.replace(year=2032))
    start = await world.now()
    await world.settle()
    lead = await world.send_lead(email=f"late@{world.tag}.example", name="Late Abel")
    await world.settle()
    (clock,) = (await world.get("timer", f"/v1/clocks?lead={lead}"))["clocks"]
    explained = await world.get("timer", f"/v1/clocks/{clock['id']}/explain")
    assert "Christmas Day" in str(explained["intervals"])
    due = datetime.fromisoformat(clock["due_at"].replace("Z", "+00:00"))
    assert explained["seconds"] == 7200
    assert due - start > timedelta(days=3)
    await world.advance(hours=10)
    assert await world.breaches(lead) == []
