"""What a mirror leaves out, so that a timeline on a projector or in a file holds no secrets.

Left out are ``managedFields``, all annotations but Kubernetes' own (``change-cause`` is one of
them), and the values of environment variables and of headers that probes and hooks send,
wherever they stand: in pods, in templates, and in the manifest that ``kubectl apply`` keeps in
an annotation.

What differed still differs: a value is replaced by a keyed digest of itself, so that a rollout
that only changes a variable still has two templates. The key is drawn anew for each mirror and
kept nowhere, so a digest can't be turned back by trying values.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from functools import lru_cache

from rollviz.objects import LAST_APPLIED, Json

DROPPED = "rollviz/dropped-annotations"
"""In a template: a digest of the annotations left out of it, without which it would be another."""

_OWN = ("kubernetes.io", "k8s.io")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")

Mask = Callable[[str], str]


def new_mask() -> Mask:
    """A function that replaces a text by a digest of it, under a key of its own.

    >>> mask = new_mask()
    >>> mask("a") == mask("a"), mask("a") == mask("b"), mask("a") == new_mask()("a")
    (True, False, False)
    """
    key = secrets.token_bytes(32)

    @lru_cache(4096)
    def mask(text: str) -> str:
        return "redacted-" + hmac.digest(key, text.encode(), "sha256").hex()[:12]

    return mask


def redact(json: Json, mask: Mask) -> Json:
    """Take the secrets out of one object of the API, in place; returns it."""
    metadata = json.get("metadata") or {}
    metadata.pop("managedFields", None)
    spec = json.get("spec") or {}
    template = spec.get("template") or {}
    _redact_annotations(metadata, mask)
    dropped = _redact_annotations(template.get("metadata") or {}, mask)
    if dropped:
        template["metadata"]["annotations"][DROPPED] = mask(dropped)
    for pod_spec in (spec, template.get("spec") or {}):
        for containers in _CONTAINERS:
            for container in pod_spec.get(containers) or ():
                _redact_container(container, mask)
    return json


def _redact_annotations(metadata: Json, mask: Mask) -> str:
    """Leave only Kubernetes' own annotations; returns the others as text, "" for none."""
    annotations = metadata.get("annotations")
    if not annotations:
        return ""
    own = {key: value for key, value in annotations.items() if _is_own(key)}
    if LAST_APPLIED in own:
        own[LAST_APPLIED] = _redact_manifest(own[LAST_APPLIED], mask)
    metadata["annotations"] = own
    others = [(key, value) for key, value in annotations.items() if key not in own]
    return repr(sorted(others)) if others else ""


def _is_own(annotation: str) -> bool:
    domain, slash, _ = annotation.partition("/")
    return bool(slash) and (domain in _OWN or domain.endswith(tuple(f".{own}" for own in _OWN)))


def _redact_manifest(manifest: str, mask: Mask) -> str:
    try:
        return json.dumps(redact(json.loads(manifest), mask), separators=(",", ":")) + "\n"
    except (ValueError, TypeError, AttributeError):  # not what kubectl writes: keep none of it
        return mask(manifest)


def _redact_container(container: Json, mask: Mask) -> None:
    for variable in container.get("env") or ():
        _redact_value(variable, mask)
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(f"{probe}Probe") for probe in ("liveness", "readiness", "startup")]
    for handler in (*handlers, lifecycle.get("postStart"), lifecycle.get("preStop")):
        request = (handler or {}).get("httpGet") or {}
        for header in request.get("httpHeaders") or ():
            _redact_value(header, mask)


def _redact_value(named: Json, mask: Mask) -> None:
    if named.get("value"):
        named["value"] = mask(named["value"])
