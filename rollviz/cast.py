"""Who is on the stage, where, and how they look: a timeline's changes as histories.

Everything that changes is a *history*, ``[[p, value...], ...]``: from position ``p`` of the
:class:`~rollviz.film.Film` on it has these values, until the next row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from operator import itemgetter
from typing import Any

from rollviz.controller.deployment_util import is_rolling_update, max_surge_and_unavailable
from rollviz.objects import Deployment, Event, Pod, PodTemplate, ReplicaSet
from rollviz.timeline import Change

Json = dict[str, Any]
History = list[list[Any]]

SHAPES = ("pending", "starting", "ready", "available", "failing", "terminating")
"""How a pod can look, in the order of its life."""

PENDING, STARTING, READY, AVAILABLE, FAILING, TERMINATING = SHAPES
_GONE = ""

_COUNTS = itemgetter(*SHAPES)
"""How many pods have each of ``SHAPES``, of a tally."""

_ON_ITS_WAY = {"", "ContainerCreating", "PodInitializing"}
"""Reasons why a container waits that are no failure."""


BELOW = 12
"""Pods in the first slots of a lane sink straight down, as far as nobody is in the way."""


def shape(pod: Pod) -> str:
    """How a pod looks, one of ``SHAPES``; ``available`` is for its ReplicaSet to say.

    >>> from rollviz.objects import Metadata, PodSpec, PodStatus, PodTemplate
    >>> shape(Pod(Metadata("web-1"), PodSpec(PodTemplate({})), PodStatus("Running")))
    'starting'
    """
    if pod.terminating:
        return TERMINATING
    if pod.status.ready:
        return READY
    if pod.state == "Pending":
        return PENDING
    if pod.status.phase == "Failed" or pod.status.reason not in _ON_ITS_WAY:
        return FAILING
    return STARTING


def note(history: History, p: float, *values: Any) -> None:
    """Go on with a history: nothing where nothing is new, one row for each position.

    >>> history = []
    >>> note(history, 0.5, 1), note(history, 1.0, 1), note(history, 2.0, 3), history
    (None, None, None, [[0.5, 1], [2.0, 3]])
    """
    row = [p, *values]
    if history and history[-1][0] == p:
        history[-1] = row
    elif not history or history[-1][1:] != row[1:]:
        history.append(row)


def value_at(history: History, p: float, column: int) -> int:
    """A count of a history at ``p``, 0 before its beginning.

    >>> value_at([[1.0, 5], [2.0, 6]], 1.5, 1), value_at([[1.0, 5]], 0.5, 1)
    (5, 0)
    """
    index = bisect_right(history, p, key=lambda row: row[0])
    return int(history[index - 1][column]) if index else 0


class Slots:
    """Places in a row: the first free one is taken, and given back.

    >>> slots = Slots()
    >>> slots.take(), slots.take(), slots.give(0), slots.take(), slots.count
    (0, 1, None, 0, 2)
    """

    def __init__(self) -> None:
        self.count = 0
        self._free: list[int] = []

    def take(self, wish: int | None = None) -> int:
        """The place wished for if nobody has it, else the first that is free."""
        while wish is not None and wish >= self.count:
            self.give(self.count)
            self.count += 1
        if wish in self._free:
            self._free.remove(wish)
            self._free.sort()
            return wish
        if self._free:
            return heappop(self._free)
        self.count += 1
        return self.count - 1

    def give(self, slot: int) -> None:
        """Give a place back."""
        heappush(self._free, slot)


def _tally() -> dict[str, int]:
    """How many pods have each shape; each that came is missing from those that are gone."""
    return dict.fromkeys((*SHAPES, _GONE), 0)


@dataclass(eq=False)
class _Pod:
    """A pod on the stage. ``shape`` is how it looks now, "" once it is gone."""

    name: str
    index: int
    lane: int
    slot: int
    exit: int | None = None
    shape: str = _GONE
    node: tuple[int, int] | None = None
    looks: History = field(default_factory=list)
    on: History = field(default_factory=list)


@dataclass(eq=False)
class _Lane:
    """A ReplicaSet on the stage. ``ready`` are its pods that are not yet available, in order."""

    name: str
    index: int
    hash: str
    image: str
    hue: int
    min_ready_seconds: int = 0
    alive: History = field(default_factory=list)
    revision: History = field(default_factory=list)
    cause: History = field(default_factory=list)
    size: History = field(default_factory=list)
    counts: History = field(default_factory=list)
    slots: Slots = field(default_factory=Slots)
    tally: dict[str, int] = field(default_factory=_tally)
    ready: dict[str, _Pod] = field(default_factory=dict)

    def take(self, type: str, replica_set: ReplicaSet, p: float) -> None:
        """Take a change of the ReplicaSet in."""
        status = replica_set.status
        self.min_ready_seconds = replica_set.spec.min_ready_seconds
        note(self.alive, p, int(type != "DELETED"))
        note(self.revision, p, replica_set.revision, list(replica_set.revision_history))
        note(self.cause, p, replica_set.change_cause)
        note(self.size, p, replica_set.spec.replicas, status.replicas, status.ready_replicas)

    def count(self, p: float) -> None:
        """Write down how many of its pods have each shape."""
        note(self.counts, p, *_COUNTS(self.tally))

    def data(self) -> Json:
        """This lane as ``stage_data`` gives it."""
        keys = "name", "hash", "image", "hue", "alive", "revision", "cause", "size", "counts"
        return {key: getattr(self, key) for key in keys}


class Cast:
    """Takes a timeline's changes, one by one, and knows the histories of all it has seen.

    Args:
        changes: all that will be taken; looked at once before, because a watch may bring a pod
            before its ReplicaSet. Of a ReplicaSet that is not among them, pods must come later.
        name: the Deployment that is shown; others, and what they own, are left out.

    Attributes:
        touched: the indices of the pods whose histories have grown, for who empties it.
    """

    def __init__(self, changes: Iterable[Change], name: str) -> None:
        self.name = name
        self.lanes: dict[str, _Lane] = {}
        self._hues: dict[PodTemplate, int] = {}
        self._pods: dict[str, _Pod] = {}
        self._everyone: list[_Pod] = []
        self.touched: set[int] = set()
        self._looks: dict[tuple[str, str], int] = {}
        self._exits = Slots()
        self._nodes: dict[str, int] = {}
        self._on: dict[int, Slots] = {}
        self._spec: History = []
        self._band: History = []
        self._tally = _tally()
        self._events: History = []
        for replica_set in _replica_sets(changes, name):
            self._enter(replica_set)

    def take(self, change: Change, p: float) -> None:
        """Take the change that happens at position ``p``."""
        match change.object:  # most are of pods
            case Pod() as pod if lane := self.lanes.get(pod.replica_set):
                self._take_pod(change.type, pod, lane, p)
            case Deployment() as deployment if deployment.name == self.name:
                note(self._spec, p, *_spec_row(deployment))
            case ReplicaSet() as replica_set if _owned(replica_set, self.name):
                own = self.lanes.get(replica_set.name) or self._enter(replica_set)
                own.take(change.type, replica_set, p)
                self._promote(own, replica_set.status.available_replicas, p)
            case Event() as event:
                self._take_event(event, p)

    def _enter(self, replica_set: ReplicaSet) -> _Lane:
        """A lane for a ReplicaSet, below the others; its hue is that of its version."""
        template = replica_set.spec.template
        hue = self._hues.setdefault(template, len(self._hues))
        lane = self.lanes[replica_set.name] = _Lane(
            replica_set.name,
            len(self.lanes),
            replica_set.pod_template_hash,
            template.image,
            hue,
        )
        return lane

    def _take_pod(self, type: str, pod: Pod, lane: _Lane, p: float) -> None:
        seen = self._pods.get(pod.name)
        if seen is None:
            if type == "DELETED":
                return
            seen = self._pods[pod.name] = _Pod(
                pod.name, len(self._everyone), lane.index, lane.slots.take()
            )
            self._everyone.append(seen)
        before = seen.shape
        if type == "DELETED":
            self._leave(seen, lane, p)
        else:
            self._look(seen, lane, self._shape(seen, pod, lane), pod.state, p)
            self._stand(seen, pod.spec.node_name, p)
        if seen.shape != before:
            self._count(lane, p)

    def _shape(self, seen: _Pod, pod: Pod, lane: _Lane) -> str:
        looks = shape(pod)
        if looks == READY and (seen.shape == AVAILABLE or not lane.min_ready_seconds):
            return AVAILABLE
        return looks

    def _look(self, pod: _Pod, lane: _Lane, looks: str, word: str, p: float) -> None:
        """Let a pod look so from now on; one that begins to terminate leaves its slot."""
        if looks == TERMINATING and pod.shape != TERMINATING:
            lane.slots.give(pod.slot)
            pod.exit = self._exits.take(pod.slot if pod.slot < BELOW else None)
        self._reshape(pod, lane, looks)
        note(pod.looks, p, self._looks.setdefault((looks, word), len(self._looks)))

    def _reshape(self, pod: _Pod, lane: _Lane, looks: str) -> None:
        if looks != pod.shape:
            for tally in (lane.tally, self._tally):
                tally[pod.shape] -= 1
                tally[looks] += 1
            pod.shape = looks
        self.touched.add(pod.index)
        lane.ready.pop(pod.name, None)
        if looks == READY:
            lane.ready[pod.name] = pod

    def _leave(self, pod: _Pod, lane: _Lane, p: float) -> None:
        if pod.exit is None:
            lane.slots.give(pod.slot)
        else:
            self._exits.give(pod.exit)
        self._reshape(pod, lane, _GONE)
        if pod.node:
            self._on[pod.node[0]].give(pod.node[1])
        note(pod.looks, p, -1)
        del self._pods[pod.name]

    def _stand(self, pod: _Pod, node: str | None, p: float) -> None:
        """Put a pod on its node, or among those that have none yet (-1)."""
        index = self._nodes.setdefault(node, len(self._nodes)) if node else -1
        if pod.node and pod.node[0] == index:
            return
        if pod.node:
            self._on[pod.node[0]].give(pod.node[1])
        self.touched.add(pod.index)
        pod.node = index, self._on.setdefault(index, Slots()).take()
        note(pod.on, p, *pod.node)

    def _promote(self, lane: _Lane, available: int, p: float) -> None:
        """Under ``minReadySeconds`` a pod is available when its controller has counted it."""
        missing = max(available - lane.tally[AVAILABLE], 0)
        for pod in list(lane.ready.values())[:missing]:
            self._look(pod, lane, AVAILABLE, "Ready", p)
        self._count(lane, p)

    def _count(self, lane: _Lane, p: float) -> None:
        lane.count(p)
        everything = -self._tally[_GONE]
        counted = everything - self._tally[TERMINATING]
        note(self._band, p, self._tally[AVAILABLE], counted, everything)

    def _take_event(self, event: Event, p: float) -> None:
        regarding = event.regarding
        if regarding.name == self.name or regarding.name.startswith(f"{self.name}-"):
            about = f"{regarding.kind.lower()}/{regarding.name}"
            self._events.append([p, event.type, event.reason, about, event.message, event.count])

    def lane_of(self, replica_set: str, failed: bool) -> int:
        """The lane whose pods answered a request, -1 if none did."""
        return -1 if failed else self.lanes[replica_set].index

    def data(self) -> Json:
        """What ``stage_data`` gives of it."""
        return self.setting() | {"pods": [_pod_data(pod) for pod in self._everyone]}

    def setting(self) -> Json:
        """The same without the pods, of which there may be thousands."""
        lanes = list(self.lanes.values())
        nodes = {at: slots.count for at, slots in self._on.items()}
        return {
            "spec": self._spec,
            "lanes": [lane.data() for lane in lanes],
            "looks": [list(look) for look in self._looks],
            "slots": max((lane.slots.count for lane in lanes), default=0),
            "exits": self._exits.count,
            "nodes": list(self._nodes),
            "node_slots": max(nodes.values(), default=0),
            "band": self._band,
            "events": self._events,
        }

    def pod(self, index: int) -> Json:
        """One of ``data()["pods"]``."""
        return _pod_data(self._everyone[index])


def _pod_data(pod: _Pod) -> Json:
    keys = "name", "lane", "slot", "exit", "looks", "on"
    return {key: getattr(pod, key) for key in keys}


def _replica_sets(changes: Iterable[Change], deployment: str) -> list[ReplicaSet]:
    """The Deployment's ReplicaSets, oldest first."""
    found: dict[str, ReplicaSet] = {}
    for change in changes:
        replica_set = change.object
        if isinstance(replica_set, ReplicaSet) and _owned(replica_set, deployment):
            found.setdefault(replica_set.name, replica_set)
    return sorted(found.values(), key=lambda rs: rs.metadata.creation_timestamp)


def _owned(replica_set: ReplicaSet, deployment: str) -> bool:
    owner = replica_set.metadata.owner
    return owner is not None and (owner.kind, owner.name) == ("Deployment", deployment)


def _spec_row(deployment: Deployment) -> list[Any]:
    """Replicas and the rule for changing them: see ``spec`` in ``stage_data``."""
    spec, strategy = deployment.spec, deployment.spec.strategy
    surge, unavailable = max_surge_and_unavailable(spec)
    rolling = is_rolling_update(deployment)
    return [
        spec.replicas,
        strategy.type,
        strategy.max_surge,
        strategy.max_unavailable,
        surge,
        unavailable,
        spec.replicas - unavailable if rolling else None,
        spec.replicas + surge if rolling else None,
        int(spec.paused),
    ]
