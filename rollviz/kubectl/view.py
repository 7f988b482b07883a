"""What a kubectl command looks at: the objects at one moment, and the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rollviz.kubectl.containers import qos_class
from rollviz.kubectl.resources import EVENT, NODE, POD, SERVICE, Resource
from rollviz.objects import Json, to_rfc3339
from rollviz.simulator.reports import reports
from rollviz.timeline import Snapshot, Timeline

SERVICE_CIDR_FIRST = "10.0.0.1"
"""Where every API server finds itself: the address of the service ``kubernetes``."""


HOST_IP = "10.1.0.1"
"""The address of every node, as in the recordings."""


class NodeLike(Protocol):
    """What the view needs of the simulator's ``Node``."""

    name: str
    ready: bool
    creation_timestamp: float


@dataclass(frozen=True)
class View:
    """A snapshot, the time on its clock, and what that clock's zero is.

    Attributes:
        snapshot: every object, by kind and name.
        now: seconds on the timeline's clock; ages are counted from here.
        epoch: the wall-clock time of the clock's zero, in seconds since 1970.
        nodes: the cluster's nodes by name, where they are known.
        timeline: what went before and comes after, where it is known: ``get -w`` follows it.
    """

    snapshot: Snapshot
    now: float
    epoch: float = 0.0
    nodes: Mapping[str, Any] = field(default_factory=dict)
    timeline: Timeline | None = None

    @classmethod
    def at(cls, timeline: Timeline, t: float, nodes: Mapping[str, Any] | None = None) -> View:
        """A timeline at ``t`` seconds."""
        return cls(timeline.at(t), t, timeline.epoch, nodes or {}, timeline)

    @classmethod
    def of(cls, cluster: Any) -> View:
        """A simulated cluster as it is now."""
        timeline = cluster.timeline
        return cls(cluster.snapshot, cluster.now, cluster.epoch, cluster.nodes, timeline)

    @property
    def namespace(self) -> str:
        """The namespace whose objects it holds."""
        snapshot = self.snapshot
        for objects in (snapshot.deployments, snapshot.replica_sets, snapshot.pods):
            for item in objects.values():
                return str(item.metadata.namespace)
        return "default"

    def items(self, resource: Resource) -> list[Json]:
        """All objects of a kind as the API's JSON, by name: the order of etcd's keys."""
        if resource is NODE:
            return [self._node(self.nodes[name]) for name in sorted(self.nodes)]
        if resource is SERVICE:
            return [self._kubernetes_service()] if self.namespace == "default" else []
        objects = self.snapshot.of_kind(resource.kind)
        if resource is EVENT and self.timeline is not None:
            objects = {**objects, **reports(self.timeline, self.now)}
        items = [objects[name].to_api(self.epoch) for name in sorted(objects)]
        return [_admitted(item) for item in items] if resource is POD else items

    def get(self, resource: Resource, name: str) -> Json | None:
        """One object as the API's JSON, or None."""
        if resource in (NODE, SERVICE):
            return next((o for o in self.items(resource) if o["metadata"]["name"] == name), None)
        found = self.snapshot.of_kind(resource.kind).get(name)
        if found is None:
            return None
        item = found.to_api(self.epoch)
        return _admitted(item) if resource is POD else dict(item)

    def events_of(self, item: Json) -> list[Json]:
        """The events about an object, in the order of their names."""
        uid = item["metadata"].get("uid", "")
        return [e for e in self.items(EVENT) if _is_about(e["involvedObject"], item, uid)]

    def resource_versions(self) -> dict[tuple[str, str], str]:
        """Each object's resource version by kind and name: how many changes there were."""
        if self.timeline is None:
            return {}
        changes = self.timeline.changes[: self.timeline.index_at(self.now)]
        return {(c.object.kind, c.object.metadata.name): str(n) for n, c in enumerate(changes, 1)}

    def _node(self, node: NodeLike) -> Json:
        ready = {"type": "Ready", "status": str(node.ready)}
        created = to_rfc3339(node.creation_timestamp, self.epoch)
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": node.name, "creationTimestamp": created},
            "status": {"conditions": [ready]},
        }

    def _kubernetes_service(self) -> Json:
        created = min((n.creation_timestamp for n in self.nodes.values()), default=0.0)
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": "kubernetes",
                "namespace": "default",
                "labels": {"component": "apiserver", "provider": "kubernetes"},
                "creationTimestamp": to_rfc3339(created, self.epoch),
            },
            "spec": {
                "type": "ClusterIP",
                "clusterIP": SERVICE_CIDR_FIRST,
                "ports": [{"name": "https", "port": 443, "protocol": "TCP"}],
            },
        }


# --- what the API server and the kubelets add to a pod --------------------------------------------


def _toleration(key: str) -> Json:
    whole = {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute"}
    return {**whole, "tolerationSeconds": 300}


_ADMITTED: Json = {
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
    "priority": 0,
    "tolerations": [_toleration("not-ready"), _toleration("unreachable")],
}
"""What admission writes into a pod's spec (``DefaultTolerationSeconds``, ``Priority``)."""


def _admitted(pod: Json) -> Json:
    """A pod with what it has in a cluster as in the recordings, where it does not say so itself."""
    spec, status = {**_ADMITTED, **pod["spec"]}, pod["status"]
    qos = {"qosClass": qos_class(spec)}
    if "nodeName" not in spec:
        return {**pod, "spec": spec, "status": {**qos, **status}}
    containers = [_started(container) for container in status.get("containerStatuses") or ()]
    status = {**qos, "hostIP": HOST_IP, **status, "containerStatuses": containers}
    return {**pod, "spec": spec, "status": status}


def _started(container: Json) -> Json:
    if "running" not in container["state"]:
        return {"imageID": "", "lastState": {}, "started": False, **container}
    ids = {"containerID": "containerd://0", "imageID": "sha256:0", "started": True}
    return {**ids, "lastState": {}, **container}


def _is_about(regarding: Json, item: Json, uid: str) -> bool:
    if regarding["kind"] != item["kind"] or regarding["name"] != item["metadata"]["name"]:
        return False
    return not uid or regarding.get("uid", "") in ("", uid)
