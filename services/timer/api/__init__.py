"""The timer's doors: clocks and how they were reckoned, previews, and the breach topic over HTTP."""

from fastapi import APIRouter

from services.timer.api import breaches, clocks, deadlines

doors = APIRouter()
for part in (clocks.doors, deadlines.doors, breaches.doors):
    doors.include_router(part)

__all__ = ["doors"]
