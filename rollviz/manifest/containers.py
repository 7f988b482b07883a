"""The rules for a container: ``validateContainers`` in ``pkg/apis/core/validation``, as tables.

Volume devices, claims and restart rules are looked at for their types only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollviz.manifest.environment import env_from, value_from
from rollviz.manifest.errors import (
    Cause,
    forbidden,
    invalid,
    not_found,
    required,
)
from rollviz.manifest.formats import (
    descending_path,
    dns1123_label,
    env_name,
    port_name,
)
from rollviz.manifest.probes import LIFECYCLE, LIVENESS, PORT_NUMBER, READINESS
from rollviz.manifest.resources import resources
from rollviz.manifest.rules import (
    Pod,
    both,
    each,
    formatted,
    named,
    one_of,
    optional,
    present,
    struct,
    unlike,
    when_set,
)
from rollviz.manifest.security import CONTAINER_SECURITY
from rollviz.objects import Json

_PORT = struct(
    ("containerPort", both(present, when_set(PORT_NUMBER))),
    ("hostPort", when_set(PORT_NUMBER)),
    ("protocol", one_of("SCTP", "TCP", "UDP")),
)


def _ports(ports: Any, path: str, pod: Pod) -> Iterable[Cause]:
    seen: set[str] = set()
    for i, port in enumerate(ports or ()):
        if name := port.get("name"):
            yield from _port_name(name, seen, f"{path}[{i}].name")
        yield from _PORT(port, f"{path}[{i}]", pod)


def _port_name(name: str, seen: set[str], path: str) -> Iterable[Cause]:
    wrong = [invalid(path, name, words) for words in port_name(name)]
    return wrong or unlike(name, seen, path)


def _volume_mounts(container: Json, path: str, pod: Pod) -> Iterable[Cause]:
    path, taken = f"{path}.volumeMounts", set[str]()
    for i, mount in enumerate(container.get("volumeMounts") or ()):
        at, name, where = f"{path}[{i}]", mount.get("name") or "", mount.get("mountPath") or ""
        yield from present(name, f"{at}.name", pod)
        if name not in pod.volumes:
            yield not_found(f"{at}.name", name)
        yield from present(where, f"{at}.mountPath", pod)
        if where in taken:
            yield invalid(f"{at}.mountPath", where, "must be unique")
        taken.add(where)
        yield from _sub_path(mount.get("subPath"), f"{path}.subPath", pod)
        if mount.get("subPathExpr") and mount.get("subPath"):
            words = "subPathExpr and subPath are mutually exclusive"
            yield invalid(f"{at}.subPathExpr", mount["subPathExpr"], words)
        yield from _sub_path(mount.get("subPathExpr"), f"{path}.subPathExpr", pod)
        yield from _propagation(mount.get("mountPropagation"), f"{path}.mountPropagation", pod)
        if mount.get("mountPropagation") == "Bidirectional" and not _privileged(container):
            words = "Bidirectional mount propagation is available only to privileged containers"
            yield forbidden(f"{path}.mountPropagation", words)
        yield from _recursive_read_only(mount, f"{path}.recursiveReadOnly", pod)


def _recursive_read_only(mount: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validateMountRecursiveReadOnly``."""
    mode = mount.get("recursiveReadOnly")
    if mode not in ("Enabled", "IfPossible"):
        yield from optional(one_of("Disabled", "Enabled", "IfPossible"))(mode, path, pod)
        return
    if not mount.get("readOnly"):
        yield forbidden(path, "may only be specified when readOnly is true")
    if mount.get("mountPropagation") not in (None, "None"):
        words = "may only be specified when mountPropagation is None or not specified"
        yield forbidden(path, words)


_sub_path = when_set(formatted(descending_path))
_propagation = optional(one_of("Bidirectional", "HostToContainer", "None"))


def _privileged(container: Json) -> bool:
    return bool((container.get("securityContext") or {}).get("privileged"))


def _resize_policies(container: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validateResizePolicy``: what is wrong with one is said of the whole list."""
    path, seen = f"{path}.resizePolicy", set[str]()
    for i, policy in enumerate(container.get("resizePolicy") or ()):
        yield from unlike(policy.get("resourceName") or "", seen, f"{path}[{i}]")
        for name, allowed in _RESIZE.items():
            if value := policy.get(name):
                yield from one_of(*allowed)(value, path, pod)
            else:
                yield required(path)


_RESIZE = {
    "resourceName": ("cpu", "memory"),
    "restartPolicy": ("NotRequired", "RestartContainer"),
}

_COMMON = struct(
    ("name", named(dns1123_label)),
    ("image", present),
    ("terminationMessagePolicy", one_of("File", "FallbackToLogsOnError")),
    ("ports", _ports),
    ("env", each(struct(("name", named(env_name)), value_from))),
    ("envFrom", env_from),
    _volume_mounts,
    ("imagePullPolicy", one_of("Always", "IfNotPresent", "Never")),
    ("resources", resources),
    _resize_policies,
    ("securityContext", optional(CONTAINER_SECURITY)),
)
_RUNNING = struct(
    ("lifecycle", optional(LIFECYCLE)),
    ("livenessProbe", optional(LIVENESS)),
    ("readinessProbe", optional(READINESS)),
    ("startupProbe", optional(LIVENESS)),
)
_RESTART = struct(("restartPolicy", optional(one_of("Always", "Never", "OnFailure"))))


def _not_before_the_pod_runs(container: Json, path: str, pod: Pod) -> Iterable[Cause]:
    words = "may not be set for init containers without restartPolicy=Always"
    for name in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(name) is not None:
            yield forbidden(f"{path}.{name}", words)


def containers(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    """``validateContainers``: at least one, each right by itself, names and host ports unique."""
    yield from present(value, path, pod)
    names: set[str] = set()
    for i, container in enumerate(value or ()):
        at = f"{path}[{i}]"
        yield from _COMMON(container, at, pod)
        yield from unlike(container.get("name") or "", names, f"{at}.name")
        yield from _RUNNING(container, at, pod)
        yield from _RESTART(container, at, pod)
    yield from _host_ports(value or (), path)


def init_containers(spec: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validateInitContainers``: names differ from the containers' too."""
    path, names = (
        f"{path}.initContainers",
        {c.get("name") or "" for c in spec.get("containers") or ()},
    )
    for i, container in enumerate(spec.get("initContainers") or ()):
        at, name = f"{path}[{i}]", container.get("name") or ""
        yield from _COMMON(container, at, pod)
        yield from _RESTART(container, at, pod)
        if name or name in names:  # it may be the containers' empty one, but adds none
            yield from unlike(name, names, f"{at}.name")
        yield from _host_ports([container], path)
        sidecar = container.get("restartPolicy") == "Always"
        yield from (_RUNNING if sidecar else _not_before_the_pod_runs)(container, at, pod)


def _host_ports(containers: Iterable[Json], path: str) -> Iterable[Cause]:
    """``checkHostPortConflicts``: a port of the node can be taken once."""
    taken: set[str] = set()
    for i, container in enumerate(containers):
        for j, port in enumerate(container.get("ports") or ()):
            if number := port.get("hostPort"):
                one = f"{port['protocol']}/{port.get('hostIP') or ''}/{number}"
                yield from unlike(one, taken, f"{path}[{i}].ports[{j}].hostPort")
