"""The rows of ``kubectl get``, kind by kind, as the API server's printers make them.

Mirrors ``pkg/printers/internalversion/printers.go``. Objects come as the API's JSON, times
are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rollviz.kubectl.resources import DEPLOYMENT, EVENT, NODE, POD, REPLICA_SET, SERVICE, Resource
from rollviz.kubectl.text import NONE, age, format_labels, format_selector
from rollviz.objects import Json


@dataclass(frozen=True)
class Table:
    """A kind's columns: those always shown, then those of ``-o wide``."""

    columns: tuple[str, ...]
    wide: tuple[str, ...]
    cells: Callable[[Json, float], list[str]]
    name_column: int = 0

    def header(self, wide: bool) -> list[str]:
        """The names of the columns."""
        return [*self.columns, *(self.wide if wide else ())]

    def row(self, item: Json, now: float, wide: bool) -> list[str]:
        """One object's cells."""
        cells = self.cells(item, now)
        return cells if wide else cells[: len(self.columns)]


def _deployment(item: Json, now: float) -> list[str]:
    spec, status = item["spec"], item.get("status") or {}
    return [
        item["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec['replicas']}",
        str(status.get("updatedReplicas", 0)),
        str(status.get("availableReplicas", 0)),
        _age(item, now),
        *_template_cells(spec),
    ]


def _replica_set(item: Json, now: float) -> list[str]:
    spec, status = item["spec"], item.get("status") or {}
    return [
        item["metadata"]["name"],
        str(spec["replicas"]),
        str(status.get("replicas", 0)),
        str(status.get("readyReplicas", 0)),
        _age(item, now),
        *_template_cells(spec),
    ]


def _template_cells(spec: Json) -> list[str]:
    containers = spec["template"].get("spec", {}).get("containers") or ()
    names = ",".join(container["name"] for container in containers)
    images = ",".join(container.get("image", "") for container in containers)
    return [names, images, format_selector(spec.get("selector"))]


def _pod(item: Json, now: float) -> list[str]:
    status, spec = item.get("status") or {}, item["spec"]
    statuses = status.get("containerStatuses") or ()
    ready = sum(map(_runs, statuses))
    ips = [ip["ip"] for ip in status.get("podIPs") or ()] or [status.get("podIP")]
    return [
        item["metadata"]["name"],
        f"{ready}/{len(spec.get('containers') or ())}",
        pod_status(item),
        _restarts(statuses, now),
        _age(item, now),
        ips[0] or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        NONE,
    ]


def pod_status(item: Json) -> str:
    """The STATUS column: why its containers wait, else its phase (``printPod``)."""
    status = item.get("status") or {}
    phase, containers = status.get("phase", ""), status.get("containerStatuses") or ()
    if item["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if phase not in ("Failed", "Succeeded"):
            return "Terminating"
    reason = status.get("reason") or phase
    for container in reversed(containers):
        state = container.get("state") or {}
        if waiting := (state.get("waiting") or {}).get("reason"):
            reason = waiting
        elif "terminated" in state:
            reason = _ended(state["terminated"])
    if reason == "Completed" and any(map(_runs, containers)):
        ready = {"type": "Ready", "status": "True"}
        is_ready = any(ready.items() <= c.items() for c in status.get("conditions") or ())
        return "Running" if is_ready else "NotReady"
    return str(reason)


def _runs(container: Json) -> bool:
    return bool(container.get("ready")) and "running" in (container.get("state") or {})


def _ended(terminated: Json) -> str:
    if reason := terminated.get("reason"):
        return str(reason)
    if signal := terminated.get("signal"):
        return f"Signal:{signal}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _restarts(statuses: Sequence[Json], now: float) -> str:
    count = sum(container.get("restartCount", 0) for container in statuses)
    ends = [(c.get("lastState") or {}).get("terminated") for c in statuses]
    finished = max((end["finishedAt"] for end in ends if end and "finishedAt" in end), default=None)
    return f"{count} ({age(finished, now)} ago)" if count and finished else str(count)


def _event(item: Json, now: float) -> list[str]:
    about = item["involvedObject"]
    first = age(item.get("firstTimestamp") or item.get("eventTime"), now)
    last = item.get("lastTimestamp")
    return [
        age(last, now) if last else first,
        item.get("type", ""),
        item.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about['name']}",
        item.get("message", "").strip(),
        about.get("fieldPath", ""),
        _event_source(item),
        first,
        str(item.get("count") or 1),
        item["metadata"]["name"],
    ]


def _event_source(item: Json) -> str:
    source = item.get("source") or {}
    component = source.get("component") or item.get("reportingComponent", "")
    instance = source.get("host") or item.get("reportingInstance")
    return f"{component}, {instance}" if instance else component


def _wide_event(item: Json, now: float) -> list[str]:
    cells = _event(item, now)
    return [*cells[:4], *cells[5:7], cells[4], *cells[7:]]


def _node(item: Json, now: float) -> list[str]:
    conditions = {c["type"]: c["status"] for c in item["status"].get("conditions") or ()}
    ready = {"True": "Ready", None: "Unknown"}.get(conditions.get("Ready"), "NotReady")
    version = item["status"].get("nodeInfo", {}).get("kubeletVersion", "")
    hardware = [NONE, NONE, "<unknown>", "<unknown>", "<unknown>"]
    return [item["metadata"]["name"], ready, NONE, _age(item, now), version, *hardware]


def _service(item: Json, now: float) -> list[str]:
    spec = item["spec"]
    ports = ",".join(f"{port['port']}/{port['protocol']}" for port in spec.get("ports") or ())
    return [
        item["metadata"]["name"],
        spec["type"],
        spec.get("clusterIP") or NONE,
        NONE,
        ports or NONE,
        _age(item, now),
        format_labels(spec.get("selector")),
    ]


def _age(item: Json, now: float) -> str:
    return age(item["metadata"].get("creationTimestamp"), now)


_TEMPLATE = ("CONTAINERS", "IMAGES", "SELECTOR")
_EVENT = ("LAST SEEN", "TYPE", "REASON", "OBJECT")

TABLES: dict[Resource, Table] = {
    DEPLOYMENT: Table(("NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"), _TEMPLATE, _deployment),
    REPLICA_SET: Table(("NAME", "DESIRED", "CURRENT", "READY", "AGE"), _TEMPLATE, _replica_set),
    POD: Table(
        ("NAME", "READY", "STATUS", "RESTARTS", "AGE"),
        ("IP", "NODE", "NOMINATED NODE", "READINESS GATES"),
        _pod,
    ),
    NODE: Table(
        ("NAME", "STATUS", "ROLES", "AGE", "VERSION"),
        ("INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"),
        _node,
    ),
    SERVICE: Table(
        ("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"), ("SELECTOR",), _service
    ),
    EVENT: Table((*_EVENT, "MESSAGE"), (), _event, name_column=-1),
}

_PLAIN = Table(("NAME", "AGE"), (), lambda item, now: [item["metadata"]["name"], _age(item, now)])

WIDE_EVENTS = Table(
    (*_EVENT, "SUBOBJECT", "SOURCE", "MESSAGE", "FIRST SEEN", "COUNT", "NAME"),
    (),
    _wide_event,
    name_column=-1,
)


def table_of(resource: Resource, wide: bool) -> Table:
    """The columns of a kind; events move theirs about when they are wide."""
    return WIDE_EVENTS if resource is EVENT and wide else TABLES.get(resource, _PLAIN)
