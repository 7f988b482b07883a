"""The steps that a learner walks through: a timeline's changes, grouped by what they mean.

A rollout of five pods is some 170 changes, and most of them say nothing new: a counter in a
status follows, a pod is scheduled, an event repeats what was seen. A new :class:`Step` begins
only where something happens that a person would point at: the Deployment is edited, a
ReplicaSet is resized, a pod becomes ready. All other changes belong to the step in which they
fall, so the steps cover the whole log and the picture at a step is
``timeline.after(step.stop)``.

>>> from rollviz.objects import Metadata, Pod, PodSpec, PodStatus, PodTemplate
>>> from rollviz.timeline import Timeline
>>> timeline = Timeline()
>>> pod = Pod(Metadata("web-1"), PodSpec(PodTemplate({})))
>>> timeline.add(0.5, "ADDED", pod)
>>> ready = Pod(pod.metadata, pod.spec, PodStatus("Running", ready=True))
>>> timeline.add(1.5, "MODIFIED", ready)
>>> [(step.kind, step.t, step.objects) for step in timeline.steps]
[('start', 0.0, ()), ('ready', 1.5, ('web-1',))]
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rollviz.controller.decision import Decision, Scaling
from rollviz.objects import CHANGE_CAUSE, PENDING, Deployment, Object, Pod, ReplicaSet

if TYPE_CHECKING:
    from rollviz.timeline import Change, Command, Noted, Timeline

MOMENT = 0.05
"""Seconds within which the same thing happening to pods of one ReplicaSet is one step."""

_END_LAG, _COMMAND_LAG = 0.1, 1.0
"""Seconds after its end, or else its start, in which a watch may still bring a command's doing."""

_FOUND = 1.0
"""Objects made more seconds than this before the first change were there when it began."""

_MANY = {
    "ready",
    "available",
    "unready",
    "failing",
    "unschedulable",
    "restarted",
    "deleted",
    "gone",
}
"""Kinds of step that several pods can share."""

_ENDS = ("NewReplicaSetAvailable", "ProgressDeadlineExceeded")
"""Reasons of the Progressing condition that end a rollout, one way or the other."""

_STARTING = {"", "ContainerCreating", "PodInitializing", "Unschedulable"}
_READING = ("get", "describe", "explain", "logs", "rollout status", "rollout history")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, and the changes that belong to it.

    Attributes:
        index: its place in ``timeline.steps``; step 0 is the start, before anything happened.
        t: when it happened, in seconds on the timeline's clock.
        start: the number of changes before it: ``timeline.changes[start]`` began it.
        stop: the number of changes up to its end; the picture is ``timeline.after(stop)``.
        kind: ``start``; ``edited`` (the Deployment was made, changed or deleted); ``scaled``
            (a ReplicaSet was made, resized or deleted); ``revision`` (an old ReplicaSet
            becomes the newest revision); ``ready``, ``available`` (``minReadySeconds`` have
            passed), ``unready``, ``failing``, ``unschedulable``, ``restarted``, ``deleted``
            (though their ReplicaSet wants them: by hand, or evicted), ``gone`` (pods);
            ``condition`` (the Deployment is complete, has passed its deadline, or is refused
            pods).
        decision: what the controller decided, for ``scaled``; None where none was recorded.
        scaling: the change of size, for ``scaled``; None where the ReplicaSet was deleted.
        command: the kubectl command that did it, for ``edited`` and ``deleted``.
    """

    index: int
    t: float
    start: int
    stop: int
    kind: str
    decision: Decision | None = None
    scaling: Scaling | None = None
    command: Command | None = None
    _names: Sequence[str] = field(default=(), repr=False, compare=False)
    _first: int = field(default=0, repr=False, compare=False)
    _last: int = field(default=0, repr=False, compare=False)

    @property
    def objects(self) -> tuple[str, ...]:
        """The names of the objects that it happened to."""
        return tuple(self._names[self._first : self._last])


class StepReader:
    """Turns changes into steps as they come; behind ``Timeline.steps``.

    It remembers where it stopped, so reading on after ``k`` more changes costs time in
    proportion to ``k``, however long the timeline is and however many pods one step names.
    """

    def __init__(self) -> None:
        self._steps: list[Step] = [Step(0, 0.0, 0, 0, "start")]
        self._taken = 0
        self._group = ""
        self._names: list[str] = []
        self._seen: dict[tuple[str, str], Object] = {}
        self._active: Counter[str] = Counter()
        self._trouble: dict[str, str] = {}
        self._commands = 0
        self._command: Command | None = None
        self._noted = 0
        self._decisions: defaultdict[Scaling, list[Noted]] = defaultdict(list)

    def read(self, timeline: Timeline) -> list[Step]:
        """All steps so far: the same list each time, which grows, as its last step does."""
        self._take_decisions(timeline.decisions)
        count = len(timeline.changes)  # once: the live mirror adds while we read
        for index in range(self._taken, count):
            self._take(index, timeline)
        if self._taken < count:
            self._taken = count
            self._close(count)
        return self._steps

    def _take_decisions(self, decisions: Sequence[Noted]) -> None:
        for index in range(self._noted, len(decisions)):
            for scaling in decisions[index].decision.scaled:
                self._decisions[scaling].append(decisions[index])
        self._noted = len(decisions)

    def _take(self, index: int, timeline: Timeline) -> None:
        change = timeline.changes[index]
        if change.object.kind == "Event":
            return
        old = self._replace_seen(change)
        kind = self._what_began(change, old)
        if isinstance(change.object, Pod):
            self._count(change, old)
        if kind == "deleted" and timeline.source == "live":
            return  # watches overtake each other: its ReplicaSet's new size may come only now
        if not kind or (old is None and _found(change, timeline.changes[0].t)):
            return
        if not self._goes_on(kind, change):
            self._begin(index, kind, old, timeline)
        self._names.append(change.object.name)

    def _replace_seen(self, change: Change) -> Object | None:
        key = change.object.kind, change.object.name
        old = self._seen.pop(key, None)
        if change.type != "DELETED":
            self._seen[key] = change.object
        return old

    def _what_began(self, change: Change, old: Any) -> str:
        match change.object:
            case Deployment() as deployment:
                return _deployment_began(change.type, old, deployment)
            case ReplicaSet() as replica_set:
                return self._replica_set_began(change.type, old, replica_set)
            case Pod() as pod:
                return self._pod_began(change.type, old, pod)
        return ""

    def _replica_set_began(self, type: str, old: ReplicaSet | None, new: ReplicaSet) -> str:
        if type == "DELETED":
            return "scaled" if self._has_owner(new) else ""
        if old is None or old.spec.replicas != new.spec.replicas:
            return "scaled"
        if old.revision != new.revision:
            return "revision"
        more = new.status.available_replicas > old.status.available_replicas
        return "available" if more and new.spec.min_ready_seconds else ""

    def _has_owner(self, replica_set: ReplicaSet) -> bool:
        """Whether its Deployment lives; a ReplicaSet that dies with it is no news."""
        owner = replica_set.metadata.owner
        deployment = self._seen.get(("Deployment", owner.name)) if owner else None
        return deployment is not None and deployment.metadata.deletion_timestamp is None

    def _pod_began(self, type: str, old: Pod | None, pod: Pod) -> str:
        if type == "DELETED":
            self._trouble.pop(pod.name, None)
            return "gone"
        if pod.terminating:
            return "deleted" if old and not old.terminating and self._is_wanted(pod) else ""
        before = old.status if old else PENDING
        if pod.status.ready and not before.ready:
            self._trouble.pop(pod.name, None)
            return "ready"
        if pod.status.restart_count > before.restart_count:
            return "restarted"
        return self._new_trouble(pod) or ("unready" if before.ready > pod.status.ready else "")

    def _is_wanted(self, pod: Pod) -> bool:
        """Whether its ReplicaSet asks for no fewer pods than it has, this one included."""
        replica_set = self._seen.get(("ReplicaSet", pod.replica_set))
        if not isinstance(replica_set, ReplicaSet):
            return False
        return self._active[replica_set.name] <= replica_set.spec.replicas

    def _count(self, change: Change, old: Any) -> None:
        pod: Any = change.object
        now = change.type != "DELETED" and pod.active
        self._active[pod.replica_set] += now - (old is not None and old.active)

    def _new_trouble(self, pod: Pod) -> str:
        """Trouble is news once: that its reason then goes to and fro is not."""
        trouble = _trouble(pod)
        if not trouble or self._trouble.get(pod.name) == trouble:
            return ""
        self._trouble[pod.name] = trouble
        return trouble

    def _goes_on(self, kind: str, change: Change) -> bool:
        step = self._steps[-1]
        same = step.kind == kind and kind in _MANY and self._group == _group(change.object)
        return same and change.t - step.t <= MOMENT

    def _begin(self, index: int, kind: str, old: Any, timeline: Timeline) -> None:
        self._close(index)
        change, names = timeline.changes[index], len(self._names)
        scaling = decision = command = None
        if kind == "scaled" and change.type != "DELETED":
            scaling = _scaling(change.object, old)
            decision = self._decision(scaling, index)
        if kind in ("edited", "deleted"):
            command = self._take_command(timeline.commands, change.t)
        self._group = _group(change.object)
        self._steps.append(
            Step(
                len(self._steps), change.t, index, index + 1, kind,
                decision, scaling, command, self._names, names, names,
            )
        )  # fmt: skip

    def _take_command(self, commands: Sequence[Command], t: float) -> Command | None:
        """The command behind a change: each is good for one, while another is to be had."""
        while self._commands < len(commands) and commands[self._commands].t <= t:
            self._commands += 1
            if _may_have_done(commands[self._commands - 1], t):
                self._command = commands[self._commands - 1]
                return self._command
        return self._command if self._command and _may_have_done(self._command, t) else None

    def _decision(self, scaling: Scaling, index: int) -> Decision | None:
        """The decision that made this scaling: of those that did alike, the nearest."""
        noted = self._decisions.get(scaling)
        if not noted:
            return None
        at = bisect_left(noted, index, key=lambda n: n.changes)
        return min(noted[max(0, at - 1) : at + 1], key=lambda n: abs(n.changes - index)).decision

    def _close(self, stop: int) -> None:
        """Let the last step end after ``stop`` changes, with the names collected so far."""
        last = self._steps[-1]
        self._steps[-1] = replace(last, stop=stop, _last=len(self._names))


def _deployment_began(type: str, old: Deployment | None, new: Deployment) -> str:
    if old is None or type == "DELETED" or old.metadata.generation != new.metadata.generation:
        return "edited"
    if old.metadata.annotations.get(CHANGE_CAUSE) != new.metadata.annotations.get(CHANGE_CAUSE):
        return "edited"
    if old.status.conditions == new.status.conditions:
        return ""
    refused = [
        status.condition("ReplicaFailure") is not None for status in (old.status, new.status)
    ]
    ended = _reason(new) in _ENDS and _reason(new) != _reason(old)
    return "condition" if ended or refused[0] != refused[1] else ""


def _reason(deployment: Deployment) -> str:
    progressing = deployment.status.condition("Progressing")
    return progressing.reason if progressing else ""


def _trouble(pod: Pod) -> str:
    if pod.status.phase == "Failed" or pod.status.reason not in _STARTING:
        return "failing"
    return "unschedulable" if pod.status.reason == "Unschedulable" else ""


def _scaling(replica_set: Any, old: ReplicaSet | None) -> Scaling:
    from_ = old.spec.replicas if old else 0
    return Scaling(replica_set.name, from_, replica_set.spec.replicas)


def _group(object: Object) -> str:
    """The ReplicaSet that something happens to: its own name, or that of its owner."""
    return object.replica_set if isinstance(object, Pod) else object.name


def _found(change: Change, began: float) -> bool:
    """Whether an object that is new to us was there before anybody watched."""
    return change.type == "ADDED" and change.object.metadata.creation_timestamp < began - _FOUND


def _may_have_done(command: Command, t: float) -> bool:
    """Whether a change at ``t`` can be this command's doing."""
    if command.exit_code or _words(command).startswith(_READING):
        return False
    lag = _END_LAG if command.end > command.t else _COMMAND_LAG
    return command.t <= t <= max(command.t, command.end) + lag


def _words(command: Command) -> str:
    """The command line without ``kubectl``."""
    return command.run.removeprefix("kubectl ")
