"""The queue in front of a controller: who is to be looked at, each one once.

Source: client-go's ``util/workqueue``. What is added while it waits stays there once; what is added
while it is being worked on is worked on again afterwards. ``add_after`` keeps the earlier of two
times, and ``add_rate_limited`` doubles the time with each failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rollviz.simulator.cluster import Cluster

IDLE, QUEUED, BUSY, DIRTY = range(4)
"""A name is not in the queue; waits there; is being worked on; and was added meanwhile."""

RETRY_SECONDS, RETRY_MAX_SECONDS = 0.005, 1000.0
"""The delay after a first failure, and the longest."""


class WorkQueue:
    """The names of objects that one controller is to look at.

    Args:
        kind: which queue of the cluster's :class:`~rollviz.simulator.controllers.Work` this is.
        look: what the controller does with a name.
    """

    __slots__ = ("_due", "_failures", "_look", "_states", "kind")

    def __init__(self, kind: str, look: Callable[[Cluster, str], None]) -> None:
        self.kind = kind
        self._look = look
        self._states: dict[str, int] = {}
        self._failures: dict[str, int] = {}
        self._due: dict[str, float] = {}  # when a name is to be added, if later than now

    def copy(self) -> WorkQueue:
        """An independent copy."""
        twin = WorkQueue(self.kind, self._look)
        twin._states, twin._failures = dict(self._states), dict(self._failures)
        twin._due = dict(self._due)
        return twin

    def add(self, cluster: Cluster, name: str) -> None:
        """Something changed: have a look soon, or again after the present look."""
        state = self._states.get(name, IDLE)
        if state == IDLE:
            self._states[name] = QUEUED
            cluster.call_after(cluster.latency.watch, self._look, name)
        elif state == BUSY:
            self._states[name] = DIRTY

    def add_after(self, cluster: Cluster, name: str, seconds: float) -> None:
        """Have a look in so many seconds, unless one is due before."""
        due = cluster.now + seconds
        if self._due.get(name, due + 1.0) > due:
            self._due[name] = due
            cluster.call_at(due, add_due, (self.kind, name, due))

    def add_rate_limited(self, cluster: Cluster, name: str) -> None:
        """Have a look later, after twice the time that followed the failure before."""
        failures = self._failures.get(name, 0)
        self._failures[name] = failures + 1
        self.add_after(cluster, name, min(RETRY_SECONDS * 2.0**failures, RETRY_MAX_SECONDS))

    def begin(self, name: str) -> None:
        """The look at this one begins."""
        self._states[name] = BUSY

    def done(self, cluster: Cluster, name: str) -> None:
        """The look is over; if something changed meanwhile, another follows."""
        dirty = self._states[name] == DIRTY
        self._states[name] = IDLE
        if dirty:
            self.add(cluster, name)

    def forget(self, name: str) -> None:
        """It went well: the next failure is a first one again."""
        self._failures.pop(name, None)


def add_due(cluster: Cluster, entry: tuple[str, str, float]) -> None:
    """What ``add_after`` put off comes due now, if no earlier time was set since."""
    kind, name, due = entry
    queue: WorkQueue = getattr(cluster.work, kind)
    if queue._due.get(name) == due:
        del queue._due[name]
        queue.add(cluster, name)
