"""Giving leads to people: the rules decide, turns and loads are locked, and every decision is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.router.domain.decision import in_words, record
from services.router.domain.floor import Candidate, Floor
from services.router.domain.lead import COUNTED, Lead
from services.router.domain.route import Choice, choose, facts_of, matching
from services.router.handlers.book import Book
from services.router.store import leads as lead_store
from services.router.store import people as people_store
from services.router.store.cached import Known, Live, known
from shared.base.ids import new_id
from shared.events.base import Event
from shared.events.leads import LeadAssigned, LeadHeld, LeadUnrouted
from shared.work.schedule import ScheduledItem


@dataclass(frozen=True, slots=True)
class Wanted:
    """A lead to place: why now, what caused it, who is preferred (`first`), and what to do when nobody is found.

    `again` means that somebody has it and it is taken away from them only once another is found."""

    lead: str
    because: str
    cause: Event[Any] | None = None
    first: str | None = None
    again: bool = False
    to: str | None = None
    """A rep or a team named by hand; the rules are not asked."""
    by: str | None = None


async def place(book: Book, wanted: Sequence[Wanted]) -> dict[str, Choice]:
    """Place leads that are at hand in the book, one after another; returns the choice for each."""
    facts = await known(book.tx)
    if facts.live is None or not wanted:
        return {}
    floor = await _floor(book, facts, facts.live, wanted)
    choices: dict[str, Choice] = {}
    for item in wanted:
        lead = book.leads[item.lead]
        choice = _choice(lead, item, floor, facts)
        choices[item.lead] = choice
        if choice.kind == "assigned" and choice.chosen:
            if lead.state in COUNTED and lead.owner:
                floor.left(lead.owner)
            floor.took(choice.chosen, counts=choice.counts)
            _assign(book, lead, item, choice, facts, facts.live)
        elif not item.again:
            _wait(book, lead, item, choice, facts, facts.live)
    await people_store.save_turns(book.tx, {key: floor.turns[key] for key in floor.changed})
    return choices


async def _floor(book: Book, facts: Known, live: Live, wanted: Sequence[Wanted]) -> Floor:
    """Lock the turns of the teams that these leads may go to, then the people, and count who has how much."""
    floor = Floor(live.compiled, book.tx.now, facts.roster)
    teams, reps = set[str](), set[str]()
    for item in wanted:
        targets = [item.to] if item.to else []
        for rule, tried in matching(book.leads[item.lead], floor, facts.lists):
            if tried.matched:
                targets += [rule.to, rule.backup or ""]
        teams |= {target for target in targets if target in live.compiled.teams}
        reps |= {target.removeprefix("rep:") for target in targets if target and target.startswith("rep:")}
        reps |= {rep for rep in (item.first, item.to, book.leads[item.lead].previous_owner) if rep}
        reps |= {str(book.leads[item.lead].facts.get("account.owner") or "")} - {""}
    for team in list(teams):
        manager = live.compiled.teams[team].manager
        reps |= {manager} if manager else set()
    members = [(team, member.rep) for team in sorted(teams) for member in floor.members(team)]
    reps |= {rep for _, rep in members}
    floor.turns = await people_store.turns_of(book.tx, teams, members)
    for team in teams:
        floor.welcome(team)
    await people_store.lock_people(book.tx, reps)
    floor.loads = await lead_store.loads(book.tx, reps)
    _reckon_in(floor, book)
    return floor


def _reckon_in(floor: Floor, book: Book) -> None:
    """What this batch changed before, and has not written yet, counts too."""
    for lead in book.changed.values():
        before = book.originals.get(lead.id)
        if before and before.state in COUNTED and before.owner:
            floor.left(before.owner)
        if lead.state in COUNTED and lead.owner:
            floor.loads[lead.owner] = floor.loads.get(lead.owner, 0) + 1


def _choice(lead: Lead, item: Wanted, floor: Floor, facts: Known) -> Choice:
    if item.to:
        return _by_hand(lead, item, floor)
    never = (lead.owner,) if item.again and lead.owner else ()
    counts = not item.again and not lead.had
    choice = choose(lead, floor, facts.lists, counts=counts, first=item.first, never=never)
    if (choice.kind == "unrouted" and lead.had) or (item.again and choice.kind == "held"):
        return _manager(lead, choice, floor, never)
    return choice


def _by_hand(lead: Lead, item: Wanted, floor: Floor) -> Choice:
    """A person or a team that somebody named; only who does not exist or is not active is refused."""
    to = item.to or ""
    if to in floor.agreement.teams:
        found = [floor.candidate(member.rep, to, (lead.owner or "",), ()) for member in floor.members(to)]
        eligible = [candidate for candidate in found if not candidate.reason]
        if not eligible:
            return Choice("unrouted", f"Nobody of {to} can take it now.", candidates=tuple(found))
        pick = min(eligible, key=lambda candidate: candidate.order)
        return Choice("assigned", f"{item.by or 'Somebody'} gave it to {to}.", "by hand", pick, candidates=tuple(found))
    rep = floor.people.get(to)
    if rep is None or not rep.active:
        return Choice("unrouted", f"{to} is not an active person of the roster.")
    team = next((name for name in floor.agreement.teams if any(m.rep == to for m in floor.members(name))), None)
    pick = Candidate(to, rep.name, team, open_leads=floor.loads.get(to, 0))
    return Choice("assigned", f"{item.by or 'Somebody'} gave it to {rep.name}.", "by hand", pick, candidates=(pick,))


def _manager(lead: Lead, choice: Choice, floor: Floor, never: tuple[str, ...]) -> Choice:
    """Everybody had it or is gone: a named human takes it."""
    team = floor.agreement.teams.get(lead.team or "")
    boss = floor.people.get(team.manager or "") if team else None
    if boss is None or not boss.active or boss.id in (*lead.had, *never) or boss.is_away(floor.now):
        return choice
    pick = Candidate(boss.id, boss.name, lead.team, open_leads=floor.loads.get(boss.id, 0))
    why = f"Nobody else is left ({choice.why.rstrip('.')}), so {boss.name}, who manages {lead.team}, takes it."
    seen = (*choice.candidates, pick)
    return Choice("assigned", why, choice.rule, pick, marks=("manager",), tried=choice.tried, candidates=seen)


def _decided(book: Book, lead: Lead, item: Wanted, choice: Choice, facts: Known, live: Live, epoch: int) -> str:
    decision = new_id()
    kept = record(
        choice,
        epoch=epoch,
        facts=facts_of(lead, book.tx.now),
        version=live.version,
        agreement_hash=live.hash,
        lists=facts.list_hashes,
        now=book.tx.now,
        because=item.because,
    )
    book.decisions.append({"id": decision, "lead": lead.id, "epoch": epoch, "at": book.tx.now, "record": kept})
    return decision


def _assign(book: Book, lead: Lead, item: Wanted, choice: Choice, facts: Known, live: Live) -> None:
    assert choice.chosen is not None
    epoch, pick, now = lead.epoch + 1, choice.chosen, book.tx.now
    decision = _decided(book, lead, item, choice, facts, live, epoch)
    if lead.epoch and lead.owner:
        book.end(lead, item.because)
    previous = lead.owner if lead.owner != pick.rep else None
    lead = book.keep(
        lead,
        state="assigned",
        since=now,
        epoch=epoch,
        owner=pick.rep,
        team=pick.team,
        rule=choice.rule,
        agreement=live.version,
        assigned_at=now,
        accepted_at=None,
        attempted_at=None,
        contacted_at=None,
        closed_at=None,
        counted=choice.counts,
        had=tuple(dict.fromkeys((*lead.had, pick.rep))),
        why=choice.why,
    )
    book.assigned[lead.id, epoch] = {
        "lead": lead.id,
        "epoch": epoch,
        "owner": pick.rep,
        "team": pick.team,
        "at": now,
        "ended_at": None,
        "ended_why": None,
    }
    book.drop += [f"held:{lead.id}", f"unrouted:{lead.id}"]
    fact = LeadAssigned(
        lead=lead.shown(),
        owner=pick.rep,
        team=pick.team,
        epoch=epoch,
        tier=lead.tier or "",
        rule=choice.rule,
        routing_version=live.version,
        terms_version=lead.pinned or live.version,
        decision=decision,
        assigned_at=now,
        previous_owner=previous,
        why=item.because,
        flags=choice.marks,
        in_words=in_words(choice),
    )
    book.say(lead, fact, item.cause)


def _wait(book: Book, lead: Lead, item: Wanted, choice: Choice, facts: Known, live: Live) -> None:
    if lead.epoch and lead.owner:
        book.end(lead, item.because)
    told = lead.state == choice.kind and lead.why == choice.why
    # What was decided before is on record; to find the same again and again is no new decision.
    decision = "" if told else _decided(book, lead, item, choice, facts, live, lead.epoch)
    lead = book.keep(lead, state=choice.kind, owner=None, agreement=live.version, rule=choice.rule, why=choice.why)
    said = in_words(choice)
    if choice.kind == "held":
        if choice.until:
            book.put.append(ScheduledItem(f"held:{lead.id}", "held", lead.id, choice.until))
        if not told:
            fact = LeadHeld(tier=lead.tier or "", why=choice.why, until=choice.until, decision=decision, in_words=said)
            book.say(lead, fact, item.cause)
        return
    if told:
        return
    unrouted = live.compiled.unrouted
    alert = LeadUnrouted(tier=lead.tier or "", why=choice.why, decision=decision, in_words=said, alert=unrouted.alert)
    book.say(lead, alert, item.cause)
    at = book.tx.now + timedelta(seconds=unrouted.after)
    book.put.append(ScheduledItem(f"unrouted:{lead.id}", "unrouted", lead.id, at))
