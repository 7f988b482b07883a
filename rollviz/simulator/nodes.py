"""The scheduler and the kubelets: where a pod goes, and what becomes of it there.

These are models, not mirrors: no image is pulled and no container runs. A pod takes the time
that :class:`~rollviz.simulator.PodBehaviour` gives it, in the states and with the words that a
real kubelet reports.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from rollviz.controller.hash import random_suffix
from rollviz.objects import (
    PENDING,
    OwnerReference,
    Pod,
    PodSpec,
    PodStatus,
    ReplicaSet,
    make_metadata,
    make_pod,
    make_pod_status,
)

if TYPE_CHECKING:
    from rollviz.simulator.cluster import Cluster

CONTAINER_CREATING = PodStatus(reason="ContainerCreating")
CRASH_SECONDS = 1.0
"""A crash-looping container lives so long each time."""

BACK_OFF_SECONDS, BACK_OFF_MAX_SECONDS = 10, 300
"""How long a kubelet waits before it starts a container that crashed twice, and at most."""

NODE_MONITOR_GRACE_SECONDS = 50.0
"""A silent node is called not ready after this (``--node-monitor-grace-period``)."""

TOLERATION_SECONDS = 300.0
"""Pods stay bound to a node that is not ready for so long (DefaultTolerationSeconds)."""


class Placement:
    """What is reserved on each node, and which pods wait for room."""

    __slots__ = (
        "addresses",
        "bound",
        "cpu",
        "dead",
        "free",
        "numbers",
        "on_node",
        "queue",
        "reporting",
        "schedulable",
        "scheduling",
        "to_report",
        "unschedulable",
    )

    def __init__(self, cpu: Mapping[str, float]) -> None:
        self.cpu = dict(cpu)
        self.free = {name: int(c * 1000) for name, c in cpu.items()}  # in thousandths of a CPU
        self.on_node = dict.fromkeys(cpu, 0)
        self.bound: dict[str, PodSpec] = {}  # the last spec bound to each node, for all like it
        self.numbers: dict[str, int] = {}  # the how-manieth pod of its ReplicaSet a pod is
        self.queue: deque[str] = deque()
        self.unschedulable: dict[int, dict[str, None]] = {}  # by what they request
        self.schedulable = list(cpu)  # the nodes that are ready
        self.dead: set[str] = set()
        self.scheduling = False
        self.to_report: deque[str] = deque()  # ready, and not reported so
        self.reporting = False
        self.addresses = 0  # how many were given out

    def copy(self) -> Placement:
        """An independent copy."""
        twin = Placement(self.cpu)
        twin.free, twin.on_node = dict(self.free), dict(self.on_node)
        twin.bound = dict(self.bound)
        twin.numbers = dict(self.numbers)
        twin.unschedulable = {cpu: dict(names) for cpu, names in self.unschedulable.items()}
        twin.queue, twin.dead = deque(self.queue), set(self.dead)
        twin.schedulable, twin.scheduling = list(self.schedulable), self.scheduling
        twin.to_report, twin.reporting = deque(self.to_report), self.reporting
        twin.addresses = self.addresses
        return twin


# --- a pod's life -------------------------------------------------------------------------------


def create_pods(cluster: Cluster, rs: ReplicaSet, count: int) -> list[str]:
    """Store new pods of a ReplicaSet and hand them to the scheduler; returns their names."""
    metadata, template = rs.metadata, rs.spec.template
    pods, placement, second = cluster.snapshot.pods, cluster.placement, cluster.second
    created = cluster.pods_of[metadata.uid].created
    owner, spec = OwnerReference("ReplicaSet", metadata.name, metadata.uid), PodSpec(template)
    labels, annotations = template.labels, template.annotations
    names = []
    for number in range(created, created + count):
        name = f"{metadata.name}-{random_suffix(cluster.rng)}"
        while name in pods:
            name = f"{metadata.name}-{random_suffix(cluster.rng)}"
        uid = cluster.new_uid()
        pod_metadata = make_metadata(
            name, metadata.namespace, uid, 1, second, None, labels, annotations, owner
        )
        placement.numbers[name] = number
        cluster.add_pod(make_pod(pod_metadata, spec))
        names.append(name)
    placement.queue.extend(names)
    if names:
        cluster.work.replica_sets.add(cluster, metadata.name)
    _wake_scheduler(cluster)
    return names


def delete_pod(cluster: Cluster, name: str, grace: float | None = None) -> None:
    """Mark a pod as terminating and let its kubelet end it; without grace it is gone at once.

    A pod without a node is given none (``CheckGracefulDelete``). The API server marks such a one
    too, before it deletes it in the same request.
    """
    pod = cluster.snapshot.pods[name]
    if pod.spec.node_name is None:
        grace = 0
    elif grace is None:
        grace = pod.spec.template.termination_grace_period_seconds
    if pod.metadata.deletion_timestamp is None:
        pod = _mark_as_terminating(cluster, pod, grace)
    elif grace:
        return
    if grace == 0:
        _forget(cluster, pod)
    elif pod.spec.node_name not in cluster.placement.dead:  # else it stays Terminating
        takes = cluster.pods.termination(cluster.placement.numbers[name])
        cluster.call_after(min(takes, grace), remove_pod, name)


def _mark_as_terminating(cluster: Cluster, pod: Pod, grace: float) -> Pod:
    metadata = pod.metadata
    terminating = make_metadata(
        metadata.name,
        metadata.namespace,
        metadata.uid,
        2,
        metadata.creation_timestamp,
        cluster.second + grace,
        metadata.labels,
        metadata.annotations,
        metadata.owner,
    )
    marked = make_pod(terminating, pod.spec, pod.status)
    cluster.change_pod(pod, marked)
    return marked


def remove_pod(cluster: Cluster, name: str) -> None:
    """A pod is gone: its room is free for others."""
    pod = cluster.snapshot.pods.get(name)
    if pod is not None and pod.spec.node_name not in cluster.placement.dead:
        _forget(cluster, pod)  # else nobody is there to say that it has ended


def _forget(cluster: Cluster, pod: Pod) -> None:
    placement = cluster.placement
    node, request, name = pod.spec.node_name, pod.spec.template.millicpu, pod.metadata.name
    del placement.numbers[name]
    cluster.forget_pod(pod)
    if node is None:
        placement.unschedulable.get(request, {}).pop(name, None)
        return
    placement.on_node[node] -= 1
    placement.free[node] += request
    if placement.unschedulable:
        _try_again(cluster, placement.free[node])


# --- the scheduler ------------------------------------------------------------------------------


def _try_again(cluster: Cluster, free: int) -> None:
    """Hand the scheduler those who may fit now, the oldest first, as its queueing hints do."""
    placement = cluster.placement
    for request, names in placement.unschedulable.items():
        fitting = list(islice(names, free // request if request else None))
        for name in fitting:
            del names[name]
        placement.queue.extend(fitting)
    _wake_scheduler(cluster)


def _wake_scheduler(cluster: Cluster) -> None:
    if not cluster.placement.scheduling:
        cluster.placement.scheduling = True
        cluster.call_after(cluster.latency.schedule, schedule_next, None)


def schedule_next(cluster: Cluster, _: Any) -> None:
    """Bind the next waiting pod to the node with the fewest pods that has room."""
    placement = cluster.placement
    while placement.queue:
        name = placement.queue.popleft()
        pod = cluster.snapshot.pods.get(name)
        if pod is not None and pod.spec.node_name is None:
            _schedule(cluster, pod)
            if cluster.latency.schedule:
                break
    if placement.queue:
        cluster.call_after(cluster.latency.schedule, schedule_next, None)
    else:
        placement.scheduling = False


def _schedule(cluster: Cluster, pod: Pod) -> None:
    placement = cluster.placement
    template = pod.spec.template
    request = template.millicpu
    on_node, free = placement.on_node, placement.free
    node = ""
    for name in placement.schedulable:
        if free[name] >= request and (node == "" or on_node[name] < on_node[node]):
            node = name
    if node == "":
        _cannot_schedule(cluster, pod)
        return
    on_node[node] += 1
    free[node] -= request
    spec = placement.bound.get(node)
    if spec is None or spec.template is not template:
        spec = placement.bound[node] = PodSpec(template, node)
    cluster.change_pod(pod, make_pod(pod.metadata, spec, PENDING))
    if node not in placement.dead:
        name = pod.metadata.name
        takes_up = cluster.latency.kubelet
        cluster.call_after(takes_up, create_containers, name)
        failure = cluster.pods.failure(template.image)
        if failure == "":
            takes = cluster.pods.startup(template.image, placement.numbers[name])
            cluster.call_after(takes_up + takes, become_ready, name)


def _cannot_schedule(cluster: Cluster, pod: Pod) -> None:
    placement, request = cluster.placement, pod.spec.template.millicpu
    placement.unschedulable.setdefault(request, {})[pod.metadata.name] = None
    if pod.status.reason == "Unschedulable":
        return
    count, ready = len(cluster.nodes), len(placement.schedulable)
    too_small = sum([placement.cpu[node] * 1000 < request for node in placement.schedulable])
    causes = _counted(
        {"Insufficient cpu": ready, "node(s) had untolerated taint(s)": count - ready}
    )
    remedies = _counted(
        {
            "No preemption victims found for incoming pod": ready - too_small,
            "Preemption is not helpful for scheduling": count - ready + too_small,
        }
    )
    message = (
        f"0/{count} nodes are available: {causes}. no new claims to deallocate, "
        f"preemption: 0/{count} nodes are available: {remedies}."
    )
    status = PodStatus(reason="Unschedulable", message=message)
    cluster.change_pod(pod, Pod(pod.metadata, pod.spec, status))
    source = "default-scheduler"
    cluster.record_events(pod, "FailedScheduling", message, type="Warning", source=source)


def _counted(nodes: Mapping[str, int]) -> str:
    return ", ".join(sorted([f"{count} {what}" for what, count in nodes.items() if count]))


# --- the kubelets -------------------------------------------------------------------------------


def create_containers(cluster: Cluster, name: str) -> None:
    """A kubelet takes the pod up: containers are being made, or will never be."""
    pod = _alive(cluster, name)
    if pod is None or pod.status.ready:
        return
    image = pod.spec.template.image
    failure = cluster.pods.failure(image)
    status = CONTAINER_CREATING
    if failure == "ImagePullBackOff":
        status = PodStatus(reason=failure, message=f'Back-off pulling image "{image}"')
    cluster.change_pod(pod, make_pod(pod.metadata, pod.spec, status))
    if failure in ("NeverReady", "CrashLoopBackOff"):
        takes = cluster.pods.startup(image, cluster.placement.numbers[name])
        cluster.call_after(takes, run_containers, name)


def become_ready(cluster: Cluster, name: str) -> None:
    """The pod is ready, and will be reported so when its turn has come."""
    placement = cluster.placement
    placement.to_report.append(name)
    if not placement.reporting:
        placement.reporting = True
        report_next(cluster, None)


def report_next(cluster: Cluster, _: Any) -> None:
    """Report the next pod as ready: one after the other, so that few change at one moment."""
    placement, takes = cluster.placement, cluster.latency.kubelet
    while placement.to_report:
        if _report_ready(cluster, placement.to_report.popleft()) and takes:
            cluster.call_after(takes, report_next, None)
            return
    placement.reporting = False


def _report_ready(cluster: Cluster, name: str) -> bool:
    pod = _alive(cluster, name)
    if pod is None:
        return False
    status, second = pod.status, cluster.second
    address = status.pod_ip or _new_ip(cluster)
    ready = make_pod_status("Running", "", True, second, status.restart_count, "", address)
    cluster.change_pod(pod, make_pod(pod.metadata, pod.spec, ready))
    return True


def run_containers(cluster: Cluster, name: str) -> None:
    """A broken image's container runs, unready: for ever, or until it crashes."""
    pod = _alive(cluster, name)
    if pod is None:
        return
    status = pod.status
    address = status.pod_ip or _new_ip(cluster)
    since = cluster.second if status.ready_since is None else status.ready_since
    running = PodStatus(
        "Running",
        ready_since=since,
        restart_count=status.restart_count + (status.phase == "Running"),
        pod_ip=address,
    )
    cluster.change_pod(pod, Pod(pod.metadata, pod.spec, running))
    if cluster.pods.failure(pod.spec.template.image) == "CrashLoopBackOff":
        cluster.call_after(CRASH_SECONDS, crash, name)


def crash(cluster: Cluster, name: str) -> None:
    """The container died; its kubelet starts it again: at first at once, then later and later.

    Source: ``doBackOff`` (``kuberuntime_manager.go``): 10 s, 20 s, 40 s, ... at most 5 minutes.
    """
    pod = _alive(cluster, name)
    if pod is None:
        return
    restarts = pod.status.restart_count
    if restarts == 0:
        run_containers(cluster, name)
        return
    back_off = min(BACK_OFF_SECONDS * 2 ** (restarts - 1), BACK_OFF_MAX_SECONDS)
    metadata, container = pod.metadata, pod.spec.template.containers[0]["name"]
    message = (
        f"back-off {_duration(back_off)} restarting failed container={container} "
        f"pod={name}_{metadata.namespace}({metadata.uid})"
    )
    waiting = replace(pod.status, reason="CrashLoopBackOff", message=message)
    cluster.change_pod(pod, Pod(metadata, pod.spec, waiting))
    cluster.call_after(back_off, run_containers, name)


def _duration(seconds: int) -> str:
    """As Go writes it: 40s, 2m40s."""
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def fail(cluster: Cluster, node: str) -> None:
    """A node falls silent: its pods stop changing, and later the control plane notices."""
    if node not in cluster.placement.dead:
        cluster.placement.dead.add(node)
        cluster.call_after(NODE_MONITOR_GRACE_SECONDS, _node_not_ready, node)


def _node_not_ready(cluster: Cluster, node: str) -> None:
    cluster.nodes[node] = replace(cluster.nodes[node], ready=False)
    cluster.placement.schedulable.remove(node)
    for pod in list(_pods_on(cluster, node)):
        if pod.status.ready and not pod.terminating:
            status = replace(pod.status, ready=False, ready_since=cluster.second)
            cluster.change_pod(pod, Pod(pod.metadata, pod.spec, status))
    cluster.call_after(TOLERATION_SECONDS, _evict, node)


def _evict(cluster: Cluster, node: str) -> None:
    for pod in list(_pods_on(cluster, node)):
        delete_pod(cluster, pod.metadata.name)


def _pods_on(cluster: Cluster, node: str) -> Iterable[Pod]:
    return [pod for pod in cluster.snapshot.pods.values() if pod.spec.node_name == node]


def _alive(cluster: Cluster, name: str) -> Pod | None:
    """The pod, if its kubelet still has something to do for it."""
    pod = cluster.snapshot.pods.get(name)
    if pod is None or pod.metadata.deletion_timestamp is not None:
        return None
    return None if pod.spec.node_name in cluster.placement.dead else pod


def _new_ip(cluster: Cluster) -> str:
    cluster.placement.addresses += 1
    n = cluster.placement.addresses
    return f"10.244.{n >> 8 & 255}.{n & 255}"
