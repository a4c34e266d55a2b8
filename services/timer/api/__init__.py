"""The timer's routes: clocks and how they were computed, previews of deadlines, and the breach feed."""

from services.timer.api import breaches, clocks, deadlines
from shared.web.http import combine_routers

routes = combine_routers(clocks.routes, deadlines.routes, breaches.routes)

__all__ = ["routes"]
