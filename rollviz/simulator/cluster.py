"""A Kubernetes cluster in virtual time: an API server, two controllers, a scheduler, kubelets.

The clock only moves from one event to the next; nothing sleeps. Events are ordered by time and
then by when they were scheduled, and the one source of chance is a seeded ``random.Random``:
the same calls give the same timeline, to the byte.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from math import floor
from typing import Any

from rollviz._quick import no_garbage_collection
from rollviz.controller.replicaset import ReplicaSetPods
from rollviz.objects import (
    Deployment,
    Json,
    Object,
    OwnerReference,
    Pod,
    ReplicaSet,
)
from rollviz.simulator import controllers, nodes
from rollviz.simulator.behaviour import Latency, PodBehaviour
from rollviz.simulator.events import Report
from rollviz.timeline import Command, Snapshot, Timeline, make_change

EPOCH = 1_767_225_600.0
"""2026-01-01T00:00:00Z: when a simulated cluster begins, unless told otherwise."""

MOST_REPLICAS = 150_000
"""A Deployment may ask for so many pods: Kubernetes supports no cluster with more of them."""

Callback = Callable[["Cluster", Any], None]


class ApiError(Exception):
    """The API server refused: ``code`` and ``reason`` as in its Status, ``message`` its words."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster: its CPUs, whether it is ready, and what is reserved on it."""

    name: str
    cpu: float
    ready: bool = True
    creation_timestamp: float = 0.0


class Cluster:
    """A simulated cluster.

    Args:
        nodes: how many nodes there are.
        cpu_per_node: CPUs a node. Pods take what their containers request; without requests
            any number fits.
        quota_pods: a ResourceQuota on the number of pods, terminating ones included, or None.
        pods: how long pods take, and which images are broken.
        latency: how long the control plane takes.
        seed: the seed of names and of choices that Kubernetes leaves to chance.
        epoch: the wall-clock time of its start, in seconds since 1970.

    Attributes:
        now: virtual seconds since the start.
        timeline: everything that has happened.
        snapshot: everything as it is now, by kind and name.

    >>> from rollviz.objects import DeploymentSpec, Metadata, PodTemplate
    >>> cluster = Cluster()
    >>> _ = cluster.create(Deployment(Metadata("web"), DeploymentSpec(3, {}, PodTemplate({}))))
    >>> cluster.run_for(5)
    >>> cluster.snapshot.deployments["web"].status.available_replicas
    3
    """

    def __init__(
        self,
        *,
        nodes: int = 3,
        cpu_per_node: float = 64.0,
        quota_pods: int | None = None,
        pods: PodBehaviour | None = None,
        latency: Latency | None = None,
        seed: int = 0,
        epoch: float = EPOCH,
    ) -> None:
        self.quota_pods = quota_pods
        self.pods = pods or PodBehaviour()
        self.latency = latency or Latency()
        self.now = 0.0
        self.timeline = Timeline(epoch=epoch)
        self.snapshot = Snapshot()
        self.nodes = {
            name: Node(name, cpu_per_node) for name in (f"node-{n + 1}" for n in range(nodes))
        }
        self.rng = random.Random(seed)
        self.pods_of: dict[str, ReplicaSetPods] = {}  # by the ReplicaSet's uid
        self.work = controllers.Work()
        self.placement = _placement(self.nodes)
        self._due: list[tuple[float, int, Callback, Any]] = []  # a heap: what is due, and when
        self._serial = 0
        self._fraction = epoch % 1.0
        self._uid_prefix = f"{self.rng.getrandbits(32):08x}-5ca1-4ab1-8e5e"

    def __repr__(self) -> str:
        names = ", ".join(self.snapshot.deployments) or "nothing in it"
        return f"<Cluster at {self.now:.1f} s: {names}, {len(self.snapshot.pods)} pods>"

    @property
    def epoch(self) -> float:
        """The wall-clock time of its start, in seconds since 1970."""
        return self.timeline.epoch

    @property
    def second(self) -> float:
        """``now`` as the API writes times: on a whole wall-clock second."""
        return floor(self.now + self._fraction) - self._fraction

    # --- the clock ---------------------------------------------------------------------------

    def call_at(self, t: float, callback: Callback, argument: Any) -> None:
        """Have ``callback(cluster, argument)`` called when the clock reaches ``t``."""
        self._serial += 1
        heappush(self._due, (t, self._serial, callback, argument))

    def call_after(self, seconds: float, callback: Callback, argument: Any) -> None:
        """Have ``callback(cluster, argument)`` called in so many seconds."""
        self._serial += 1
        heappush(self._due, (self.now + seconds, self._serial, callback, argument))

    def run_for(self, seconds: float) -> None:
        """Let so many virtual seconds pass."""
        self.run_to(self.now + seconds)

    def run_to(self, t: float) -> None:
        """Let time pass until ``t``; everything due at ``t`` has happened then."""
        due = self._due
        with no_garbage_collection():
            while due and due[0][0] <= t:
                self.now, _, callback, argument = heappop(due)
                callback(self, argument)
        self.now = max(self.now, t)

    def run_until(self, done: Callable[[Cluster], bool], *, limit: float = 3600.0) -> bool:
        """Let time pass until ``done(cluster)``, or for ``limit`` seconds at most.

        ``done`` is asked after each change. Returns whether it came true; if it did not, the
        clock stands at the limit, or where it was if nothing could ever change any more.
        """
        with no_garbage_collection():
            came_true = self._run_until(done, self.now + limit)
        return came_true

    def _run_until(self, done: Callable[[Cluster], bool], end: float) -> bool:
        due, changes = self._due, self.timeline.changes
        seen = -1
        while True:
            if len(changes) != seen:
                if done(self):
                    return True
                seen = len(changes)
            if not due:
                return False
            if due[0][0] > end:
                self.now = end
                return False
            self.now, _, callback, argument = heappop(due)
            callback(self, argument)

    def next_event(self) -> float | None:
        """When something is due next, in virtual seconds, or None if nothing ever is."""
        return self._due[0][0] if self._due else None

    def fork(self) -> Cluster:
        """A second cluster in the same state, whose future is its own.

        >>> cluster = Cluster()
        >>> twin = cluster.fork()
        >>> twin.run_for(1)
        >>> cluster.now, twin.now
        (0.0, 1.0)
        """
        twin = Cluster.__new__(Cluster)
        twin.__dict__.update(self.__dict__)
        twin.timeline = self.timeline.until(self.now)
        twin.snapshot = self.snapshot.copy()
        twin.nodes = dict(self.nodes)
        twin.rng = random.Random()
        twin.rng.setstate(self.rng.getstate())
        twin.pods_of = {uid: pods.copy() for uid, pods in self.pods_of.items()}
        twin.work = self.work.copy()
        twin.placement = self.placement.copy()
        twin._due = list(self._due)
        return twin

    # --- the API server ----------------------------------------------------------------------

    def create(self, deployment: Deployment) -> Deployment:
        """Create a Deployment, as ``POST .../deployments`` does.

        Raises:
            ApiError: one of that name exists already (409 AlreadyExists), or it asks for more
                than :data:`MOST_REPLICAS` (403 Forbidden).
        """
        admit(deployment)
        name = deployment.metadata.name
        if name in self.snapshot.deployments:
            message = f'deployments.apps "{name}" already exists'
            raise ApiError(409, "AlreadyExists", message)
        metadata = replace(
            deployment.metadata, uid=self.new_uid(), generation=1, creation_timestamp=self.second
        )
        created = Deployment(metadata, deployment.spec)
        self.record("ADDED", created)
        self.work.deployments.add(self, name)
        return created

    def replace(self, deployment: Deployment) -> Deployment:
        """Change a Deployment's metadata and spec, as ``PUT`` or ``PATCH`` does.

        Nothing happens when nothing differs.

        Raises:
            ApiError: there is none of that name (404 NotFound), or it asks for more than
                :data:`MOST_REPLICAS` (403 Forbidden).
        """
        admit(deployment)
        current = self.deployment(deployment.metadata.name)
        updated = prepared_for_update(deployment, current)
        if updated == current:
            return current
        self.record("MODIFIED", updated)
        self.work.deployments.add(self, updated.metadata.name)
        return updated

    def deployment(self, name: str) -> Deployment:
        """The Deployment of that name.

        Raises:
            ApiError: there is none (404 NotFound).
        """
        try:
            return self.snapshot.deployments[name]
        except KeyError:
            message = f'deployments.apps "{name}" not found'
            raise ApiError(404, "NotFound", message) from None

    def delete_deployment(self, name: str) -> None:
        """Delete a Deployment; the garbage collector then takes its ReplicaSets and pods.

        Raises:
            ApiError: there is none (404 NotFound).
        """
        deployment = self.deployment(name)
        self.record("DELETED", deployment)
        for rs in self.snapshot.replica_sets_of(deployment):
            self.call_after(self.latency.write, controllers.collect_replica_set, rs.name)

    def delete_replica_set(self, name: str) -> None:
        """Delete a ReplicaSet and its pods; its Deployment makes another.

        Raises:
            ApiError: there is none (404 NotFound).
        """
        if name not in self.snapshot.replica_sets:
            raise ApiError(404, "NotFound", f'replicasets.apps "{name}" not found')
        controllers.collect_replica_set(self, name)

    def delete_pod(self, name: str, grace: float | None = None) -> None:
        """Delete one pod, as ``kubectl delete pod`` does; its ReplicaSet makes another.

        Args:
            name: which one.
            grace: how many seconds it may take to end, where not as many as its spec says.

        Raises:
            ApiError: there is none (404 NotFound).
        """
        if name not in self.snapshot.pods:
            raise ApiError(404, "NotFound", f'pods "{name}" not found')
        nodes.delete_pod(self, name, grace)

    def fail_node(self, name: str) -> None:
        """Cut a node's power: in 50 s it is noticed, 300 s later its pods are given up.

        Raises:
            ApiError: there is none of that name (404 NotFound).
        """
        if name not in self.nodes:
            raise ApiError(404, "NotFound", f'nodes "{name}" not found')
        nodes.fail(self, name)

    def kubectl(self, line: str, manifest: Json | None = None) -> Command:
        r"""Run one kubectl command line, with or without ``kubectl`` in front.

        Args:
            line: the command line, as one would type it.
            manifest: what every file name in the line stands for; files are read otherwise.

        Returns:
            The command as the timeline notes it: ``exit_code``, ``stdout``, ``stderr``. What
            kubectl refuses is an answer too.

        Raises:
            ScenarioError: a quote in the line is not closed.

        >>> Cluster().kubectl("get pods").stderr
        'No resources found in default namespace.\n'
        """
        from rollviz.scenario import run_command

        words = line.split(maxsplit=1)
        return run_command(self, line if words[:1] == ["kubectl"] else f"kubectl {line}", manifest)

    # --- what the parts of the control plane share ---------------------------------------------

    def record(self, type: str, object: Object) -> None:
        """Store a Deployment, ReplicaSet or Event, or delete it, and tell the timeline."""
        self.timeline.changes.append(make_change((self.now, type, object)))
        objects = self.snapshot.of_kind(object.kind)
        if type == "DELETED":
            del objects[object.metadata.name]
        else:
            objects[object.metadata.name] = object

    def add_pod(self, pod: Pod) -> None:
        """Store a new pod and count it. Its ReplicaSet's controller, which made it, looks on."""
        self.timeline.changes.append(make_change((self.now, "ADDED", pod)))
        owner = pod.metadata.owner
        assert owner is not None
        self.snapshot.pods[pod.metadata.name] = pod
        self.pods_of[owner.uid].put(pod)

    def change_pod(self, before: Pod, pod: Pod) -> None:
        """Store a pod's new state, count it, and wake its ReplicaSet's controller."""
        self.timeline.changes.append(make_change((self.now, "MODIFIED", pod)))
        metadata = pod.metadata
        owner = metadata.owner
        assert owner is not None
        self.snapshot.pods[metadata.name] = pod
        self.pods_of[owner.uid].put(pod, before)
        self.work.replica_sets.add(self, owner.name)

    def forget_pod(self, pod: Pod) -> None:
        """A pod is gone: no longer stored, nor counted."""
        self.timeline.changes.append(make_change((self.now, "DELETED", pod)))
        owner = pod.metadata.owner
        assert owner is not None
        del self.snapshot.pods[pod.metadata.name]
        pods = self.pods_of[owner.uid]
        pods.remove(pod)
        if not pods.existing and not self.exists(owner):
            del self.pods_of[owner.uid]
        self.work.replica_sets.add(self, owner.name)

    def exists(self, owner: OwnerReference) -> bool:
        """Whether this ReplicaSet is still there, itself and not another of its name."""
        rs = self.snapshot.replica_sets.get(owner.name)
        return rs is not None and rs.metadata.uid == owner.uid

    def record_events(
        self,
        about: Deployment | ReplicaSet | Pod,
        reason: str,
        words: str,
        names: Sequence[str] = ("",),
        *,
        type: str = "Normal",
        source: str = "deployment-controller",
    ) -> None:
        """Write an Event for each name, as many as client-go's EventCorrelator lets through.

        It folds those that are alike. ``words`` and the name make the message.
        """
        metadata, correlator = about.metadata, self.work.correlator
        admitted = correlator.admits(source, metadata.uid, self.now) if names else 0
        if admitted == 0:
            return
        regarding = OwnerReference(about.kind, metadata.name, metadata.uid)
        for name in names[:admitted]:
            report = Report(regarding, metadata.namespace, reason, words + name, type, source)
            stamp = int((self.epoch + self.now) * 1e9) + self.new_number()
            event = correlator.correlate(report, self.now, self.second, stamp)
            known = event.metadata.name in self.snapshot.events
            self.record("MODIFIED" if known else "ADDED", event)

    def new_number(self) -> int:
        """A number that was not given out before."""
        self._serial += 1
        return self._serial

    def new_uid(self) -> str:
        """A UID that no other object of this cluster has."""
        return f"{self._uid_prefix}-{self.new_number():012x}"


def _placement(all_nodes: dict[str, Node]) -> nodes.Placement:
    return nodes.Placement({name: node.cpu for name, node in all_nodes.items()})


def admit(deployment: Deployment) -> None:
    """Refuse what would fill all memory, and never come to an end."""
    replicas = deployment.spec.replicas
    if replicas > MOST_REPLICAS:
        message = (
            f'deployments.apps "{deployment.name}" is forbidden: spec.replicas: {replicas}: a '
            f"simulated cluster takes at most {MOST_REPLICAS}"
        )
        raise ApiError(403, "Forbidden", message)


def prepared_for_update(deployment: Deployment, current: Deployment) -> Deployment:
    """What the API server stores when ``current`` is changed to this (``PrepareForUpdate``).

    A changed spec is a new generation, and so are changed annotations. The status stays what
    it is.
    """
    before, annotations = current.metadata, deployment.metadata.annotations
    changed = (deployment.spec, annotations) != (current.spec, before.annotations)
    metadata = replace(
        deployment.metadata,
        uid=before.uid,
        generation=before.generation + changed,
        creation_timestamp=before.creation_timestamp,
    )
    return Deployment(metadata, deployment.spec, current.status)
