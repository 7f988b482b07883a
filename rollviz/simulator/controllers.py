"""When the controllers look, and how their writes reach the API server.

What they decide is in :mod:`rollviz.controller`. Here is what surrounds it in the real
kube-controller-manager: a work queue that holds each object once, a cache that hears of changes
a moment late, and writes that take time one after the other and are refused when the object has
changed since it was read (409 Conflict), whereupon the pass is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from rollviz.controller.deployment import sync_deployment
from rollviz.controller.hash import random_suffix
from rollviz.controller.replicaset import (
    BURST_REPLICAS,
    PodCounts,
    ReplicaSetPods,
    calculate_status,
    slow_start_batches,
)
from rollviz.controller.sync import Pass, Write
from rollviz.objects import Deployment, Metadata, ReplicaSet, ReplicaSetStatus, make_replica_set
from rollviz.simulator import nodes
from rollviz.simulator.events import EventCorrelator
from rollviz.simulator.workqueue import RETRY_SECONDS, WorkQueue
from rollviz.timeline import Noted

if TYPE_CHECKING:
    from rollviz.simulator.cluster import Cluster

REPLICA_SET_CONTROLLER = "replicaset-controller"


class Work:
    """What the controllers remember: their queues, their last reason to wait, their events."""

    __slots__ = ("correlator", "deployments", "last_numbers", "replica_sets")

    def __init__(self) -> None:
        self.deployments = WorkQueue("deployments", look_at_deployment)
        self.replica_sets = WorkQueue("replica_sets", look_at_replica_set)
        self.last_numbers: dict[str, Mapping[str, int | str]] = {}
        self.correlator = EventCorrelator()

    def copy(self) -> Work:
        """An independent copy."""
        twin = Work()
        twin.deployments, twin.replica_sets = self.deployments.copy(), self.replica_sets.copy()
        twin.last_numbers = dict(self.last_numbers)
        twin.correlator = self.correlator.copy()
        return twin


# --- the Deployment controller --------------------------------------------------------------------


def look_at_deployment(cluster: Cluster, name: str) -> None:
    """One pass over a Deployment: decide, then write one thing after the other."""
    deployment = cluster.snapshot.deployments.get(name)
    cluster.work.deployments.begin(name)
    if deployment is None:
        cluster.work.deployments.done(cluster, name)
        return
    uid, everyone = deployment.metadata.uid, cluster.snapshot.replica_sets
    read, pods = {}, {}
    for rs_name, rs in everyone.items():
        metadata = rs.metadata
        if metadata.owner and metadata.owner.uid == uid:
            read[rs_name] = rs
            pods[rs_name] = cluster.pods_of[metadata.uid].existing
    run = sync_deployment(
        deployment,
        list(read.values()),
        cluster.now,
        pods=pods,
        second=cluster.second,
        taken=everyone,
    )
    note_decision(cluster, name, run)
    if run.writes:
        writes = _Writes(name, tuple(run.writes), 0, deployment, read, run.requeue_after)
        cluster.call_after(cluster.latency.write, write_next, writes)
    else:
        finish(cluster, name, run.requeue_after)


def note_decision(cluster: Cluster, name: str, run: Pass) -> None:
    """Keep what was decided, but not the same reason to wait again and again."""
    last = cluster.work.last_numbers
    if not run.scaled and last.get(name) == run.numbers:
        return
    last[name] = run.numbers
    timeline = cluster.timeline
    timeline.decisions.append(Noted(cluster.now, len(timeline.changes), run.decision()))


class _Writes(NamedTuple):
    """A pass that is being written: which write is next, and what the pass has read."""

    name: str
    writes: tuple[Write, ...]
    next: int
    deployment: Deployment
    read: dict[str, ReplicaSet]
    requeue_after: float | None


def write_next(cluster: Cluster, run: _Writes) -> None:
    """The API server takes the next write of a pass, or refuses it because of a conflict."""
    write = run.writes[run.next]
    written = _apply(cluster, run, write)
    if written is None:
        retry_deployment(cluster, run.name)
        return
    deployment = written if isinstance(written, Deployment) else run.deployment
    if write.event:
        about = cluster.snapshot.deployments.get(run.name, deployment)
        cluster.record_events(about, "ScalingReplicaSet", write.event)
    following = run.next + 1
    if following < len(run.writes):
        read = run.read
        if isinstance(written, ReplicaSet):
            read = {**read, written.metadata.name: written}
        rest = _Writes(run.name, run.writes, following, deployment, read, run.requeue_after)
        cluster.call_after(cluster.latency.write, write_next, rest)
    else:
        finish(cluster, run.name, run.requeue_after)


def _apply(cluster: Cluster, run: _Writes, write: Write) -> Deployment | ReplicaSet | None:
    """Store what is written and return it, or None when what it is based on has changed."""
    target = write.object
    name = target.metadata.name
    if isinstance(target, Deployment):
        if cluster.snapshot.deployments.get(name) is not run.deployment:
            return None
        cluster.record("MODIFIED", target)
        cluster.work.deployments.add(cluster, name)
        return target
    if write.verb == "create":
        return _create_replica_set(cluster, target)
    if cluster.snapshot.replica_sets.get(name) is not run.read[name]:
        return None
    if write.verb == "delete":
        collect_replica_set(cluster, name)
        return target
    cluster.record("MODIFIED", target)
    pods = cluster.pods_of[target.metadata.uid]
    if pods.min_ready_seconds != target.spec.min_ready_seconds:
        pods.wait_for(target.spec.min_ready_seconds)
    cluster.work.replica_sets.add(cluster, name)
    cluster.work.deployments.add(cluster, run.name)
    return target


def _create_replica_set(cluster: Cluster, rs: ReplicaSet) -> ReplicaSet | None:
    metadata = rs.metadata
    if metadata.name in cluster.snapshot.replica_sets:
        return None
    created = ReplicaSet(
        Metadata(
            metadata.name,
            metadata.namespace,
            cluster.new_uid(),
            1,
            cluster.second,
            None,
            metadata.labels,
            metadata.annotations,
            metadata.owner,
        ),
        rs.spec,
    )
    cluster.pods_of[created.metadata.uid] = ReplicaSetPods(rs.spec.min_ready_seconds)
    cluster.record("ADDED", created)
    cluster.work.replica_sets.add(cluster, metadata.name)
    return created


def finish(cluster: Cluster, name: str, requeue_after: float | None) -> None:
    """A pass is over: look again if something changed meanwhile, or when it asked to."""
    queue = cluster.work.deployments
    queue.forget(name)
    queue.done(cluster, name)
    if requeue_after is not None:
        queue.add_after(cluster, name, max(requeue_after, RETRY_SECONDS))


def retry_deployment(cluster: Cluster, name: str) -> None:
    """A pass failed: look again after a delay, or at once if something changed."""
    queue = cluster.work.deployments
    queue.done(cluster, name)
    queue.add_rate_limited(cluster, name)


# --- the ReplicaSet controller --------------------------------------------------------------------


_Look = tuple[ReplicaSet, PodCounts]
"""What a pass over a ReplicaSet read at its start."""


def look_at_replica_set(cluster: Cluster, name: str) -> None:
    """One pass over a ReplicaSet: make or delete pods, then write what was counted before."""
    rs = cluster.snapshot.replica_sets.get(name)
    cluster.work.replica_sets.begin(name)
    if rs is None:
        cluster.work.replica_sets.done(cluster, name)
        return
    pods = cluster.pods_of[rs.metadata.uid]
    look = rs, pods.counts(cluster.now)
    missing = rs.spec.replicas - pods.active
    if missing > 0:
        batches = tuple(slow_start_batches(min(missing, BURST_REPLICAS)))
        cluster.call_after(cluster.latency.write, create_batch, (look, batches))
    elif missing < 0:
        on_node = _active_pods_by_node(cluster, rs)
        names = tuple(pods.pods_to_delete(min(-missing, BURST_REPLICAS), on_node))
        cluster.call_after(cluster.latency.write, delete_pods, (look, names))
    else:
        update_status(cluster, look, "")


def _active_pods_by_node(cluster: Cluster, rs: ReplicaSet) -> dict[str, int]:
    """How many active pods of the same Deployment each node has (``getIndirectlyRelatedPods``)."""
    active: dict[str, int] = {}
    owner = rs.metadata.owner
    for sibling in cluster.snapshot.replica_sets.values():
        if sibling.metadata.owner == owner:
            cluster.pods_of[sibling.metadata.uid].count_by_node(active)
    return active


def create_batch(cluster: Cluster, work: tuple[_Look, tuple[int, ...]]) -> None:
    """The API server makes a batch of pods; the next batch follows only if none was refused."""
    look, batches = work
    rs, _ = look
    if _stored(cluster, rs) is None:
        cluster.work.replica_sets.done(cluster, rs.metadata.name)
        return
    refusals = _create_pods(cluster, rs, batches[0])
    if refusals or len(batches) == 1:
        update_status(cluster, look, refusals[0] if refusals else "")
    else:
        cluster.call_after(cluster.latency.write, create_batch, (look, batches[1:]))


def _stored(cluster: Cluster, rs: ReplicaSet) -> ReplicaSet | None:
    """The ReplicaSet as it is stored now; None if it is gone, whoever has its name since."""
    stored = cluster.snapshot.replica_sets.get(rs.metadata.name)
    return stored if stored is not None and stored.metadata.uid == rs.metadata.uid else None


def _create_pods(cluster: Cluster, rs: ReplicaSet, count: int) -> list[str]:
    """Make so many pods, or as many as the quota lets; returns why the others were refused."""
    used, quota = len(cluster.snapshot.pods), cluster.quota_pods
    allowed = count if quota is None else min(count, max(0, quota - used))
    names = nodes.create_pods(cluster, rs, allowed)
    source = REPLICA_SET_CONTROLLER
    cluster.record_events(rs, "SuccessfulCreate", "Created pod: ", names, source=source)
    refusals = [_over_quota(cluster, rs.metadata.name) for _ in range(count - allowed)]
    cluster.record_events(
        rs, "FailedCreate", "Error creating: ", refusals, type="Warning", source=source
    )
    return refusals


def _over_quota(cluster: Cluster, replica_set: str) -> str:
    return (
        f'pods "{replica_set}-{random_suffix(cluster.rng)}" is forbidden: exceeded quota: pods, '
        f"requested: pods=1, used: pods={len(cluster.snapshot.pods)}, limited: "
        f"pods={cluster.quota_pods}"
    )


def delete_pods(cluster: Cluster, work: tuple[_Look, tuple[str, ...]]) -> None:
    """The API server marks pods as terminating."""
    look, doomed = work
    deleted = [name for name in doomed if name in cluster.snapshot.pods]
    for name in deleted:
        nodes.delete_pod(cluster, name)
    source = REPLICA_SET_CONTROLLER
    cluster.record_events(look[0], "SuccessfulDelete", "Deleted pod: ", deleted, source=source)
    update_status(cluster, look, "")


def update_status(cluster: Cluster, look: _Look, failure: str) -> None:
    """Write the ReplicaSet's status if it changed, and end the pass."""
    rs, counts = look
    status = calculate_status(rs, counts, failure, cluster.second)
    if status == rs.status:
        finish_replica_set(cluster, rs, failure)
    else:
        cluster.call_after(cluster.latency.write, write_status, (rs, failure, status))


def write_status(cluster: Cluster, work: tuple[ReplicaSet, str, ReplicaSetStatus]) -> None:
    """The API server takes the status; a spec that changed meanwhile keeps its change."""
    read, failure, status = work
    rs = _stored(cluster, read)
    if rs is not None:
        cluster.record("MODIFIED", make_replica_set(rs.metadata, rs.spec, status))
        if failure:  # of all writes, only this one makes its own controller look again
            cluster.work.replica_sets.add(cluster, read.metadata.name)
        if rs.metadata.owner:
            cluster.work.deployments.add(cluster, rs.metadata.owner.name)
    finish_replica_set(cluster, read, failure)


def finish_replica_set(cluster: Cluster, rs: ReplicaSet, failure: str) -> None:
    """A pass is over: look again after a failure, a change, or when a pod becomes available."""
    queue, name = cluster.work.replica_sets, rs.metadata.name
    queue.done(cluster, name)
    if failure:
        queue.add_rate_limited(cluster, name)
        return
    queue.forget(name)
    if rs.spec.min_ready_seconds and _stored(cluster, rs):
        due = cluster.pods_of[rs.metadata.uid].next_available()
        if due is not None:
            queue.add_after(cluster, name, max(due - cluster.now, 0.0))


def collect_replica_set(cluster: Cluster, name: str) -> None:
    """The garbage collector: a deleted ReplicaSet's pods go with it."""
    rs = cluster.snapshot.replica_sets.get(name)
    if rs is None:
        return
    cluster.record("DELETED", rs)
    if cluster.pods_of[rs.metadata.uid].existing:
        for pod in cluster.snapshot.pods_of(name):
            cluster.call_after(cluster.latency.write, collect_pod, pod.metadata.name)
    if rs.metadata.owner and rs.metadata.owner.name in cluster.snapshot.deployments:
        cluster.work.deployments.add(cluster, rs.metadata.owner.name)


def collect_pod(cluster: Cluster, name: str) -> None:
    """Delete a pod whose owner is gone, if it is still there."""
    if name in cluster.snapshot.pods:
        nodes.delete_pod(cluster, name)
