r"""``kubectl describe``: one object in full, with its events, as kubectl lays it out.

Mirrors ``kubectl/pkg/describe/describe.go``. Functions take the API's JSON and give text whose
cells end in tabs; :func:`~rollviz.kubectl.text.tabbed` sets them. Pod templates are also printed
with the tabs left in, which is how ``rollout history --revision`` and ``rollout undo
--dry-run=client`` show them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rollviz.kubectl.containers import containers, qos_class, volumes
from rollviz.kubectl.resources import DEPLOYMENT, POD, REPLICA_SET, Resource
from rollviz.kubectl.text import (
    NONE,
    age,
    escaped,
    format_selector,
    human_duration,
    rfc1123,
    seconds,
    tabbed,
)
from rollviz.kubectl.view import View
from rollviz.objects import LAST_APPLIED, Json

MAX_ANNOTATION = 140
"""Longer annotations go to lines of their own, and are cut there."""


def describe(resource: Resource, item: Json, view: View, show_events: bool = True) -> str:
    """An object of any kind that can be described here, and what happened to it.

    Raises:
        KeyError: there is nothing to say about this kind; see :data:`DESCRIBERS`.
    """
    body = DESCRIBERS[resource](item, view)
    if not show_events:
        return tabbed(escaped(body))
    found = view.events_of(item)
    if not found:
        return tabbed(escaped(f"{body}Events:\t{NONE}\n"))
    return tabbed(escaped(body)) + tabbed(escaped(events(found, view.epoch + view.now)))


def describe_deployment(item: Json, view: View) -> str:
    """A Deployment, its conditions and its ReplicaSets."""
    metadata, spec, status = item["metadata"], item["spec"], item.get("status") or {}
    counts = {
        "desired": spec["replicas"],
        "updated": status.get("updatedReplicas", 0),
        "total": status.get("replicas", 0),
        "available": status.get("availableReplicas", 0),
        "unavailable": status.get("unavailableReplicas", 0),
    }
    return "".join(
        [
            f"Name:\t{metadata['name']}\n",
            f"Namespace:\t{metadata.get('namespace', 'default')}\n",
            f"CreationTimestamp:\t{rfc1123(metadata['creationTimestamp'])}\n",
            _labels("Labels", metadata.get("labels")),
            _annotations("Annotations", metadata.get("annotations")),
            f"Selector:\t{format_selector(spec.get('selector'))}\n",
            f"Replicas:\t{' | '.join(f'{n} {what}' for what, n in counts.items())}\n",
            _strategy(spec),
            pod_template(spec["template"]),
            _conditions(status.get("conditions") or ()),
            _replica_sets(item, view),
        ]
    )


def _strategy(spec: Json) -> str:
    strategy = spec.get("strategy") or {}
    text = f"StrategyType:\t{strategy.get('type', '')}\n"
    text += f"MinReadySeconds:\t{spec.get('minReadySeconds', 0)}\n"
    if rolling := strategy.get("rollingUpdate"):
        text += (
            f"RollingUpdateStrategy:\t{rolling.get('maxUnavailable')} max unavailable, "
            f"{rolling.get('maxSurge')} max surge\n"
        )
    return text


def _replica_sets(item: Json, view: View) -> str:
    """Old and new, as the controller tells them apart (``GetAllReplicaSets``)."""
    deployment = view.snapshot.deployments[item["metadata"]["name"]]
    owned = sorted(
        view.snapshot.replica_sets_of(deployment),
        key=lambda rs: (rs.metadata.creation_timestamp, rs.name),
    )
    if not owned:
        return ""
    new = next((rs for rs in owned if rs.spec.template == deployment.spec.template), None)
    sizes = {
        rs.name: f"{rs.name} ({rs.status.replicas}/{rs.spec.replicas} replicas created)"
        for rs in owned
    }
    created = sizes.pop(new.name) if new else NONE
    return f"OldReplicaSets:\t{', '.join(sizes.values()) or NONE}\nNewReplicaSet:\t{created}\n"


def describe_replica_set(item: Json, view: View) -> str:
    """A ReplicaSet, and how many of its pods run."""
    metadata, spec, status = item["metadata"], item["spec"], item.get("status") or {}
    phases = [pod.status.phase for pod in view.snapshot.pods_of(metadata["name"])]
    words = {"Running": "Running", "Pending": "Waiting", "Succeeded": None, "Failed": None}
    counts = " / ".join(f"{phases.count(p)} {word or p}" for p, word in words.items())
    return "".join(
        [
            f"Name:\t{metadata['name']}\n",
            f"Namespace:\t{metadata.get('namespace', 'default')}\n",
            f"Selector:\t{format_selector(spec.get('selector'))}\n",
            _labels("Labels", metadata.get("labels")),
            _annotations("Annotations", metadata.get("annotations")),
            _controller(metadata),
            f"Replicas:\t{status.get('replicas', 0)} current / {spec['replicas']} desired\n",
            f"Pods Status:\t{counts}\n",
            pod_template(spec["template"]),
            _conditions(status.get("conditions") or ()),
        ]
    )


def describe_pod(item: Json, view: View) -> str:
    """A pod, its containers and its conditions."""
    metadata, spec, status = item["metadata"], item["spec"], item.get("status") or {}
    node, account = spec.get("nodeName"), spec.get("serviceAccountName")
    started = status.get("startTime")
    statuses = {c["name"]: c for c in status.get("containerStatuses") or ()}
    first = {c["name"]: c for c in status.get("initContainerStatuses") or ()}
    init = spec.get("initContainers") or ()
    return "".join(
        [
            f"Name:\t{metadata['name']}\n",
            f"Namespace:\t{metadata.get('namespace', 'default')}\n",
            f"Priority:\t{spec['priority']}\n" if "priority" in spec else "",
            _class_name("", spec),
            f"Service Account:\t{account}\n" if account else "",
            f"Node:\t{node}/{status.get('hostIP', '')}\n" if node else f"Node:\t{NONE}\n",
            f"Start Time:\t{rfc1123(started)}\n" if started else "",
            _labels("Labels", metadata.get("labels")),
            _annotations("Annotations", metadata.get("annotations")),
            _pod_state(item, view.epoch + view.now),
            _addresses(status),
            _controller(metadata),
            containers("Init Containers", init, first, pod=item) if init else "",
            containers("Containers", spec.get("containers") or (), statuses, pod=item),
            _pod_conditions(status.get("conditions") or ()),
            volumes(spec.get("volumes") or ()),
            f"QoS Class:\t{status.get('qosClass') or qos_class(spec)}\n",
            _labels("Node-Selectors", spec.get("nodeSelector")),
            _tolerations("Tolerations", spec.get("tolerations") or ()),
            _spread("", spec),
        ]
    )


def _class_name(space: str, spec: Json) -> str:
    name = spec.get("priorityClassName")
    return f"{space}Priority Class Name:\t{name}\n" if name else ""


def _spread(space: str, spec: Json) -> str:
    constraints = spec.get("topologySpreadConstraints") or ()
    lines = []
    for one in sorted(constraints, key=lambda constraint: str(constraint["topologyKey"])):
        line = f"{one['topologyKey']}:{one['whenUnsatisfiable']}"
        line += f" when max skew {one['maxSkew']} is exceeded"
        if "labelSelector" in one:
            line += f" for selector {format_selector(one['labelSelector'])}"
        lines.append(f"{line}\n")
    return f"{space}Topology Spread Constraints:\t" + f"{space}\t".join(lines) if lines else ""


def _pod_state(item: Json, now: float) -> str:
    metadata, status = item["metadata"], item.get("status") or {}
    deleted = metadata.get("deletionTimestamp")
    if deleted and status.get("phase") not in ("Failed", "Succeeded"):
        grace = metadata.get("deletionGracePeriodSeconds")
        if grace is None:
            grace = item["spec"].get("terminationGracePeriodSeconds", 30)
        lasts = human_duration(now - seconds(deleted))
        text = f"Status:\tTerminating (lasts {lasts})\nTermination Grace Period:\t{grace}s\n"
    else:
        text = f"Status:\t{status.get('phase', '')}\n"
    for key in ("reason", "message"):
        if status.get(key):
            text += f"{key.capitalize()}:\t{status[key]}\n"
    return text


def _addresses(status: Json) -> str:
    ip = status.get("podIP", "")
    ips = [entry["ip"] for entry in status.get("podIPs") or ()] or ([ip] if ip else [])
    text = f"IP:\t{ip}\n"
    if not ips:
        return f"{text}IPs:\t{NONE}\n"
    return f"{text}IPs:\n" + "".join(f"  IP:\t{ip}\n" for ip in ips)


def _pod_conditions(conditions: Sequence[Json]) -> str:
    if not conditions:
        return ""
    rows = "".join(f"  {c['type']} \t{c['status']} \n" for c in conditions)
    return f"Conditions:\n  Type\tStatus\n{rows}"


def pod_template(template: Json) -> str:
    """A pod template, its cells ending in tabs (``DescribePodTemplate``)."""
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    text = "Pod Template:\n" + _labels("  Labels", metadata.get("labels"))
    if metadata.get("annotations"):
        text += _annotations("  Annotations", metadata["annotations"])
    if account := spec.get("serviceAccountName"):
        text += f"  Service Account:\t{account}\n"
    if spec.get("initContainers"):
        text += containers("Init Containers", spec["initContainers"], space="  ")
    return (
        text
        + containers("Containers", spec.get("containers") or (), space="  ")
        + volumes(spec.get("volumes") or (), space="  ")
        + _spread("  ", spec)
        + _class_name("  ", spec)
        + _labels("  Node-Selectors", spec.get("nodeSelector"))
        + _tolerations("  Tolerations", spec.get("tolerations") or ())
    )


def _conditions(conditions: Sequence[Json]) -> str:
    if not conditions:
        return ""
    head = "Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------\n"
    rows = (f"  {c['type']} \t{c['status']}\t{c.get('reason', '')}\n" for c in conditions)
    return head + "".join(rows)


def events(items: Iterable[Json], now: float) -> str:
    """Events as a table, the latest last; ``now`` in seconds since 1970 (``DescribeEvents``)."""
    head = "Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n"
    ordered = sorted(items, key=lambda event: str(event.get("lastTimestamp") or ""))
    return head + "".join(_event(event, now) for event in ordered)


def _event(event: Json, now: float) -> str:
    when = age(event.get("firstTimestamp") or event.get("eventTime"), now)
    count = event.get("count") or 1
    if count > 1:
        when = f"{age(event.get('lastTimestamp'), now)} (x{count} over {when})"
    source = (event.get("source") or {}).get("component") or event.get("reportingComponent", "")
    message = event.get("message", "").strip()
    if path := event.get("involvedObject", {}).get("fieldPath"):
        message = f"{path}: {message}"
    return f"  {event.get('type', '')}\t{event.get('reason', '')}\t{when}\t{source}\t{message}\n"


def _labels(title: str, labels: Mapping[str, str] | None) -> str:
    return _lines(title, [f"{key}={value}\n" for key, value in sorted((labels or {}).items())])


def _annotations(title: str, annotations: Mapping[str, str] | None) -> str:
    shown = sorted((k, v) for k, v in (annotations or {}).items() if k != LAST_APPLIED)
    return _lines(title, [_annotation(key, value) for key, value in shown])


def _annotation(key: str, value: str) -> str:
    value = value.removesuffix("\n")
    if "\n" not in value and len(value) + len(key) + 2 <= MAX_ANNOTATION:
        return f"{key}: {value}\n"
    lines = (f"\t  {_shortened(line, MAX_ANNOTATION - 2)}\n" for line in value.split("\n"))
    return f"{key}:\n" + "".join(lines)


def _shortened(text: str, length: int) -> str:
    return f"{text[:length]}..." if len(text) > length else text


def _tolerations(title: str, tolerations: Sequence[Json]) -> str:
    ordered = sorted(tolerations, key=lambda toleration: str(toleration.get("key", "")))
    return _lines(title, [_toleration(toleration) for toleration in ordered])


def _toleration(toleration: Json) -> str:
    key, effect = toleration.get("key", ""), toleration.get("effect", "")
    value, lasts = toleration.get("value", ""), toleration.get("tolerationSeconds")
    text = key + (f"={value}" if value else "") + (f":{effect}" if effect else "")
    if toleration.get("operator") == "Exists" and not value:
        text += " op=Exists" if text else "op=Exists"
    return f"{text} for {lasts}s\n" if lasts is not None else f"{text}\n"


def _lines(title: str, lines: Sequence[str]) -> str:
    """Values under one another, the first beside its title."""
    return f"{title}:\t" + ("\t".join(lines) or f"{NONE}\n")


def _controller(metadata: Json) -> str:
    owner = next((o for o in metadata.get("ownerReferences") or () if o.get("controller")), None)
    return f"Controlled By:\t{owner['kind']}/{owner['name']}\n" if owner else ""


DESCRIBERS = {
    DEPLOYMENT: describe_deployment,
    REPLICA_SET: describe_replica_set,
    POD: describe_pod,
}
"""What can be described, and how."""
