"""The rules for a pod template: ``ValidatePodTemplateSpec`` in ``pkg/apis/core/validation``.

What is rarely in a Deployment (resource claims, scheduling gates, pods' own resources, overhead,
Windows, user namespaces) is looked at for its types only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rollviz.manifest.containers import containers, init_containers
from rollviz.manifest.errors import Cause, forbidden, invalid, required
from rollviz.manifest.formats import (
    dns1123_label,
    dns1123_subdomain,
    dns1123_subdomain_with_underscore,
    ip_address,
    qualified_name,
)
from rollviz.manifest.metadata import annotation_map
from rollviz.manifest.rules import (
    Pod,
    Rule,
    between,
    both,
    each,
    formatted,
    labels,
    one_of,
    optional,
    present,
    struct,
    when_set,
)
from rollviz.manifest.scheduling import AFFINITY, toleration, topology_spread
from rollviz.manifest.security import pod_security
from rollviz.manifest.volumes import volumes
from rollviz.objects import POD_DELETION_COST, Json


def _host_network_ports(spec: Json, path: str, pod: Pod) -> Iterable[Cause]:
    words = "must match `containerPort` when `hostNetwork` is true"
    for i, container in enumerate(spec.get("containers") or () if spec.get("hostNetwork") else ()):
        for j, port in enumerate(container.get("ports") or ()):
            if port.get("hostPort") and port["hostPort"] != port.get("containerPort", 0):
                at = f"{path}.containers[{i}].ports[{j}].hostPort"
                yield invalid(at, port["hostPort"], words)


def _dns_config(spec: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validatePodDNSConfig``: without the cluster's DNS one has to name another."""
    config: Any = spec.get("dnsConfig")
    path = f"{path}.dnsConfig"
    if spec["dnsPolicy"] == "None" and config is None:
        yield required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
    elif spec["dnsPolicy"] == "None" and not config.get("nameservers"):
        words = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        yield required(f"{path}.nameservers", words)
    elif config is not None:
        yield from _DNS_CONFIG(config, path, pod)


def _at_most(most: int, what: str) -> Rule:
    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        too_many = len(value or ()) > most
        return (invalid(path, value, f"must not have more than {most} {what}"),) if too_many else ()

    return check


def _search(value: str, path: str, pod: Pod) -> Iterable[Cause]:
    domain = value.removesuffix(".")
    wrong = dns1123_subdomain_with_underscore(domain) if value != "." else ()
    return [invalid(path, domain, words) for words in wrong]


def _option(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    return () if value.get("name") else (required(path, "must not be empty"),)


_IP = formatted(ip_address)
_DNS_CONFIG = struct(
    ("nameservers", both(_at_most(3, "nameservers"), each(_IP))),
    ("searches", both(_at_most(32, "search paths"), each(_search))),
    ("options", each(_option)),
)
_HOST_ALIAS = struct(("ip", _IP), ("hostnames", each(formatted(dns1123_subdomain))))


def _preemption(value: str, path: str, pod: Pod) -> Iterable[Cause]:
    return present(value, path, pod) or one_of("PreemptLowerPriority", "Never")(value, path, pod)


_SUBDOMAIN = when_set(formatted(dns1123_subdomain))
_LABEL = when_set(formatted(dns1123_label))
_SPEC = struct(
    ("containers", containers),
    init_containers,
    _host_network_ports,
    ("restartPolicy", one_of("Always", "OnFailure", "Never")),
    ("dnsPolicy", one_of("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")),
    ("nodeSelector", labels),
    pod_security,
    ("affinity", optional(AFFINITY)),
    _dns_config,
    ("readinessGates", each(struct(("conditionType", formatted(qualified_name))))),
    ("topologySpreadConstraints", topology_spread),
    ("serviceAccountName", _SUBDOMAIN),
    ("nodeName", _SUBDOMAIN),
    ("activeDeadlineSeconds", optional(between(1, 2**31 - 1))),
    ("hostname", _LABEL),
    ("subdomain", _LABEL),
    ("tolerations", each(toleration)),
    ("hostAliases", each(_HOST_ALIAS)),
    ("priorityClassName", _SUBDOMAIN),
    ("runtimeClassName", optional(formatted(dns1123_subdomain))),
    ("preemptionPolicy", optional(_preemption)),
)


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
    names, wrong = volumes(spec, f"{path}.spec")
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
