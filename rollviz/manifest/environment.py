"""The rules for a container's environment variables: ``ValidateEnv``, ``ValidateEnvFrom``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rollviz.manifest.errors import Cause, invalid, not_supported, required
from rollviz.manifest.formats import (
    annotation_key,
    config_key,
    dns1123_subdomain,
    env_name,
    qualified_name,
)
from rollviz.manifest.rules import Pod, Rule, anything, formatted, named, struct, when_set
from rollviz.objects import Json

_MAPS = {"metadata.annotations", "metadata.labels"}
_NAMES = {"metadata.name", "metadata.namespace", "metadata.uid"}
_FIELDS_FOR_ENV = {
    *_NAMES,
    *("spec.nodeName", "spec.serviceAccountName"),
    *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
}
FIELDS_FOR_FILES = {*_NAMES, *_MAPS}
_FIELDS_OF_A_POD = {
    *("spec.restartPolicy", "spec.schedulerName", "status.phase"),
    *(_FIELDS_FOR_ENV | FIELDS_FOR_FILES),
}
_RENAMED = {"spec.host": "spec.nodeName"}
_SUBSCRIPTED = re.compile(r"(.+?)\['(.*)'\]", re.DOTALL)
_RESOURCES_FOR_ENV = sorted(
    f"{side}.{name}"
    for side in ("limits", "requests")
    for name in ("cpu", "memory", "ephemeral-storage")
)


def field_path(fields: set[str]) -> Rule:
    """``validateObjectFieldSelector``: what of the pod a value is taken from, one of ``fields``."""
    return lambda ref, path, pod: _field_path(ref, path, fields)


def _field_path(ref: Json, path: str, fields: set[str]) -> Iterable[Cause]:
    wanted = ref.get("fieldPath") or ""
    field = _RENAMED.get(wanted, wanted)
    subscripted = _SUBSCRIPTED.fullmatch(wanted)
    if not wanted:
        yield required(f"{path}.fieldPath")
    elif ref["apiVersion"] != "v1":
        words = f"error converting fieldPath: unsupported pod version: {ref['apiVersion']}"
        yield invalid(f"{path}.fieldPath", wanted, words)
    elif subscripted and subscripted[1] in _MAPS:
        annotation = subscripted[1] == "metadata.annotations"
        key_form = annotation_key if annotation else qualified_name
        key = subscripted[2].lower() if annotation else subscripted[2]
        yield from (invalid(path, key, words) for words in key_form(key))
    elif subscripted or field not in _FIELDS_OF_A_POD:
        how = "does not support subscript" if subscripted else "not supported"
        words = f"error converting fieldPath: field label {how}: {wanted}"
        yield invalid(f"{path}.fieldPath", wanted, words)
    elif field not in fields:
        yield not_supported(f"{path}.fieldPath", field, sorted(fields))


_SIZES = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"
_DIVISORS = {
    "cpu": ("1m and 1", "cpu"),
    "memory": (_SIZES, "memory"),
    "ephemeral-storage": (_SIZES, "local ephemeral storage"),
    "hugepages": (_SIZES, "hugepages"),
}


def _divisor(ref: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validateContainerResourceDivisor``; which blames the resource."""
    resource, divisor = ref.get("resource") or "", ref.get("divisor") or "0"
    name = resource.partition(".")[2]
    kind = "hugepages" if name.startswith("hugepages-") else name
    if divisor == "0" or kind not in _DIVISORS:
        return
    allowed, what = _DIVISORS[kind]
    if divisor not in re.split(", | and ", allowed):
        words = f"only divisor's values {allowed} are supported with the {what} resource"
        yield invalid(f"{path}.divisor", resource, words)


def _resource_name(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    huge_pages = (value or "").startswith(("limits.hugepages-", "requests.hugepages-"))
    if not value:
        return (required(path),)
    known = huge_pages or value in _RESOURCES_FOR_ENV
    return () if known else (not_supported(path, value, _RESOURCES_FOR_ENV),)


resource_field = struct(("resource", _resource_name), _divisor)
"""``validateContainerResourceFieldSelector``."""

_KEY_REF = struct(("name", formatted(dns1123_subdomain)), ("key", named(config_key)))
_ENV_SOURCES = {
    "fieldRef": field_path(_FIELDS_FOR_ENV),
    "resourceFieldRef": resource_field,
    "configMapKeyRef": _KEY_REF,
    "secretKeyRef": _KEY_REF,
    "fileKeyRef": anything,
}
_SOURCE_NAMES = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"


def value_from(env: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validateEnvVarValueFrom``: one source, and no value beside it."""
    source, path = env.get("valueFrom"), f"{path}.valueFrom"
    if source is None:
        return
    found = [name for name in _ENV_SOURCES if source.get(name) is not None]
    for name in found:
        yield from _ENV_SOURCES[name](source[name], f"{path}.{name}", pod)
    if not found:
        yield invalid(path, "", f"must specify one of: {_SOURCE_NAMES}")
    elif env.get("value"):
        yield invalid(path, "", "may not be specified when `value` is not empty")
    elif len(found) > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")


_FROM = struct(("name", named(dns1123_subdomain)))


def env_from(sources: Any, path: str, pod: Pod) -> Iterable[Cause]:
    """``ValidateEnvFrom``: each one of two kinds of source (which is said of the whole list)."""
    for i, source in enumerate(sources or ()):
        at = f"{path}[{i}]"
        yield from when_set(formatted(env_name))(source.get("prefix"), f"{at}.prefix", pod)
        found = [name for name in ("configMapRef", "secretRef") if source.get(name) is not None]
        for name in found:
            yield from _FROM(source[name], f"{at}.{name}", pod)
        if not found:
            yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(found) > 1:
            yield invalid(path, "", "may not have more than one field specified at a time")
