"""What the API server warns of and accepts all the same: ``pkg/api/pod/warnings.go``.

The warnings on what manifests often have: names, environment, ports, memory, grace period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rollviz.manifest.errors import quote
from rollviz.manifest.formats import dns1123_label
from rollviz.manifest.quantity import Quantity
from rollviz.objects import Json


def deployment_warnings(json: Json) -> Iterable[str]:
    """All warnings for a Deployment that was decoded and has its defaults, in order."""
    spec = json["spec"]["template"]["spec"]
    if wrong := dns1123_label(json["metadata"].get("name") or ""):
        words = "metadata.name: this is used in Pod names and hostnames, which can result in"
        yield f"{words} surprising behavior; a DNS label is recommended: [{' '.join(wrong)}]"
    for path, container in _containers(spec):
        yield from _fractional_bytes(container, path)
        yield from _hidden_variables(container, path)
    yield from _ports(spec)
    yield from _port_names(spec)
    if spec["terminationGracePeriodSeconds"] < 0:
        words = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"spec.template.spec.terminationGracePeriodSeconds: {words}"


def _containers(spec: Json) -> Iterator[tuple[str, Json]]:
    for kind in ("initContainers", "containers"):
        for i, container in enumerate(spec.get(kind) or ()):
            yield f"spec.template.spec.{kind}[{i}]", container


def _fractional_bytes(container: Json, path: str) -> Iterable[str]:
    for name in ("memory", "ephemeral-storage"):
        for side in ("limits", "requests"):
            amount = (container["resources"].get(side) or {}).get(name, "0")
            if Quantity.parse(amount).value.denominator != 1:
                words = f"fractional byte value {quote(amount)} is invalid, must be an integer"
                yield f"{path}.resources.{side}[{name}]: {words}"


def _hidden_variables(container: Json, path: str) -> Iterable[str]:
    seen: set[str] = set()
    for i, variable in enumerate(container.get("env") or ()):
        name = variable["name"]
        builds_on_it = (
            f"$({name})" in (value := variable.get("value") or "") and value != f"$({name})"
        )
        if name in seen and not builds_on_it:
            words = (
                f"hides previous definition of {quote(name)}, which may be dropped when using apply"
            )
            yield f"{path}.env[{i}]: {words}"
        seen.add(name)


def _ports(spec: Json) -> Iterable[str]:
    """The same port twice; on the node's side it may be another one."""
    seen: dict[tuple[int, str], list[tuple[str, Json]]] = {}
    for at, port in _all_ports(spec):
        others = seen.setdefault((port["containerPort"], port["protocol"]), [])
        for other_at, other in others:
            if how := _overlap(port, other):
                yield f"{at}: {how} port definition with {other_at}"
        others.append((at, port))


def _overlap(port: Json, other: Json) -> str:
    host, other_host = port.get("hostPort") or 0, other.get("hostPort") or 0
    ip, other_ip = port.get("hostIP") or "", other.get("hostIP") or ""
    if (host, ip) == (other_host, other_ip):
        return "duplicate"
    if not (host and other_host):
        return "overlapping"
    return "dangerously ambiguous" if host == other_host and not (ip and other_ip) else ""


def _port_names(spec: Json) -> Iterable[str]:
    seen: dict[str, str] = {}
    for at, port in _all_ports(spec):
        if not (name := port.get("name")):
            continue
        if first := seen.get(name):
            words = f"services and probes that select ports by name will use {first}"
            yield f"{at}: duplicate port name {quote(name)} with {first}, {words}"
        seen.setdefault(name, at)


def _all_ports(spec: Json) -> Iterator[tuple[str, Json]]:
    for path, container in _containers(spec):
        for i, port in enumerate(container.get("ports") or ()):
            yield f"{path}.ports[{i}]", port
