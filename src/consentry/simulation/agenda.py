"""What is still to happen, in order of time; whoever acts may put more on it."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from .stage import Hands, Stage

Doing = Callable[[Hands], None]


@dataclass
class Agenda:
    stage: Stage
    _waiting: list[tuple[datetime, int, Doing]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def at(self, instant: datetime, doing: Doing) -> None:
        """Never before now: what is late happens at once."""
        heapq.heappush(self._waiting, (max(instant, self.stage.now), next(self._order), doing))

    def after(self, seconds: float, doing: Doing) -> None:
        self.at(self.stage.now + timedelta(seconds=seconds), doing)

    def between(self, least_s: float, most_s: float, doing: Doing) -> None:
        self.after(float(self.stage.chance.uniform(least_s, most_s)), doing)

    def live(self, hands: Hands, until: datetime) -> None:
        """Do everything that is due before then, and let time pass until then."""
        while self._waiting and self._waiting[0][0] < until:
            instant, _, doing = heapq.heappop(self._waiting)
            self.stage.clock.move_to(max(instant, self.stage.now))
            doing(hands)
        self.stage.clock.move_to(max(until, self.stage.now))
