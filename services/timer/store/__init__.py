"""What the timer keeps: functions named for the answer they give."""

from services.timer.store.clocks import (
    clock_named,
    clocks_named,
    clocks_of,
    note_reckonings,
    reckoning_of,
    reckonings_of,
    save,
    shown,
    spend,
    spent_of,
)
from services.timer.store.leads import answers_of, forget_answers, keep_answers, keep_leads, leads_of
from services.timer.store.tables import metadata
from services.timer.store.told import BELL, last_breach, tell_breaches, told_breaches

__all__ = [
    "BELL",
    "answers_of",
    "clock_named",
    "clocks_named",
    "clocks_of",
    "forget_answers",
    "keep_answers",
    "keep_leads",
    "last_breach",
    "leads_of",
    "metadata",
    "note_reckonings",
    "reckoning_of",
    "reckonings_of",
    "save",
    "shown",
    "spend",
    "spent_of",
    "tell_breaches",
    "told_breaches",
]
