"""The rules for probes and lifecycle hooks: ``validateProbe``, ``validateLifecycle``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollviz.manifest.errors import Cause, invalid
from rollviz.manifest.formats import http_header, port_name
from rollviz.manifest.rules import (
    Pod,
    at_least_zero,
    between,
    formatted,
    one_of,
    optional,
    present,
    struct,
    union,
)
from rollviz.objects import Json

PORT_NUMBER = between(1, 65535)


def _port(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    """``ValidatePortNumOrName``."""
    rule = formatted(port_name) if isinstance(value, str) else PORT_NUMBER
    return rule(value, path, pod)


def _headers(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    for header in value or ():
        yield from formatted(http_header)(header.get("name"), path, pod)


def _sleep(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    most = pod.grace_period
    words = f"must be non-negative and less than terminationGracePeriodSeconds ({most})"
    return between(0, most, words)(value.get("seconds"), path, pod)


_EXEC = struct(("command", present))
_HTTP_GET = struct(
    ("path", present),
    ("port", _port),
    ("scheme", one_of("HTTP", "HTTPS")),
    ("httpHeaders", _headers),
)
_TCP_SOCKET = struct(("port", _port))
_GRPC = struct(("port", PORT_NUMBER))

_HOOK = union("handler", exec=_EXEC, httpGet=_HTTP_GET, tcpSocket=_TCP_SOCKET, sleep=_sleep)
LIFECYCLE = struct(("postStart", optional(_HOOK)), ("preStop", optional(_HOOK)))


def _above_zero(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    return (invalid(path, value, "must be greater than 0"),) if value <= 0 else ()


def _is_one(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    return () if value == 1 else (invalid(path, value, "must be 1"),)


def _not_for_readiness(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    return (invalid(path, value, "must not be set for readinessProbes"),)


_PROBE = struct(
    union("handler", exec=_EXEC, httpGet=_HTTP_GET, tcpSocket=_TCP_SOCKET, grpc=_GRPC),
    ("initialDelaySeconds", at_least_zero),
    ("timeoutSeconds", at_least_zero),
    ("periodSeconds", at_least_zero),
    ("successThreshold", at_least_zero),
    ("failureThreshold", at_least_zero),
    ("terminationGracePeriodSeconds", optional(_above_zero)),
)
LIVENESS = struct(_PROBE, ("successThreshold", _is_one))
READINESS = struct(_PROBE, ("terminationGracePeriodSeconds", optional(_not_for_readiness)))
