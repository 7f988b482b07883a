"""What a kubectl command looks at: the objects at one moment, and the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

from rollviz.kubectl.containers import qos_class
from rollviz.kubectl.resources import EMPTY, EVENT, NODE, SERVICE, Resource
from rollviz.objects import Json, to_rfc3339
from rollviz.simulator.events import COMBINED
from rollviz.simulator.reports import reports
from rollviz.timeline import Snapshot, Timeline

SERVICE_CIDR_FIRST = "10.0.0.1"
"""Where every API server finds itself: the address of the service ``kubernetes``."""


HOST_IP = "10.1.0.1"
"""The address of every node, as in the recordings."""

SCHEDULER = "default-scheduler"


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
        if resource in EMPTY:
            return []
        objects = self.snapshot.of_kind(resource.kind)
        if resource is EVENT and self.timeline is not None:
            objects = {**objects, **reports(self.timeline, self.now)}
        items = (objects[name].to_api(self.epoch) for name in sorted(objects))
        return [_stored(item) for item in items]

    def get(self, resource: Resource, name: str) -> Json | None:
        """One object as the API's JSON, or None."""
        if resource in (EVENT, NODE, SERVICE, *EMPTY):
            return next((o for o in self.items(resource) if o["metadata"]["name"] == name), None)
        found = self.snapshot.of_kind(resource.kind).get(name)
        return _stored(found.to_api(self.epoch)) if found else None

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
            "metadata": {"name": node.name, "creationTimestamp": created, "uid": _uid(node.name)},
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
                "uid": _uid("kubernetes"),
            },
            "spec": {
                "clusterIP": SERVICE_CIDR_FIRST,
                "clusterIPs": [SERVICE_CIDR_FIRST],
                "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
                "sessionAffinity": "None",
                "type": "ClusterIP",
            },
            "status": {"loadBalancer": {}},
        }


# --- what the API server, the kubelets and client-go add ------------------------------------------


def _stored(item: Json) -> Json:
    """An object with what it has in a cluster as in the recordings, beyond what is kept of it."""
    add = {"Pod": _admitted, "Event": _recorded}.get(item["kind"])
    return add(item) if add else item


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
    spec = {**_ADMITTED, **pod["spec"]}
    status = {"qosClass": qos_class(spec), **_reported(pod["status"], pod["metadata"])}
    return {**pod, "metadata": _named(pod["metadata"], spec), "spec": spec, "status": status}


def _named(metadata: Json, spec: Json) -> Json:
    generated: Json = {}
    for owner in metadata.get("ownerReferences") or ():  # one at most: who made it
        generated["generateName"] = f"{owner['name']}-"
    if "deletionTimestamp" in metadata:
        generated["deletionGracePeriodSeconds"] = spec.get("terminationGracePeriodSeconds", 30)
    return {**generated, **metadata}


def _reported(status: Json, metadata: Json) -> Json:
    """The status as its kubelet reports it, once that has taken the pod up."""
    containers = status.get("containerStatuses") or ()
    waiting = all(container["state"] == {"waiting": {}} for container in containers)
    if status["phase"] != "Pending" or not waiting:
        status = {
            "hostIP": HOST_IP,
            **status,
            "conditions": _conditions(status["conditions"], metadata["creationTimestamp"]),
            "containerStatuses": [_container(container) for container in containers],
        }
    else:  # scheduled at most
        kept = ("phase", "reason", "message", "conditions")
        status = {key: status[key] for key in kept if key in status}
    if "conditions" in status:
        probed = [{"lastProbeTime": None, **condition} for condition in status["conditions"]]
        status["conditions"] = probed
    return status


def _conditions(conditions: list[Json], created: str) -> list[Json]:
    """With those that a pod has from the moment its kubelet takes it up."""
    waiting = {"Initialized": "True", "ContainersReady": "False", "Ready": "False"}
    known = {condition["type"] for condition in conditions}
    return conditions + [
        {"type": type, "status": status, "lastTransitionTime": created}
        for type, status in waiting.items()
        if type not in known
    ]


def _container(container: Json) -> Json:
    if "running" not in container["state"]:
        return {"imageID": "", "lastState": {}, **container}
    ids = {"containerID": "containerd://0", "imageID": "sha256:0", "started": True}
    return {**ids, "lastState": {}, **container}


def _uid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def _recorded(event: Json) -> Json:
    """An event as client-go's recorders write it; the scheduler uses the newer of the two."""
    metadata, about = event["metadata"], event["involvedObject"]
    metadata = {key: value for key, value in metadata.items() if key != "generation"}
    metadata.setdefault("uid", _uid(metadata["name"]))
    group = "apps/v1" if about["kind"] in ("Deployment", "ReplicaSet") else "v1"
    source = event["source"]["component"]
    combined = event["message"].startswith(COMBINED)  # by code that forgets who reports
    event = {
        **event,
        "metadata": metadata,
        "involvedObject": {"apiVersion": group, **about},
        "eventTime": None,
        "reportingComponent": "" if combined else source,
        "reportingInstance": "",
    }
    if source != SCHEDULER:
        return event
    when = event["firstTimestamp"].replace("Z", ".000000Z")
    scheduled = {
        "action": "Binding" if event["reason"] == "Scheduled" else "Scheduling",
        "eventTime": when,
        "firstTimestamp": None,
        "lastTimestamp": None,
        "reportingInstance": f"{SCHEDULER}-vm",
        "source": {},
    }
    return {key: value for key, value in (event | scheduled).items() if key != "count"}


def _is_about(regarding: Json, item: Json, uid: str) -> bool:
    if regarding["kind"] != item["kind"] or regarding["name"] != item["metadata"]["name"]:
        return False
    return not uid or regarding.get("uid", "") in ("", uid)
