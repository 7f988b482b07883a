"""The rules for a pod template: ``ValidatePodTemplateSpec`` in ``pkg/apis/core/validation``.

What is rarely in a Deployment (affinity, topology spread, DNS settings, host aliases, resource
claims, most kinds of volumes) is looked at for its types only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rollviz.manifest.containers import USER_ID, containers, init_containers
from rollviz.manifest.errors import Cause, Word, forbidden, invalid, required, too_long
from rollviz.manifest.formats import (
    annotation_key,
    backsteps,
    dns1123_label,
    dns1123_subdomain,
    label_value,
    local_path,
    qualified_name,
)
from rollviz.manifest.quantity import Quantity
from rollviz.manifest.rules import (
    Pod,
    anything,
    between,
    each,
    formatted,
    labels,
    named,
    one_of,
    optional,
    present,
    struct,
    union,
    unlike,
    when_set,
)
from rollviz.objects import POD_DELETION_COST, Json

_ANNOTATIONS_LIMIT = 256 * 1024

_FILE_MODE = between(0, 0o777, "must be a number between 0 and 0777 (octal), both inclusive")
_KEY_TO_PATH = struct(
    ("key", present), ("path", present), ("path", formatted(local_path)), ("mode", _FILE_MODE)
)


def _size_limit(value: str, path: str, pod: Pod) -> Iterable[Cause]:
    if Quantity.parse(value).value < 0:
        yield forbidden(path, "SizeLimit field must be a valid resource quantity")


def _absolute(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    absolute = (value or "").startswith("/")
    return () if absolute else (invalid(path, value or "", "must be an absolute path"),)


_HOST_PATH_TYPES = (
    *("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate"),
    *("File", "FileOrCreate", "Socket"),
)
_HOST_PATH = struct(("path", formatted(backsteps)), ("type", one_of(*_HOST_PATH_TYPES)))
_FILES = struct(("defaultMode", _FILE_MODE), ("items", each(_KEY_TO_PATH)))


def _host_path(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    missing = list(present(value.get("path"), f"{path}.path", pod))
    return missing or _HOST_PATH(value, path, pod)


_VOLUME_KINDS = (
    *("emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret"),
    *("nfs", "iscsi", "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs"),
    *("quobyte", "downwardAPI", "fc", "flexVolume", "configMap", "azureFile", "vsphereVolume"),
    *("photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO"),
    *("csi", "ephemeral", "image"),
)
_VOLUME_RULES = {
    "emptyDir": struct(("sizeLimit", optional(_size_limit))),
    "hostPath": _host_path,
    "secret": struct(("secretName", present), _FILES),
    "nfs": struct(("server", present), ("path", present), ("path", _absolute)),
    "persistentVolumeClaim": struct(("claimName", present)),
    "configMap": struct(("name", present), _FILES),
}
_VOLUME_SOURCE = union("volume", **dict.fromkeys(_VOLUME_KINDS, anything) | _VOLUME_RULES)
_VOLUME = struct(_VOLUME_SOURCE, ("name", named(dns1123_label)))


def _volumes(spec: Json, path: str) -> tuple[frozenset[str], list[Cause]]:
    """``ValidateVolumes``: the names that a mount may use, and what is wrong with the others."""
    names: set[str] = set()
    causes: list[Cause] = []
    for i, volume in enumerate(spec.get("volumes") or ()):
        name, at = volume.get("name") or "", f"{path}.volumes[{i}]"
        wrong = list(_VOLUME(volume, at, Pod()))
        usable = names if not wrong else set(names)
        causes += [*wrong, *unlike(name, usable, f"{at}.name")]
    return frozenset(names), causes


def _host_network_ports(spec: Json, path: str, pod: Pod) -> Iterable[Cause]:
    words = "must match `containerPort` when `hostNetwork` is true"
    for i, container in enumerate(spec.get("containers") or () if spec.get("hostNetwork") else ()):
        for j, port in enumerate(container.get("ports") or ()):
            if port.get("hostPort") and port["hostPort"] != port.get("containerPort", 0):
                at = f"{path}.containers[{i}].ports[{j}].hostPort"
                yield invalid(at, port["hostPort"], words)


def _toleration(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``ValidateTolerations``, for one."""
    key, operator, text = (value.get(name) or "" for name in ("key", "operator", "value"))
    effect = value.get("effect") or ""
    yield from when_set(formatted(qualified_name))(key, f"{path}.key", pod)
    if not key and operator != "Exists":
        words = "operator must be Exists when `key` is empty"
        yield invalid(f"{path}.operator", Word(operator), words + _MATCH_ALL)
    if value.get("tolerationSeconds") is not None and effect != "NoExecute":
        words = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield invalid(f"{path}.effect", Word(effect), words)
    yield from _toleration_value(operator, text, f"{path}.operator")
    yield from when_set(one_of(*_EFFECTS))(effect, f"{path}.effect", pod)


_MATCH_ALL = ', which means "match all values and all keys"'
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def _toleration_value(operator: str, text: str, path: str) -> Iterable[Cause]:
    if operator in ("", "Equal"):
        wrong = label_value(text)
        return (invalid(path, text, ";".join(wrong)),) if wrong else ()
    if operator != "Exists":
        return one_of("Equal", "Exists")(operator, path, Pod())
    return (invalid(path, text, "value must be empty when `operator` is 'Exists'"),) if text else ()


def _name_servers(spec: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validatePodDNSConfig``: without the cluster's DNS one has to name another."""
    if spec["dnsPolicy"] != "None":
        return
    config, path = spec.get("dnsConfig"), f"{path}.dnsConfig"
    if config is None:
        yield required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
    elif not config.get("nameservers"):
        words = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        yield required(f"{path}.nameservers", words)


_SUBDOMAIN = when_set(formatted(dns1123_subdomain))
_LABEL = when_set(formatted(dns1123_label))
_SECURITY_CONTEXT = struct(
    ("fsGroup", USER_ID),
    ("runAsUser", USER_ID),
    ("runAsGroup", USER_ID),
    ("supplementalGroups", each(USER_ID)),
)
_SPEC = struct(
    ("containers", containers),
    init_containers,
    _host_network_ports,
    ("restartPolicy", one_of("Always", "OnFailure", "Never")),
    ("dnsPolicy", one_of("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")),
    ("nodeSelector", labels),
    ("securityContext", _SECURITY_CONTEXT),
    _name_servers,
    ("serviceAccountName", _SUBDOMAIN),
    ("nodeName", _SUBDOMAIN),
    ("activeDeadlineSeconds", optional(between(1, 2**31 - 1))),
    ("hostname", _LABEL),
    ("subdomain", _LABEL),
    ("tolerations", each(_toleration)),
    ("priorityClassName", _SUBDOMAIN),
    ("runtimeClassName", optional(formatted(dns1123_subdomain))),
    ("preemptionPolicy", optional(one_of("PreemptLowerPriority", "Never"))),
)


def annotation_map(value: Json | None, path: str) -> Iterable[Cause]:
    """``ValidateAnnotations``: every key, and the size of all together."""
    for key in value or ():
        yield from (invalid(path, key, words) for words in annotation_key(key))
    size = sum(len(text.encode()) for pair in (value or {}).items() for text in pair)
    if size > _ANNOTATIONS_LIMIT:
        yield too_long(path, _ANNOTATIONS_LIMIT)


def _deletion_cost(value: Json | None, path: str) -> Iterable[Cause]:
    cost = (value or {}).get(POD_DELETION_COST)
    if cost is None:
        return ()
    whole = re.fullmatch(r"0|-[0-9]+|[1-9][0-9]*", cost, re.ASCII)
    fits = whole and -(2**31) <= int(cost) < 2**31
    at = f"{path}[{POD_DELETION_COST}]"
    return () if fits else (invalid(at, cost, "must be a 32bit integer"),)


def pod_template(template: Json, path: str) -> Iterable[Cause]:
    """``ValidatePodTemplateSpecForReplicaSet``, but for the selector.

    ``template`` is a pod template as API JSON with its defaults, ``path`` where it stands.
    Kubernetes leaves ``metadata`` out of the paths of the labels and annotations here.
    """
    metadata, spec = template["metadata"], template["spec"]
    yield from labels(metadata.get("labels"), f"{path}.labels", Pod())
    yield from annotation_map(metadata.get("annotations"), f"{path}.annotations")
    yield from _deletion_cost(metadata.get("annotations"), f"{path}.annotations")
    names, wrong = _volumes(spec, f"{path}.spec")
    yield from wrong
    yield from _SPEC(spec, f"{path}.spec", Pod(names, spec["terminationGracePeriodSeconds"]))
    if spec.get("ephemeralContainers"):
        words = "ephemeral containers not allowed in pod template"
        yield forbidden(f"{path}.spec.ephemeralContainers", words)
    yield from _for_ever(spec, f"{path}.spec")


def _for_ever(spec: Json, path: str) -> Iterable[Cause]:
    """A ReplicaSet's pods are to run for ever."""
    yield from one_of("Always")(spec["restartPolicy"], f"{path}.restartPolicy", Pod())
    if spec.get("activeDeadlineSeconds") is not None:
        words = "activeDeadlineSeconds in ReplicaSet is not Supported"
        yield forbidden(f"{path}.activeDeadlineSeconds", words)
