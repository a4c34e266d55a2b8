"""Leads that wait: held ones when somebody opens or a place is free, unrouted ones when things change, all when a version goes live."""

from services.router.domain.qualification import judge
from services.router.handlers.assignment import Wanted, place
from services.router.handlers.book import Book
from services.router.handlers.intake import Intake
from services.router.store import leads as store
from services.router.store.cached import known
from shared.events.leads import LeadUnrouted
from shared.store.tx import Tx
from shared.work.schedule import ScheduledItem, schedule

AT_ONCE = 300


async def try_waiting(book: Book) -> None:
    """Somebody has room again: look at the leads that wait, if there are any."""
    if await store.of_state(book.tx, "held", limit=1) or await store.of_state(book.tx, "unrouted", limit=1):
        book.put.append(ScheduledItem("waiting", "waiting", "waiting", book.tx.now))


async def waiting(tx: Tx, due: list[ScheduledItem]) -> None:
    """Try held and unrouted leads again, all of them, some at once; the hot ones first, then by score, then by age."""
    for skip in sorted({int(row.data.get("skip", 0)) for row in due}):
        ids = await store.waiting(tx, await _tiers(tx), skip=skip, limit=AT_ONCE)
        stay = await _again(tx, ids, "somebody has room, or things changed")
        if len(ids) == AT_ONCE:
            await schedule(
                tx, [ScheduledItem("waiting:more", "waiting", "waiting", tx.now, data={"skip": skip + stay})]
            )


async def opened(tx: Tx, due: list[ScheduledItem]) -> None:
    """The hour that held leads waited for."""
    await _again(tx, [row.subject for row in due], "opening hours")


async def _tiers(tx: Tx) -> list[str]:
    live = (await known(tx)).live
    return [tier.tier for tier in live.compiled.tiers] if live else []


async def _again(tx: Tx, ids: list[str], because: str) -> int:
    """Try these again; returns how many wait on."""
    book = Book(tx)
    await book.load(ids)
    order = await _tiers(tx)
    ready = [lead for lead in book.leads.values() if lead.state in ("held", "unrouted")]
    ready.sort(
        key=lambda lead: (
            order.index(lead.tier) if lead.tier in order else len(order),
            -(lead.points or 0),
            lead.received_at,
        )
    )
    await place(book, [Wanted(lead.id, because) for lead in ready])
    await book.write()
    return sum(book.leads[lead.id].state in ("held", "unrouted") for lead in ready)


async def alert(tx: Tx, due: list[ScheduledItem]) -> None:
    """Leads that nobody got for as long as agreed: whoever is named must be told."""
    book = Book(tx)
    await book.load(row.subject for row in due)
    facts = await known(tx)
    for lead in book.leads.values():
        if lead.state == "unrouted" and facts.live:
            to = facts.live.compiled.unrouted.alert
            book.say(lead, LeadUnrouted(tier=lead.tier or "", why=lead.why, alert=to, alert_now=True))
    await book.write()


async def begin(tx: Tx, due: list[ScheduledItem]) -> None:
    """A version is live: judge the leads that waited for one, oldest first, and go on until none is left."""
    facts = await known(tx)
    if facts.live is None:
        return
    work = Intake(tx, facts)
    await work.book.load(await store.waiting_for_agreement(tx, AT_ONCE))
    found = sorted(work.book.leads.values(), key=lambda lead: (lead.received_at, lead.id))
    for lead in found:
        work.judged(lead, judge(lead.facts, facts.live.compiled, facts.lists), "an agreement went live", None)
    await place(work.book, list(work.wanted.values()))
    if len(found) == AT_ONCE:
        work.book.put.append(ScheduledItem("begin", "begin", "begin", tx.now))
    await work.book.write()
