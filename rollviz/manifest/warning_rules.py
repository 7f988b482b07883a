"""What the API server warns of and accepts all the same: ``pkg/api/pod/warnings.go``.

All but those on IP addresses in odd forms and on claims for volumes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rollviz.manifest.errors import quote
from rollviz.manifest.formats import dns1123_label, label_value
from rollviz.manifest.quantity import Quantity
from rollviz.objects import Json


def deployment_warnings(json: Json) -> Iterable[str]:
    """All warnings for a Deployment that was decoded and has its defaults, in order."""
    template = json["spec"]["template"]
    spec = template["spec"]
    if wrong := dns1123_label(json["metadata"].get("name") or ""):
        words = "metadata.name: this is used in Pod names and hostnames, which can result in"
        yield f"{words} surprising behavior; a DNS label is recommended: [{' '.join(wrong)}]"
    yield from _old_node_labels(spec)
    yield from _old_annotations(template)
    yield from _old_volumes(spec)
    yield from _overlapping_files(spec)
    yield from _twice(spec, "hostAliases", "ip")
    yield from _twice(spec, "imagePullSecrets", "name")
    for i, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            yield f'{_SPEC}.imagePullSecrets[{i}].name: invalid empty name ""'
    for path, container in _containers(spec):
        yield from _fractional_bytes(container, path)
        yield from _hidden_variables(container, path)
    yield from _ports(spec)
    yield from _port_names(spec)
    if spec["terminationGracePeriodSeconds"] < 0:
        words = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{_SPEC}.terminationGracePeriodSeconds: {words}"
    yield from _no_pods_meant(spec)


_SPEC = "spec.template.spec"
_OLD_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": (
        'deprecated since v1.17; use "topology.kubernetes.io/region" instead'
    ),
    "failure-domain.beta.kubernetes.io/zone": (
        'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
    ),
    "beta.kubernetes.io/instance-type": (
        'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'
    ),
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": (
        "deprecated since v1.22; use Taints and Tolerations instead"
    ),
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_OLD_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": (
        'non-functional in v1.16+; use the "priorityClassName" field instead'
    ),
    "security.alpha.kubernetes.io/sysctls": (
        'non-functional in v1.11+; use the "sysctls" field instead'
    ),
    "security.alpha.kubernetes.io/unsafe-sysctls": (
        'non-functional in v1.11+; use the "sysctls" field instead'
    ),
}
_OLD_VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_SHOWN_AS = {"storageos": "storageOS"}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NO_PODS = "labelSelector: a null labelSelector results in matching no pod"


def _old_node_labels(spec: Json) -> Iterable[str]:
    for key in spec.get("nodeSelector") or ():
        if key in _OLD_LABELS:
            yield f"{_SPEC}.nodeSelector[{key}]: {_OLD_LABELS[key]}"
    nodes = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (nodes.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()
    at = f"{_SPEC}.affinity.nodeAffinity"
    for i, term in enumerate(terms):
        yield from _old_in_term(term, f"{at}.{_REQUIRED}.nodeSelectorTerms[{i}]", False)
    for i, term in enumerate(nodes.get(_PREFERRED) or ()):
        path = f"{at}.{_PREFERRED}[{i}].preference"
        yield from _old_in_term(term.get("preference") or {}, path, True)
    for i, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        path, key = f"{_SPEC}.topologySpreadConstraints[{i}]", constraint.get("topologyKey")
        if key in _OLD_LABELS:
            yield f"{path}.topologyKey: {key} is {_OLD_LABELS[key]}"
        if constraint.get("labelSelector") is None:
            yield f"{path}.{_NO_PODS}"


def _old_in_term(term: Json, path: str, check_values: bool) -> Iterable[str]:
    for i, expression in enumerate(term.get("matchExpressions") or ()):
        at, key = f"{path}.matchExpressions[{i}]", expression.get("key")
        if key in _OLD_LABELS:
            yield f"{at}.key: {key} is {_OLD_LABELS[key]}"
        for j, value in enumerate(expression.get("values") or () if check_values else ()):
            for words in label_value(value):
                yield f"{at}.values[{j}]: {value} is invalid, {words}"


def _old_annotations(template: Json) -> Iterable[str]:
    annotations = template["metadata"].get("annotations") or {}
    for key, words in _OLD_ANNOTATIONS.items():
        if key in annotations:
            yield f"spec.template.metadata.annotations[{key}]: {words}"


def _old_volumes(spec: Json) -> Iterable[str]:
    for i, volume in enumerate(spec.get("volumes") or ()):
        for kind, words in _OLD_VOLUMES.items():
            if volume.get(kind) is not None:
                yield f"{_SPEC}.volumes[{i}].{_SHOWN_AS.get(kind, kind)}: {words}"


def _overlapping_files(spec: Json) -> Iterable[str]:
    """Two files of a volume at one path, or one inside the other."""
    for volume in spec.get("volumes") or ():
        about = f"volume {quote(volume['name'])}"
        for source, (kind, name) in _SOURCES.items():
            if (part := volume.get(source)) is not None:
                files = [(item["path"], "") for item in part.get("items") or ()]
                shown = f"{kind} {quote(part[name])}" if name else kind
                yield from (f"{about} ({shown}): {words}" for words in _overlaps(files))
        sources = (volume.get("projected") or {}).get("sources") or ()
        if any(not source for source in sources):
            yield f"{about} (Projected) has no sources provided"
        files = [file for source in sources for file in _projected_files(source)]
        yield from (f"{about} (Projected): {words}" for words in _overlaps(files))


_SOURCES = {
    "configMap": ("ConfigMap", "name"),
    "secret": ("Secret", "secretName"),
    "downwardAPI": ("DownwardAPI", ""),
}


def _projected_files(source: Json) -> Iterable[tuple[str, str]]:
    """The files that a source makes, each with what it is called in a warning."""
    for kind, (word, _) in _SOURCES.items():
        if (part := source.get(kind)) is not None:
            shown = word if kind == "downwardAPI" else f"{word} {quote(part['name'])}"
            return [(item["path"], f" ({shown})") for item in part.get("items") or ()]
    token = source.get("serviceAccountToken")
    return [(token["path"], " (ServiceAccountToken)")] if token else []


def _overlaps(files: list[tuple[str, str]]) -> Iterable[str]:
    seen: list[tuple[str, str]] = []
    for path, source in ((path.rstrip("/"), source) for path, source in files):
        for other, other_source in seen:
            if f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/"):
                one, two = f"{quote(path)}{source}", f"{quote(other)}{other_source}"
                yield f"overlapping paths: {one} with {two}"
        seen.append((path, source))


def _twice(spec: Json, field: str, key: str) -> Iterable[str]:
    seen: set[str] = set()
    for i, value in enumerate(item.get(key) or "" for item in spec.get(field) or ()):
        if value in seen:
            yield f"{_SPEC}.{field}[{i}].{key}: duplicate {key} {quote(value)}"
        seen.add(value)


def _no_pods_meant(spec: Json) -> Iterable[str]:
    for kind in ("podAffinity", "podAntiAffinity"):
        terms, path = (spec.get("affinity") or {}).get(kind) or {}, f"{_SPEC}.affinity.{kind}"
        for i, term in enumerate(terms.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{path}.{_REQUIRED}[{i}].{_NO_PODS}"
        for i, term in enumerate(terms.get(_PREFERRED) or ()):
            if (term.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{path}.{_PREFERRED}[{i}].podAffinityTerm.{_NO_PODS}"


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
        if (ip := port.get("hostIP")) and not port.get("hostPort"):
            name, number = port.get("name") or "", port["containerPort"]
            shown = f"Name:{name} HostPort:0 ContainerPort:{number} Protocol:{port['protocol']}"
            yield f"{at}: hostIP set without hostPort: {{{shown} HostIP:{ip}}}"
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
