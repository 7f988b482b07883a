"""The containers and volumes of a pod or a pod template, as ``kubectl describe`` tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from rollviz.kubectl.text import NONE, rfc1123
from rollviz.manifest.quantity import Quantity
from rollviz.objects import Json

_NO_STATUSES: Mapping[str, Json] = {}


def containers(
    title: str,
    items: Sequence[Json],
    statuses: Mapping[str, Json] = _NO_STATUSES,
    space: str = "",
    pod: Json | None = None,
) -> str:
    """Containers, one below the other, with their statuses by name where there are any.

    ``pod`` is the one they are in; a template's are in none.
    """
    text = f"{space}{title}:{'' if items else f' {NONE}'}\n"
    for item in items:
        text += f"  {' ' if space else ''}{item['name']}:\n"
        text += _basics(item, statuses.get(item["name"]))
        text += _words("Command", item.get("command")) + _words("Args", item.get("args"))
        if item["name"] in statuses:
            text += _state(statuses[item["name"]])
        text += _resources(item.get("resources") or {})
        text += _probes(item)
        text += _environment_from(item.get("envFrom") or ())
        text += _environment(item, pod)
        text += _mounts(item.get("volumeMounts") or ())
    return text


def _basics(item: Json, status: Json | None) -> str:
    ports = item.get("ports") or ()
    text = f"    Image:\t{item.get('image', '')}\n"
    if status is not None:
        text = f"    Container ID:\t{status.get('containerID', '')}\n{text}"
        text += f"    Image ID:\t{status.get('imageID', '')}\n"
    return text + _ports("Port", "containerPort", ports) + _ports("Host Port", "hostPort", ports)


def _ports(title: str, key: str, ports: Sequence[Json]) -> str:
    words = ", ".join(_port(port, key) for port in ports)
    return f"    {title}{'s' if ',' in words else ''}:\t{words or NONE}\n"


def _port(port: Json, key: str) -> str:
    text = f"{port.get(key, 0)}/{port.get('protocol', 'TCP')}"
    return f"{text} ({port['name']})" if port.get("name") else text


def _words(title: str, words: Sequence[str] | None) -> str:
    if not words:
        return ""
    lines = [line for word in words for line in word.split("\n")]
    return f"    {title}:\n" + "".join(f"      {line}\n" for line in lines)


def _state(status: Json) -> str:
    text = _one_state("State", status.get("state") or {})
    if "terminated" in (status.get("lastState") or {}):
        text += _one_state("Last State", status["lastState"])
    text += f"    Ready:\t{bool(status.get('ready'))}\n"
    return f"{text}    Restart Count:\t{status.get('restartCount', 0)}\n"


def _one_state(title: str, state: Json) -> str:
    if "running" in state:
        started = state["running"].get("startedAt")
        lines = {"Started": started and rfc1123(started)}
        return f"    {title}:\tRunning\n" + _details(lines)
    if "terminated" in state:
        return f"    {title}:\tTerminated\n" + _details(_end(state["terminated"]))
    reason = (state.get("waiting") or {}).get("reason")
    return f"    {title}:\tWaiting\n" + _details({"Reason": reason})


def _end(terminated: Json) -> dict[str, Any]:
    started, finished = terminated.get("startedAt"), terminated.get("finishedAt")
    return {
        "Reason": terminated.get("reason"),
        "Message": terminated.get("message"),
        "Exit Code": str(terminated.get("exitCode", 0)),
        "Signal": terminated.get("signal"),
        "Started": started and rfc1123(started),
        "Finished": finished and rfc1123(finished),
    }


def _details(lines: Mapping[str, Any]) -> str:
    return "".join(f"      {title}:\t{value}\n" for title, value in lines.items() if value)


def _resources(resources: Json) -> str:
    text = ""
    for title in ("Limits", "Requests"):
        quantities = sorted((resources.get(title.lower()) or {}).items())
        if quantities:
            text += f"    {title}:\n"
            text += "".join(f"      {name}:\t{quantity}\n" for name, quantity in quantities)
    return text


def _probes(item: Json) -> str:
    kinds = {"Liveness": "livenessProbe", "Readiness": "readinessProbe", "Startup": "startupProbe"}
    return "".join(
        f"    {title}:\t{_probe(item[key])}\n" for title, key in kinds.items() if item.get(key)
    )


def _probe(probe: Json) -> str:
    """With the API's defaults for what the manifest leaves out."""
    attributes = (
        f"delay={probe.get('initialDelaySeconds', 0)}s timeout={probe.get('timeoutSeconds', 1)}s "
        f"period={probe.get('periodSeconds', 10)}s "
        f"successThreshold={probe.get('successThreshold', 1)} "
        f"failureThreshold={probe.get('failureThreshold', 3)}"
    )
    return f"{_probe_handler(probe)} {attributes}"


def _probe_handler(probe: Json) -> str:
    if "exec" in probe:
        return f"exec [{' '.join(probe['exec'].get('command') or ())}]"
    if get := probe.get("httpGet"):
        scheme = get.get("scheme", "HTTP").lower()
        path = "/" + get.get("path", "/").removeprefix("/")
        return f"http-get {scheme}://{get.get('host', '')}:{get['port']}{path}"
    if socket := probe.get("tcpSocket"):
        return f"tcp-socket {socket.get('host', '')}:{socket['port']}"
    if grpc := probe.get("grpc"):
        return f"grpc <pod>:{grpc['port']} {grpc.get('service', '')}"
    return "unknown"


def _environment_from(sources: Sequence[Json]) -> str:
    text = "    Environment Variables from:\n" if sources else ""
    for source in sources:
        kind = "Secret" if "secretRef" in source else "ConfigMap"
        ref, prefix = source.get(f"{kind[0].lower()}{kind[1:]}Ref") or {}, source.get("prefix")
        text += f"      {ref.get('name', '')}\t{kind}"
        text += f" with prefix '{prefix}'" if prefix else ""
        text += f"\tOptional: {_plain(bool(ref.get('optional')))}\n"
    return text


def _environment(container: Json, pod: Json | None) -> str:
    env = container.get("env") or ()
    if not env:
        return f"    Environment:\t{NONE}\n"
    return "    Environment:\n" + "".join(_variable(v, container, pod) for v in env)


def _variable(variable: Json, container: Json, pod: Json | None) -> str:
    source = variable.get("valueFrom") or {}
    if ref := source.get("fieldRef"):
        value = f"{_field(pod, ref['fieldPath']) if pod else ''} "
        value += f"({ref.get('apiVersion', 'v1')}:{ref['fieldPath']})"
    elif ref := source.get("resourceFieldRef"):
        value = f"{_amount(container, ref)} ({ref['resource']})"
    elif ref := source.get("secretKeyRef"):
        value = f"<set to the key '{ref['key']}' in secret '{ref.get('name', '')}'>"
        value += f"\tOptional: {str(bool(ref.get('optional'))).lower()}"
    elif ref := source.get("configMapKeyRef"):
        value = f"<set to the key '{ref['key']}' of config map '{ref.get('name', '')}'>"
        value += f"\tOptional: {str(bool(ref.get('optional'))).lower()}"
    else:
        value = str(variable.get("value", "")).replace("\n", "\n      \t")
    return f"      {variable['name']}:\t{value}\n"


def _field(pod: Json, path: str) -> str:
    """What a field of a pod is; kubectl looks no further than this."""
    prefix, _, name = path.partition(".")
    return str(pod[prefix].get(name, "")) if path in ("metadata.name", "metadata.namespace") else ""


def _amount(container: Json, ref: Json) -> str:
    """What a container requests or may use, in whole units of the divisor."""
    kind, _, resource = ref["resource"].partition(".")
    quantity = ((container.get("resources") or {}).get(kind) or {}).get(resource, "0")
    divisor = Quantity.parse(str(ref.get("divisor") or "1")).value or 1
    amount = ceil(Quantity.parse(str(quantity)).value / divisor)
    unlimited = amount == 0 and ref["resource"] in ("limits.cpu", "limits.memory")
    return "node allocatable" if unlimited else str(amount)


def _mounts(mounts: Sequence[Json]) -> str:
    if not mounts:
        return f"    Mounts:\t{NONE}\n"
    ordered = sorted(mounts, key=lambda mount: str(mount["mountPath"]))
    return "    Mounts:\n" + "".join(_mount(mount) for mount in ordered)


def _mount(mount: Json) -> str:
    flags = "ro" if mount.get("readOnly") else "rw"
    if mount.get("subPath"):
        flags += f',path="{mount["subPath"]}"'
    return f"      {mount['mountPath']} from {mount['name']} ({flags})\n"


def volumes(items: Sequence[Json], space: str = "") -> str:
    """The volumes of a pod; those a lesson is likely to use in full, others by their kind."""
    if not items:
        return f"{space}Volumes:\t{NONE}\n"
    text = f"{space}Volumes:\n"
    for item in items:
        text += f"  {' ' if space else ''}{item['name']}:\n{_volume(item)}"
    return text


def _volume(item: Json) -> str:
    kind = next((key for key in item if key in _VOLUMES), None)
    if kind is None:
        return "  <unknown>\n"
    about, fields = _VOLUMES[kind]
    source = item[kind] or {}
    values = {title: source.get(key, default) for title, (key, default) in fields.items()}
    lines = (f"    {title}:\t{_plain(value)}\n" for title, value in values.items())
    return f"    Type:\t{about}\n" + "".join(lines)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_VOLUMES: dict[str, tuple[str, dict[str, tuple[str, Any]]]] = {
    "emptyDir": (
        "EmptyDir (a temporary directory that shares a pod's lifetime)",
        {"Medium": ("medium", ""), "SizeLimit": ("sizeLimit", "<unset>")},
    ),
    "hostPath": (
        "HostPath (bare host directory volume)",
        {"Path": ("path", ""), "HostPathType": ("type", NONE)},
    ),
    "configMap": (
        "ConfigMap (a volume populated by a ConfigMap)",
        {"Name": ("name", ""), "Optional": ("optional", False)},
    ),
    "secret": (
        "Secret (a volume populated by a Secret)",
        {"SecretName": ("secretName", ""), "Optional": ("optional", False)},
    ),
    "nfs": (
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        {"Server": ("server", ""), "Path": ("path", ""), "ReadOnly": ("readOnly", False)},
    ),
    "persistentVolumeClaim": (
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        {"ClaimName": ("claimName", ""), "ReadOnly": ("readOnly", False)},
    ),
}


def qos_class(spec: Json) -> str:
    """BestEffort, Burstable or Guaranteed, from CPU and memory asked for (``ComputePodQOS``)."""
    every = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    classes = {_container_qos(item.get("resources") or {}) for item in every}
    if len(classes) > 1:
        return "Burstable"
    return classes.pop() if classes else "BestEffort"


def _container_qos(resources: Json) -> str:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    # the API server defaults a missing request to the limit
    pairs = [(requests.get(r, limits.get(r)), limits.get(r)) for r in ("cpu", "memory")]
    if all(limit is None and request is None for request, limit in pairs):
        return "BestEffort"
    guaranteed = all(limit is not None and request == limit for request, limit in pairs)
    return "Guaranteed" if guaranteed else "Burstable"
