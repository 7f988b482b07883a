"""What the ReplicaSet controller decides: how many pods to make, and which ones to delete.

Source: ``pkg/controller/replicaset/replica_set.go`` and ``replica_set_utils.go``, and the order
of ``ActivePodsWithRanks`` in ``pkg/controller/controller_utils.go``.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from rollviz.objects import (
    POD_DELETION_COST,
    Condition,
    Pod,
    PodStatus,
    ReplicaSet,
    ReplicaSetStatus,
    make_replica_set_status,
)

BURST_REPLICAS = 500
"""At most so many pods are made or deleted in one pass."""

SLOW_START_INITIAL_BATCH_SIZE = 1
"""Pods are made in batches of 1, 2, 4, 8, ...: if the first fails, the rest is not tried."""


class PodCounts(NamedTuple):
    """What a ReplicaSet's status says about its pods."""

    active: int
    ready: int
    available: int
    terminating: int


Place = tuple[str, bool, bool, int, int]
"""What :func:`deletion_rank` looks at before time: node, running, ready, deletion cost and, of a
pod that is not ready, the restarts."""


class ReplicaSetPods:
    """The pods of one ReplicaSet, with its counts kept up to date as pods change.

    Kubernetes counts and sorts all pods in each pass. Here :meth:`put` and :meth:`remove` keep
    the same counts and the same order incrementally, so that a rollout of 100,000 pods costs as
    much a pod as one of 100.

    Attributes:
        created: how many there have been.
        existing: how many there are, terminating ones included.
        active: how many count towards ``spec.replicas``: those not terminating.
        ready: how many of the active ones are ready.
        min_ready_seconds: how long a pod must be ready to count as available.
    """

    __slots__ = (
        "_places",
        "_waiting",
        "active",
        "created",
        "existing",
        "min_ready_seconds",
        "ready",
    )

    def __init__(self, min_ready_seconds: int = 0) -> None:
        self.created = 0
        self.existing = 0
        self.active = 0
        self.ready = 0
        self.min_ready_seconds = min_ready_seconds
        # The active pods of each place by name, in the order in which they came there; and since
        # when they are ready, or 0.
        self._places: dict[Place, dict[str, float]] = {}
        # Those of the ready ones that minReadySeconds does not count as available yet.
        self._waiting: dict[str, float] = {}

    def copy(self) -> ReplicaSetPods:
        """An independent copy."""
        twin = ReplicaSetPods(self.min_ready_seconds)
        twin.created, twin.existing = self.created, self.existing
        twin.active, twin.ready = self.active, self.ready
        twin._places = {place: dict(names) for place, names in self._places.items()}
        twin._waiting = dict(self._waiting)
        return twin

    def put(self, pod: Pod, before: Pod | None = None) -> None:
        """Take in a new pod, or the new state of one that was as in ``before``."""
        metadata = pod.metadata
        if before is None:
            self.created += 1
            self.existing += 1
            if metadata.deletion_timestamp is None:
                self.active += 1
                self._enter(_place(pod), metadata.name, pod.status)
        elif before.metadata.deletion_timestamp is None:
            old = _place(before)
            if metadata.deletion_timestamp is not None:
                self.active -= 1
                self._leave(old, metadata.name)
                return
            new = _place(pod)
            if new != old:
                self._leave(old, metadata.name)
                self._enter(new, metadata.name, pod.status)

    def remove(self, pod: Pod) -> None:
        """Forget a pod that is gone, and was like this at last."""
        self.existing -= 1
        if pod.metadata.deletion_timestamp is None:
            self.active -= 1
            self._leave(_place(pod), pod.metadata.name)

    def _enter(self, place: Place, name: str, status: PodStatus) -> None:
        since = 0.0
        if status.ready:
            self.ready += 1
            since = status.ready_since or 0.0
            if self.min_ready_seconds:
                self._waiting[name] = since
        try:
            self._places[place][name] = since
        except KeyError:
            self._places[place] = {name: since}

    def _leave(self, place: Place, name: str) -> None:
        del self._places[place][name]
        if place[2]:
            self.ready -= 1
            if self.min_ready_seconds:
                self._waiting.pop(name, None)

    def counts(self, now: float) -> PodCounts:
        """The pods as they count at ``now`` seconds."""
        available = self.available(now) if self.min_ready_seconds else self.ready
        return PodCounts(self.active, self.ready, available, self.existing - self.active)

    def available(self, now: float) -> int:
        """How many pods have been ready for ``min_ready_seconds`` at time ``now``."""
        while self._waiting:
            name, since = next(iter(self._waiting.items()))
            if since + self.min_ready_seconds > now:
                break
            del self._waiting[name]
        return self.ready - len(self._waiting)

    def next_available(self) -> float | None:
        """When the next ready pod will count as available, in seconds, or None."""
        for since in self._waiting.values():
            return since + self.min_ready_seconds
        return None

    def count_by_node(self, active: dict[str, int]) -> None:
        """Add how many active pods each node has, "" for those that have no node yet."""
        for place, names in self._places.items():
            node = place[0]
            active[node] = active.get(node, 0) + len(names)

    def wait_for(self, min_ready_seconds: int) -> None:
        """Count availability anew after ``spec.minReadySeconds`` was changed."""
        self.min_ready_seconds = min_ready_seconds
        ready = [
            item for place, names in self._places.items() if place[2] for item in names.items()
        ]
        ready.sort(key=itemgetter(1))
        self._waiting = dict(ready) if min_ready_seconds else {}

    def pods_to_delete(self, count: int, on_node: Mapping[str, int]) -> list[str]:
        """The names of the ``count`` pods that may go first, by :func:`deletion_rank`.

        Args:
            count: how many, in pods.
            on_node: how many active pods of the whole Deployment each node has.
        """
        chosen: list[str] = []
        for places in self._ranked_places(on_node):
            if len(chosen) >= count:
                break
            newcomers_first = [reversed(names.items()) for names in places]
            youngest_first = merge(*newcomers_first, key=itemgetter(1), reverse=True)
            chosen += [name for name, _ in islice(youngest_first, count - len(chosen))]
        return chosen

    def _ranked_places(self, on_node: Mapping[str, int]) -> list[list[dict[str, float]]]:
        """The places in groups of equal rank, the first to go first."""
        ranks: dict[tuple[bool | int, ...], list[dict[str, float]]] = {}
        for (node, running, ready, cost, restarts), names in self._places.items():
            if names:
                together = on_node.get(node, 0)
                rank = (node != "", running, ready, cost, -together, -restarts)
                ranks.setdefault(rank, []).append(names)
        return [ranks[rank] for rank in sorted(ranks)]


def deletion_rank(pod: Pod, on_same_node: int) -> tuple[bool, bool, bool, int, int, float, int]:
    """Sort key: the pod with the least key is deleted first (``ActivePodsWithRanks``).

    Unassigned before assigned; pending before running; not ready before ready; lower deletion
    cost first; then the pod on the node that has more pods of the same Deployment; then the one
    that became ready later; then the one that was restarted more often.

    Kubernetes compares ready times on a logarithmic scale and breaks ties by UID, which is
    random: any choice among pods of like age is one that it could make. Ours is the younger.
    """
    status = pod.status
    return (
        pod.spec.node_name is not None,
        status.phase == "Running",
        status.ready,
        _deletion_cost(pod.metadata.annotations),
        -on_same_node,
        -(status.ready_since or 0.0) if status.ready else 0.0,
        -status.restart_count,
    )


def calculate_status(
    rs: ReplicaSet, counts: PodCounts, failure: str, second: float
) -> ReplicaSetStatus:
    """The counts as the ReplicaSet's status shows them (``calculateStatus``).

    Args:
        rs: the ReplicaSet as read at the start of the pass.
        counts: its pods, also as they were then: what the pass itself makes or deletes is
            counted by the next one.
        failure: why pods could not be made or deleted just now, or "".
        second: the time, on a whole second of the timeline's clock.
    """
    active, ready, available, terminating = counts
    conditions = rs.status.conditions
    if conditions or failure:
        conditions = _failure_conditions(rs, active, failure, second)
    return make_replica_set_status(
        active,
        active,
        ready,
        available,
        terminating,
        rs.metadata.generation,
        conditions,
    )


def slow_start_batches(count: int) -> list[int]:
    """How many pods each round of creations makes.

    >>> slow_start_batches(10)
    [1, 2, 4, 3]
    """
    sizes = []
    size = SLOW_START_INITIAL_BATCH_SIZE
    while count > 0:
        sizes.append(min(size, count))
        count -= sizes[-1]
        size *= 2
    return sizes


def _failure_conditions(
    rs: ReplicaSet, active: int, failure: str, second: float
) -> tuple[Condition, ...]:
    conditions = rs.status.conditions
    failing = any(c.type == "ReplicaFailure" for c in conditions)
    if bool(failure) == failing:
        return conditions
    if not failure:
        return tuple([c for c in conditions if c.type != "ReplicaFailure"])
    reason = "FailedCreate" if active < rs.spec.replicas else "FailedDelete"
    return (*conditions, Condition("ReplicaFailure", "True", reason, failure, None, second))


def _place(pod: Pod) -> Place:
    status, annotations = pod.status, pod.metadata.annotations
    cost = _deletion_cost(annotations) if annotations else 0
    ready = status.ready
    restarts = 0 if ready else status.restart_count
    return (pod.spec.node_name or "", status.phase == "Running", ready, cost, restarts)


def _deletion_cost(annotations: Mapping[str, str]) -> int:
    try:
        return int(annotations[POD_DELETION_COST])
    except (KeyError, ValueError):
        return 0
