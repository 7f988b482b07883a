"""What the API server fills in before it stores a Deployment.

Kubernetes sets defaults struct by struct (``pkg/apis/apps/v1/defaults.go``,
``pkg/apis/core/v1/defaults.go``), so they are a table by struct here.

>>> with_defaults({"name": "web", "image": "nginx"}, "Container")["imagePullPolicy"]
'Always'
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rollviz.manifest.decoding import zero
from rollviz.manifest.quantity import Quantity
from rollviz.manifest.types import Field, element, structs
from rollviz.objects import Json

_DEFAULTS: dict[str, Json] = {
    "DeploymentSpec": {
        "replicas": 1,
        "strategy": {},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        "template": {},
    },
    "PodTemplateSpec": {"metadata": {}, "spec": {}},
    "PodSpec": {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    },
    "Container": {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    },
    "ContainerPort": {"protocol": "TCP"},
    "Probe": {
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    },
    "HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "GRPCAction": {"service": ""},
    "ObjectFieldSelector": {"apiVersion": "v1"},
    "FileKeySelector": {"optional": False},
    "HostPathVolumeSource": {"type": ""},
    "SecretVolumeSource": {"defaultMode": 0o644},
    "ConfigMapVolumeSource": {"defaultMode": 0o644},
    "DownwardAPIVolumeSource": {"defaultMode": 0o644},
    "ProjectedVolumeSource": {"defaultMode": 0o644},
    "ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    "PersistentVolumeClaimSpec": {"volumeMode": "Filesystem"},
    "ISCSIVolumeSource": {"iscsiInterface": "default"},
    "RBDVolumeSource": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "ScaleIOVolumeSource": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
    "AzureDiskVolumeSource": {
        "cachingMode": "ReadWrite",
        "fsType": "ext4",
        "readOnly": False,
        "kind": "Shared",
    },
}

# An image reference as Docker normalizes it (distribution/reference): name, tag and digest.
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/|\[[a-fA-F0-9:]+\](?::[0-9]+)?/)?"
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?P<digest>@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)


def with_defaults(json: Json, type_: str) -> Json:
    """Decoded JSON of a struct with every default in it, and all in the order of the struct."""
    json = {**_DEFAULTS.get(type_, {}), **{k: v for k, v in json.items() if _is_set(type_, k, v)}}
    json = _COMPUTED.get(type_, dict)(json)
    fields = structs()[type_]
    return {name: _inside(json[name], fields[name].type) for name in fields if name in json}


def encoded(json: Json, type_: str) -> Json:
    """The same JSON as the API server writes it: empty optional fields left out.

    >>> encoded({"name": "web", "command": [], "tty": False}, "Container")
    {'name': 'web', 'resources': {}}
    """
    written = {}
    for name, field in structs()[type_].items():
        value = json.get(name)
        if value is None and not field.pointer:
            value = zero(field.type)
        if field.always or _written(value, field):
            written[name] = _encoded_inside(value, field.type)
    return written


def _is_set(type_: str, name: str, value: Any) -> bool:
    """A pointer that is there is set, even to zero; anything else is set unless it is empty."""
    field = structs()[type_][name]
    return field.pointer or bool(value) or name not in _DEFAULTS.get(type_, {})


def _inside(value: Any, type_: str) -> Any:
    if type_ in structs():
        return with_defaults(value, type_)
    if type_ == "ResourceList" and value is not None:
        return {
            name: str(Quantity.parse(amount).rounded_up(1000)) for name, amount in value.items()
        }
    if type_.startswith("[]") and value is not None:
        return [_inside(v, element(type_)) for v in value]
    return value


def _written(value: Any, field: Field) -> bool:
    """Go's ``omitempty``: a struct is never empty, a pointer only when it is nil."""
    if field.pointer:
        return value is not None
    if field.type in structs() and field.type != "ObjectMeta":
        return True
    return bool(value) or field.type == "ObjectMeta"


def _encoded_inside(value: Any, type_: str) -> Any:
    if value is None:
        return None
    if type_ in structs():
        return encoded(value, type_)
    if type_.startswith("[]"):
        return [_encoded_inside(v, element(type_)) for v in value]
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def _strategy(json: Json) -> Json:
    """``SetDefaults_Deployment``: 25% and 25%, for a rolling update only."""
    if (json.get("type") or "RollingUpdate") != "RollingUpdate":
        return json
    rolling = {"maxUnavailable": "25%", "maxSurge": "25%", **(json.get("rollingUpdate") or {})}
    return {"type": "RollingUpdate", "rollingUpdate": rolling}


def _pull_policy(image: str, policy: str) -> Callable[[Json], Json]:
    """``SetDefaults_Container``: an image that may move is always pulled."""

    def computed(json: Json) -> Json:
        default = "Always" if _is_latest(json.get(image) or "") else "IfNotPresent"
        return {**json, policy: json.get(policy) or default}

    return computed


def _is_latest(image: str) -> bool:
    match = _IMAGE.fullmatch(image)
    if not match:
        return False
    return match["tag"] == "latest" or not (match["tag"] or match["digest"])


def _service_account(json: Json) -> Json:
    """The old name of ``serviceAccountName`` follows the new one, and stands in for it."""
    name = json.get("serviceAccountName") or json.get("serviceAccount")
    return {**json, "serviceAccountName": name, "serviceAccount": name} if name else json


def _empty_dir(json: Json) -> Json:
    """``SetDefaults_Volume``: a volume of no kind is an ``emptyDir``."""
    return json if json.keys() - {"name"} else {**json, "emptyDir": {}}


_COMPUTED: dict[str, Callable[[Json], Json]] = {
    "DeploymentStrategy": _strategy,
    "Container": _pull_policy("image", "imagePullPolicy"),
    "ImageVolumeSource": _pull_policy("reference", "pullPolicy"),
    "PodSpec": _service_account,
    "Volume": _empty_dir,
}
