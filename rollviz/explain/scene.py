"""What a sentence about a step needs to know: the moment before it, and the moment after.

Counts come from the ReplicaSets' statuses where the controller decides by them, and from the
pods where a picture shows pods. Both are kept up change by change, so that wording every step
of a long timeline costs one replay of it, not one a step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain

from rollviz.controller.decision import Decision
from rollviz.controller.deployment import sync_deployment
from rollviz.objects import Deployment, Object, Pod, ReplicaSet
from rollviz.steps import Step
from rollviz.timeline import Change, Snapshot, Timeline

LOOK_AROUND = 0.5
"""How many seconds before or after a resizing its cause may have come in."""

_MOST_LOOKS = 40

Counted = tuple[tuple[Pod, int], ...]
"""Pods, each with 1 where it comes into the counts, -1 where it leaves them."""


class Moment:
    """A snapshot that moves on, with its pods counted by ReplicaSet.

    Attributes:
        snapshot: the objects.
        pods, ready, terminating: pods by the name of their ReplicaSet; ready ones do not
            include terminating ones, pods are all of them.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.pods: Counter[str] = Counter()
        self.ready: Counter[str] = Counter()
        self.terminating: Counter[str] = Counter()
        for pod in snapshot.pods.values():
            self._count(pod, 1)

    def apply(self, change: Change) -> Counted:
        """Take one change in; returns what that does to the counts, for who is to follow."""
        counted = self._news(change)
        self.follow(change, counted)
        return counted

    def follow(self, change: Change, counted: Counted) -> None:
        """Take in what another moment has taken in that was then as this one is now."""
        for pod, by in counted:
            self._count(pod, by)
        self.snapshot.apply(change)

    def _news(self, change: Change) -> Counted:
        """The pods to count, and those to count no more: most changes are none to the counts."""
        pod = change.object
        if not isinstance(pod, Pod):
            return ()
        old = self.snapshot.pods.get(pod.name)
        if change.type == "DELETED":
            return ((old, -1),) if old else ()
        if old is None:
            return ((pod, 1),)
        return () if _counts_as(old) == _counts_as(pod) else ((old, -1), (pod, 1))

    def _count(self, pod: Pod, by: int) -> None:
        name, ready, terminating = _counts_as(pod)
        self.pods[name] += by
        self.ready[name] += by * (ready and not terminating)
        self.terminating[name] += by * terminating

    def decide(self, deployment: Deployment) -> Decision:
        """What the controller does in this state: see :func:`rollviz.explain.decide`."""
        replica_sets = self.snapshot.replica_sets_of(deployment)
        for _ in range(3):
            run = sync_deployment(deployment, replica_sets, self.snapshot.t, pods=self.pods)
            updated = {w.object.name: w.object for w in run.writes if w.verb == "update"}
            if run.scaled or not updated:
                break
            # Revision and annotations only: it comes again at once, and this is what it finds.
            deployment = run.deployment
            replica_sets = [updated.get(rs.name, rs) for rs in replica_sets]  # type: ignore[misc]
        return run.decision()


def _counts_as(pod: Pod) -> tuple[str, bool, bool]:
    return pod.replica_set, pod.status.ready, pod.terminating


class Scene:
    """A step with the moments around it. Read it at once: its moments move on to the next.

    Attributes:
        timeline, step: whose step it is, and which.
        before, after: what was there before the step, and at its end.
    """

    def __init__(self, timeline: Timeline, step: Step, before: Moment, after: Moment) -> None:
        self.timeline = timeline
        self.step = step
        self.before = before
        self.after = after

    @property
    def change(self) -> Change:
        """The change that began the step (not for step 0, which none began)."""
        return self.timeline.changes[self.step.start]

    @cached_property
    def deployment(self) -> Deployment | None:
        """The Deployment that the step is about, as it is afterwards, or was last seen."""
        name = self.deployment_name
        deployments = self.after.snapshot.deployments
        return deployments.get(name) or self.before.snapshot.deployments.get(name)

    @cached_property
    def deployment_name(self) -> str:
        """Its name, or "" where nobody owns the object that the step began with."""
        return self._owner(self.change.object)

    def _owner(self, object: Object) -> str:
        match object:
            case Deployment():
                return object.name
            case ReplicaSet():
                return object.metadata.owner.name if object.metadata.owner else ""
            case Pod():
                replica_set = self.replica_set(object.replica_set)
                return self._owner(replica_set) if replica_set else ""
        return ""

    def replica_set(self, name: str) -> ReplicaSet | None:
        """The ReplicaSet of that name, as it is afterwards, or was last seen."""
        found = self.after.snapshot.replica_sets.get(name)
        return found or self.before.snapshot.replica_sets.get(name)

    @cached_property
    def replica_sets(self) -> list[ReplicaSet]:
        """The Deployment's ReplicaSets afterwards, oldest first."""
        return self.after.snapshot.replica_sets_of(self.deployment) if self.deployment else []

    @cached_property
    def new(self) -> str:
        """The name of the new ReplicaSet, or "" while there is none."""
        found = self.deployment and self.after.snapshot.new_replica_set(self.deployment)
        return found.name if found else ""

    def age(self, replica_set: str) -> str:
        """``old`` or ``new``; "" for the new one's pods where there are no others."""
        if replica_set != self.new:
            return "old" if self.deployment else ""
        others = [rs for rs in self.replica_sets if rs.name != replica_set]
        trading = any(rs.spec.replicas or self.after.pods[rs.name] for rs in others)
        return "new" if trading else ""

    @cached_property
    def decision(self) -> Decision | None:
        """For ``scaled``, what the controller decided; else what it does in the state afterwards.

        A timeline from a live cluster holds no decisions. There it is what our controller
        decides on the state just before, or None where it would not have done what was done.
        """
        if self.step.kind != "scaled":
            return self.next
        return self.step.decision or self._observed()

    @cached_property
    def next(self) -> Decision | None:
        """What the controller decides in the state afterwards; None without a Deployment."""
        deployment = self.after.snapshot.deployments.get(self.deployment_name)
        return self.after.decide(deployment) if deployment else None

    def _observed(self) -> Decision | None:
        """The decision that explains a size seen to change.

        One pass can resize several ReplicaSets: if the state before the resizings just before
        this one leads to all of them, they were one decision.
        """
        found, done, steps = self._decided_before(), [self.step.scaling], self.timeline.steps
        for index in range(self.step.index - 1, 0, -1):
            step = steps[index]
            if found is None or step.scaling is None or self.step.t - step.t > LOOK_AROUND:
                break
            done.append(step.scaling)
            whole = self._decided(Moment(self.timeline.after(step.start)))
            if whole is None or not set(done) <= set(whole.scaled):
                break
            found = whole
        return found

    def _decided_before(self) -> Decision | None:
        """What the state just before leads to, if it leads to this resizing.

        Else an older state, because a live controller's caches lag behind; else one with what
        came just after, because a live cluster's watches overtake each other.
        """
        for moment in chain([self.before], self._older(), self._newer()):
            decision = self._decided(moment)
            if decision and self.step.scaling in decision.scaled:
                return decision
        return None

    def _older(self) -> Iterator[Moment]:
        start, changes = self.step.start, self.timeline.changes
        for count in range(start - 1, max(0, start - _MOST_LOOKS), -1):
            if changes[count].t < self.step.t - LOOK_AROUND:
                return
            yield Moment(self.timeline.after(count))

    def _newer(self) -> Iterator[Moment]:
        start = self.step.start
        moment = Moment(self.timeline.after(start))
        for change in self.timeline.changes[start + 1 : start + _MOST_LOOKS]:
            if change.t > self.step.t + LOOK_AROUND:
                return
            if change.object.kind != "ReplicaSet":  # those follow from it
                moment.apply(change)
                yield moment

    def _decided(self, moment: Moment) -> Decision | None:
        """What our controller decides in a state."""
        deployment = moment.snapshot.deployments.get(self.deployment_name)
        if deployment is None:
            return None
        decision = moment.decide(deployment)
        if decision.new_rs in moment.snapshot.replica_sets:
            return decision
        made = self.after.snapshot.new_replica_set(deployment)
        return _renamed(decision, made.name) if made else decision


def _renamed(decision: Decision, new_rs: str) -> Decision:
    """The decision with the new ReplicaSet's real name, whose hash is unlike ours."""
    scaled = [
        s._replace(replica_set=new_rs) if s.replica_set == decision.new_rs else s
        for s in decision.scaled
    ]
    return replace(decision, new_rs=new_rs, scaled=tuple(scaled))


def scene_of(timeline: Timeline, step: Step) -> Scene:
    """One step's scene."""
    before = Moment(timeline.after(step.start))
    return Scene(timeline, step, before, Moment(timeline.after(step.stop)))


def scenes(timeline: Timeline) -> Iterator[Scene]:
    """Every step's scene, one after another, in one replay."""
    before, after = Moment(Snapshot()), Moment(Snapshot())
    for step in timeline.steps:
        changes = timeline.changes[step.start : step.stop]
        counted = [after.apply(change) for change in changes]
        yield Scene(timeline, step, before, after)
        for change, counts in zip(changes, counted, strict=True):
            before.follow(change, counts)
