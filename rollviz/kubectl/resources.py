"""The kinds that kubectl can be asked for, and how a command line names objects of them.

The rules are those of kubectl's resource builder (``cli-runtime/pkg/resource/builder.go``):
``TYPE``, ``TYPE NAME...``, ``TYPE/NAME...``, several types with commas, short names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rollviz.kubectl.errors import KubectlError


@dataclass(frozen=True)
class Resource:
    """A kind as the API server lists it."""

    kind: str
    plural: str
    short: tuple[str, ...]
    group: str = ""
    namespaced: bool = True
    version: str = "v1"

    @property
    def singular(self) -> str:
        """As in ``kubectl get pod``."""
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """As kubectl names it in what it prints: ``deployment.apps``."""
        return f"{self.singular}.{self.group}" if self.group else self.singular

    @property
    def qualified_plural(self) -> str:
        """As the API server names it in its errors: ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that means it."""
        return (self.plural, self.singular, *self.short)


POD = Resource("Pod", "pods", ("po",))
SERVICE = Resource("Service", "services", ("svc",))
DEPLOYMENT = Resource("Deployment", "deployments", ("deploy",), "apps")
REPLICA_SET = Resource("ReplicaSet", "replicasets", ("rs",), "apps")
EVENT = Resource("Event", "events", ("ev",))
NODE = Resource("Node", "nodes", ("no",), namespaced=False)

CONTROLLER = Resource("ReplicationController", "replicationcontrollers", ("rc",))
DAEMON_SET = Resource("DaemonSet", "daemonsets", ("ds",), "apps")
STATEFUL_SET = Resource("StatefulSet", "statefulsets", ("sts",), "apps")
AUTOSCALER = Resource(
    "HorizontalPodAutoscaler", "horizontalpodautoscalers", ("hpa",), "autoscaling", version="v2"
)
CRON_JOB = Resource("CronJob", "cronjobs", ("cj",), "batch")
JOB = Resource("Job", "jobs", (), "batch")

RESOURCES = (POD, SERVICE, DEPLOYMENT, REPLICA_SET, EVENT, NODE)
"""The kinds of which there are objects here."""

EMPTY = (
    *(CONTROLLER, DAEMON_SET, STATEFUL_SET, AUTOSCALER, CRON_JOB, JOB),
    Resource("Ingress", "ingresses", ("ing",), "networking.k8s.io"),
    Resource("LimitRange", "limitranges", ("limits",)),
    Resource("NetworkPolicy", "networkpolicies", ("netpol",), "networking.k8s.io"),
    Resource("PersistentVolume", "persistentvolumes", ("pv",), namespaced=False),
    Resource("PersistentVolumeClaim", "persistentvolumeclaims", ("pvc",)),
    Resource("PodDisruptionBudget", "poddisruptionbudgets", ("pdb",), "policy"),
    Resource("Secret", "secrets", ()),
    Resource("StorageClass", "storageclasses", ("sc",), "storage.k8s.io", namespaced=False),
)
"""Kinds that a cluster has, and a new one has no objects of."""

_ELSEWHERE = (
    "cm configmap configmaps crd crds customresourcedefinition customresourcedefinitions endpoints "
    "endpointslice endpointslices ep clusterrole clusterrolebinding clusterrolebindings "
    "clusterroles lease leases namespace namespaces ns pc priorityclass priorityclasses quota "
    "resourcequota resourcequotas role rolebinding rolebindings roles sa serviceaccount "
    "serviceaccounts"
)
ELSEWHERE = frozenset(_ELSEWHERE.split())
"""Words for kinds that a new cluster has objects of, and this has not."""

ALL = (
    *(POD, CONTROLLER, SERVICE, DAEMON_SET, DEPLOYMENT, REPLICA_SET, STATEFUL_SET, AUTOSCALER),
    *(CRON_JOB, JOB),
)
"""What ``kubectl get all`` means, in its order."""

BY_KIND = {resource.kind: resource for resource in RESOURCES}


class Target(NamedTuple):
    """What a command line asks for: one object, or all of a kind where ``name`` is None."""

    resource: Resource
    name: str | None


def resource_named(word: str) -> Resource:
    """The kind that a word on the command line means.

    Raises:
        KubectlError: there is no such kind.
    """
    name, dot, group = word.partition(".")
    for resource in (*RESOURCES, *EMPTY):
        # short names only as they are; the others in any case
        known = name in resource.words or name.lower() in (resource.plural, resource.singular)
        if known and group in ("", resource.group, f"{resource.version}.{resource.group}"):
            return resource
    if name.lower() in ELSEWHERE:
        known_here = ", ".join(resource.plural for resource in RESOURCES)
        raise KubectlError(f"rollviz has no {name}. It has: {known_here}")
    shown = f'"{name}" in group "{group}"' if dot and group else f'"{word}"'
    raise KubectlError(f"the server doesn't have a resource type {shown}")


def targets(args: Sequence[str], *, everything: bool) -> list[Target]:
    """What the arguments ask for.

    Args:
        args: the words after the verb, flags taken out.
        everything: whether a type without a name means all of its objects.

    Raises:
        KubectlError: the arguments don't go together, in kubectl's words.
    """
    args = _each_type_with_each_name(args)
    if any("/" in arg for arg in args):
        return [_slash_form(arg, args) for arg in args]
    if not args:
        raise KubectlError(NO_RESOURCE)
    resources = _types(args[0])
    if len(args) > 1 and len(resources) > 1:
        raise KubectlError("you must specify only one resource")
    if len(args) > 1:
        return [Target(resources[0], name) for name in args[1:]]
    if not everything:
        raise KubectlError("resource(s) were provided, but no name was specified")
    return [Target(resource, None) for resource in resources]


NO_RESOURCE = """You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'"""


def _types(word: str) -> list[Resource]:
    resources: list[Resource] = []
    for part in word.split(","):
        resources += ALL if part == "all" else [resource_named(part)]
    return list(dict.fromkeys(resources))


def _each_type_with_each_name(args: Sequence[str]) -> list[str]:
    """``a,b c d`` means ``a/c a/d b/c b/d``."""
    if len(args) > 1 and "," in args[0] and "/" not in args[0]:
        return [f"{kind}/{name}" for kind in args[0].split(",") for name in args[1:]]
    return list(args)


def _slash_form(arg: str, args: Sequence[str]) -> Target:
    if not all("/" in other for other in args):
        # the missing bracket is kubectl's
        raise KubectlError(
            "there is no need to specify a resource type as a separate argument when passing "
            "arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' "
            "instead of 'kubectl get resource resource/<resource_name>'"
        )
    parts = arg.split("/")
    if len(parts) != 2:
        raise KubectlError("arguments in resource/name form may not have more than one slash")
    kind, name = parts
    if not kind or not name or "," in kind:
        raise KubectlError("arguments in resource/name form must have a single resource and name")
    return Target(resource_named(kind), name)
