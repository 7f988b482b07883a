"""The rules for a pod's volumes: ``ValidateVolumes``.

Of kinds that are rare in a Deployment it is looked at what must be there, and at their types.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollviz.manifest.environment import FIELDS_FOR_FILES, field_path, resource_field
from rollviz.manifest.errors import Cause, forbidden, invalid, required
from rollviz.manifest.formats import backsteps, dns1123_label, dns1123_subdomain, local_path
from rollviz.manifest.quantity import Quantity
from rollviz.manifest.rules import (
    Pod,
    Rule,
    anything,
    between,
    each,
    formatted,
    named,
    one_of,
    optional,
    present,
    struct,
    union,
    unlike,
    when_set,
)
from rollviz.objects import Json

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


def _file_source(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    field, resource = value.get("fieldRef"), value.get("resourceFieldRef")
    if field is not None:
        yield from field_path(FIELDS_FOR_FILES)(field, f"{path}.fieldRef", pod)
        if resource is not None:
            words = "fieldRef and resourceFieldRef can not be specified simultaneously"
            yield invalid(path, "resource", words)
    elif resource is None:
        yield required(path, "one of fieldRef and resourceFieldRef is required")
    elif not resource.get("containerName"):
        yield required(f"{path}.resourceFieldRef.containerName")
    else:
        yield from resource_field(resource, f"{path}.resourceFieldRef", pod)


_FILE = struct(
    ("path", present), ("path", formatted(local_path)), _file_source, ("mode", _FILE_MODE)
)


def _downward_api(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """Fields of the pod as files; what is wrong with one is said without its place in the list."""
    for item in value.get("items") or ():
        yield from _FILE(item, path, pod)


_PROJECTED = ("secret", "configMap", "downwardAPI", "serviceAccountToken")
_TEN_MINUTES, _MOST_SECONDS = 600, 1 << 32


def _projected(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validateProjectionSources``: several sources in one folder, of different files."""
    taken: set[str] = set()
    for i, source in enumerate(value.get("sources") or ()):
        found = [kind for kind in _PROJECTED if source.get(kind) is not None]
        for kind in found:
            part, at = source[kind], f"{path}.sources[{i}].{kind}"
            if kind == "serviceAccountToken":
                yield from _token(part, at, path, pod)
                continue
            if kind != "downwardAPI":
                yield from present(part.get("name"), f"{at}.name", pod)
            for j, item in enumerate(part.get("items") or ()):
                rule, place = (
                    (_FILE, at) if kind == "downwardAPI" else (_KEY_TO_PATH, f"{at}.items[{j}]")
                )
                yield from rule(item, place, pod)
                if (file := item.get("path") or "") in taken:
                    yield invalid(path, part.get("name") or file, "conflicting duplicate paths")
                taken |= {file} if file else set()
        if len(found) > 1:
            words = "may not specify more than 1 volume type per source"
            yield forbidden(f"{path}.sources[{i}]", words)


def _token(value: Json, path: str, volume: str, pod: Pod) -> Iterable[Cause]:
    seconds, path = value["expirationSeconds"], f"{path}.expirationSeconds"
    if seconds < _TEN_MINUTES:
        yield invalid(path, seconds, "may not specify a duration less than 10 minutes")
    if seconds > _MOST_SECONDS:
        yield invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")
    file = value.get("path")
    yield from present(file, f"{volume}.path", pod)
    yield from formatted(local_path)(file, f"{volume}.path", pod)


_REQUIRED = {
    "awsElasticBlockStore": ["volumeID"],
    "azureFile": ["secretName", "shareName"],
    "cephfs": ["monitors"],
    "cinder": ["volumeID"],
    "ephemeral": ["volumeClaimTemplate"],
    "flexVolume": ["driver"],
    "glusterfs": ["endpoints", "path"],
    "iscsi": ["targetPortal", "iqn"],
    "photonPersistentDisk": ["pdID"],
    "portworxVolume": ["volumeID"],
    "rbd": ["monitors", "image"],
    "scaleIO": ["gateway", "system", "volumeName"],
    "storageos": ["volumeName"],
    "vsphereVolume": ["volumePath"],
}
_RULES: dict[str, Rule] = {
    **{kind: struct(*((name, present) for name in names)) for kind, names in _REQUIRED.items()},
    "configMap": struct(("name", present), _FILES),
    "csi": struct(("driver", named(dns1123_subdomain))),
    "downwardAPI": struct(("defaultMode", _FILE_MODE), _downward_api),
    "emptyDir": struct(("sizeLimit", optional(_size_limit))),
    "gitRepo": struct(("repository", present), ("directory", formatted(local_path))),
    "hostPath": _host_path,
    "image": struct(("pullPolicy", when_set(one_of("Always", "IfNotPresent", "Never")))),
    "nfs": struct(("server", present), ("path", present), ("path", _absolute)),
    "persistentVolumeClaim": struct(("claimName", present)),
    "projected": struct(("defaultMode", _FILE_MODE), _projected),
    "secret": struct(("secretName", present), _FILES),
}
_KINDS = (
    *("emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret"),
    *("nfs", "iscsi", "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs"),
    *("quobyte", "downwardAPI", "fc", "flexVolume", "configMap", "azureFile", "vsphereVolume"),
    *("photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO"),
    *("csi", "ephemeral", "image"),
)
_VOLUME = struct(
    union("volume", **dict.fromkeys(_KINDS, anything) | _RULES), ("name", named(dns1123_label))
)


def volumes(spec: Json, path: str) -> tuple[frozenset[str], list[Cause]]:
    """``ValidateVolumes``: the names that a mount may use, and what is wrong with the others."""
    names: set[str] = set()
    causes: list[Cause] = []
    for i, volume in enumerate(spec.get("volumes") or ()):
        name, at = volume.get("name") or "", f"{path}.volumes[{i}]"
        wrong = list(_VOLUME(volume, at, Pod()))
        usable = names if not wrong else set(names)
        causes += [*wrong, *unlike(name, usable, f"{at}.name")]
    return frozenset(names), causes
