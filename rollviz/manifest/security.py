"""The rules for security contexts: ``ValidateSecurityContext``, ``validatePodSpecSecurityContext``.

Options for Windows and for SELinux are looked at for their types only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rollviz.manifest.errors import Cause, duplicate, invalid, required
from rollviz.manifest.formats import descending_path
from rollviz.manifest.rules import Pod, Rule, between, each, formatted, one_of, optional, struct
from rollviz.manifest.types import structs
from rollviz.objects import Json

_USER_ID = optional(between(0, 2**31 - 1))  # a user or a group: IsValidUserID
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_SYSCTL = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
_SYSCTL_LENGTH = 253


def _internal(value: Any, type_: str) -> Any:
    """As the API server holds a struct inside, which is how an error shows it."""
    fields = structs().get(type_)
    if fields is None or value is None:
        return value
    shown = {}
    for name, field in fields.items():
        inner = value.get(name)
        empty = None if field.pointer or field.type.startswith("[]") else ""
        shown[_internal_name(name)] = empty if inner is None else _internal(inner, field.type)
    return shown


def _internal_name(name: str) -> str:
    return "SE" + name[2:] if name.startswith("seL") else name[0].upper() + name[1:]


def _type_of(profile: Json, what: str, path: str, pod: Pod) -> Iterable[Cause]:
    kind = profile.get("type")
    if not kind:
        return (required(f"{path}.type", f"type is required when {what}Profile is set"),)
    return one_of(*_PROFILES)(kind, f"{path}.type", pod)


def _seccomp(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validateSeccompProfileField``."""
    yield from _type_of(value, "seccomp", path, pod)
    profile, path = value.get("localhostProfile"), f"{path}.localhostProfile"
    if value.get("type") != "Localhost":
        if profile is not None:
            words = "can only be set when seccomp type is Localhost"
            yield invalid(path, _internal(value, "SeccompProfile"), words)
    elif profile is None:
        yield required(path, "must be set when seccomp type is Localhost")
    else:
        yield from formatted(descending_path)(profile, path, pod)


def _app_armor(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``ValidateAppArmorProfileField``."""
    kind, profile, at = value.get("type"), value.get("localhostProfile"), f"{path}.localhostProfile"
    if kind != "Localhost":
        yield from _type_of(value, "appArmor", path, pod)
        if kind in _PROFILES and profile is not None:
            yield invalid(at, profile, "can only be set when AppArmor type is Localhost")
    elif not profile:
        yield required(at, "must be set when AppArmor type is Localhost")
    elif profile.strip() != profile:
        yield invalid(at, profile, "must not be padded with whitespace")


def _privileges(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """What gives a container all rights goes with no ban on getting more."""
    if value.get("allowPrivilegeEscalation") is not False:
        return
    shown, words = _internal(value, "SecurityContext"), "cannot set `allowPrivilegeEscalation` to"
    if value.get("privileged"):
        yield invalid(path, shown, f"{words} false and `privileged` to true")
    for capability in (value.get("capabilities") or {}).get("add") or ():
        if capability == "CAP_SYS_ADMIN":
            yield invalid(path, shown, f"{words} false and `capabilities.Add` CAP_SYS_ADMIN")


def _sysctls(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    seen = set()
    for i, name in enumerate(item.get("name") or "" for item in value or ()):
        at = f"{path}[{i}].name"
        if not name:
            yield required(at)
        elif len(name) > _SYSCTL_LENGTH or not re.fullmatch(_SYSCTL, name):
            words = f"must have at most {_SYSCTL_LENGTH} characters and match regex {_SYSCTL}"
            yield invalid(at, name, words)
        elif name in seen:
            yield duplicate(at, name)
        seen.add(name)


CONTAINER_SECURITY: Rule = struct(
    ("runAsUser", _USER_ID),
    ("runAsGroup", _USER_ID),
    ("procMount", optional(one_of("Default", "Unmasked"))),
    ("seccompProfile", optional(_seccomp)),
    _privileges,
    ("appArmorProfile", optional(_app_armor)),
)
_POD = struct(
    ("fsGroup", _USER_ID),
    ("runAsUser", _USER_ID),
    ("runAsGroup", _USER_ID),
    ("supplementalGroups", each(_USER_ID)),
)
_POD_TOO = struct(
    ("sysctls", _sysctls),
    ("fsGroupChangePolicy", optional(one_of("Always", "OnRootMismatch"))),
    ("seccompProfile", optional(_seccomp)),
    ("appArmorProfile", optional(_app_armor)),
    ("supplementalGroupsPolicy", optional(one_of("Merge", "Strict"))),
)


def pod_security(spec: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """A pod's security context, to which it counts whether the pod shares its processes."""
    context, path = spec["securityContext"], f"{path}.securityContext"
    yield from _POD(context, path, pod)
    if spec.get("hostPID") and spec.get("shareProcessNamespace"):
        words = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield invalid(f"{path}.shareProcessNamespace", True, words)
    yield from _POD_TOO(context, path, pod)
