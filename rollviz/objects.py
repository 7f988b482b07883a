"""The objects a rollout is made of: Deployment, ReplicaSet, Pod and Event.

Every object is a frozen dataclass in the shape of the Kubernetes API: ``metadata``,
``spec`` and ``status``, with the API's own field names, snake_cased as the official Python
client does. Being frozen they can be shared: a snapshot of a thousand pods is a thousand
references, and the same pod object serves every moment in which the pod did not change.

Times are seconds on the timeline's clock that fall on whole wall-clock seconds, because that
is all the API keeps (``metav1.Time`` drops the fraction). The exact moment of a change is the
``t`` of its :class:`~rollviz.timeline.Change`. ``to_api`` and ``from_api`` translate to and
from the API's JSON; ``epoch`` is the wall-clock time (seconds since 1970) of the timeline's zero.

>>> rs = ReplicaSet(Metadata("web-5d4c"), ReplicaSetSpec(3, PodTemplate({})))
>>> rs.spec.replicas, rs.status.replicas
(3, 0)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from math import ceil
from typing import Any

from rollviz._quick import maker, quick

Json = dict[str, Any]
"""One JSON object of the Kubernetes API."""

POD_TEMPLATE_HASH = "pod-template-hash"
"""The label that keeps the pods of one ReplicaSet apart from those of the others."""

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
CHANGE_CAUSE = "kubernetes.io/change-cause"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
POD_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"

_NOTHING: Mapping[str, str] = {}


@quick
@dataclass(frozen=True, slots=True)
class OwnerReference:
    """Who controls an object: a pod's ReplicaSet, a ReplicaSet's Deployment."""

    kind: str
    name: str
    uid: str


@quick
@dataclass(frozen=True, slots=True)
class Metadata:
    """``metav1.ObjectMeta``: what every object has.

    ``owner`` is the owner reference that has
    ``controller: true``, or None.
    """

    name: str
    namespace: str = "default"
    uid: str = ""
    generation: int = 1
    creation_timestamp: float = 0
    deletion_timestamp: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owner: OwnerReference | None = None


@dataclass(frozen=True)
class PodTemplate:
    """``corev1.PodTemplateSpec`` as plain API JSON, never changed after it is made.

    Two templates are equal when they are alike but for the ``pod-template-hash`` label, as in
    Kubernetes' ``EqualIgnoreHash`` (``deployment_util.go``); that is how a Deployment knows
    its new ReplicaSet.

    >>> a = PodTemplate({"metadata": {"labels": {"app": "web"}}})
    >>> a == a.with_hash("5d4c"), a.with_hash("5d4c").labels["pod-template-hash"]
    (True, '5d4c')
    """

    json: Json

    @cached_property
    def key(self) -> str:
        """The template without its hash label, as canonical JSON: what makes it itself."""
        metadata = {k: v for k, v in (self.json.get("metadata") or {}).items() if v}
        labels = {k: v for k, v in self.labels.items() if k != POD_TEMPLATE_HASH}
        metadata.pop("creationTimestamp", None)
        body = {**self.json, "metadata": {**metadata, "labels": labels}}
        return json.dumps(body, sort_keys=True, separators=(",", ":"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PodTemplate) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels that pods made from this template carry."""
        return (self.json.get("metadata") or {}).get("labels") or _NOTHING

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations that pods made from this template carry."""
        return (self.json.get("metadata") or {}).get("annotations") or _NOTHING

    @property
    def containers(self) -> list[Json]:
        """The containers, as API JSON."""
        return (self.json.get("spec") or {}).get("containers") or []

    @property
    def images(self) -> tuple[str, ...]:
        """Every container's image, in the order of the containers."""
        return tuple(c.get("image", "") for c in self.containers)

    @cached_property
    def image(self) -> str:
        """The first container's image: what people call the version."""
        return self.images[0] if self.images else ""

    @cached_property
    def millicpu(self) -> int:
        """Thousandths of a CPU that the scheduler reserves for a pod: its containers' requests.

        A container that has a limit and no request requests its limit.

        >>> container = {"resources": {"requests": {"cpu": "0.5"}}}
        >>> PodTemplate({"spec": {"containers": [container]}}).millicpu
        500
        """
        total = 0
        for container in self.containers:
            resources = container.get("resources") or {}
            wanted = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
            total += _millicpu(str(wanted.get("cpu", 0)))
        return total

    @cached_property
    def termination_grace_period_seconds(self) -> float:
        """How long a pod may take to end once it is deleted, in seconds."""
        grace = (self.json.get("spec") or {}).get("terminationGracePeriodSeconds")
        return 30.0 if grace is None else float(grace)

    def with_hash(self, pod_template_hash: str) -> PodTemplate:
        """This template with the label that ties pods to their ReplicaSet."""
        metadata = self.json.get("metadata") or {}
        labels = {**self.labels, POD_TEMPLATE_HASH: pod_template_hash}
        return PodTemplate({**self.json, "metadata": {**metadata, "labels": labels}})

    def without_hash(self) -> PodTemplate:
        """This template without that label, as ``rollout undo`` puts it back."""
        metadata = self.json.get("metadata") or {}
        labels = {k: v for k, v in self.labels.items() if k != POD_TEMPLATE_HASH}
        return PodTemplate({**self.json, "metadata": {**metadata, "labels": labels}})

    def with_images(self, images: Mapping[str, str]) -> PodTemplate:
        """This template with other images, given by container name."""
        containers = [{**c, "image": images.get(c["name"], c["image"])} for c in self.containers]
        return PodTemplate({**self.json, "spec": {**self.json["spec"], "containers": containers}})


@quick
@dataclass(frozen=True, slots=True)
class Condition:
    """One entry of ``status.conditions``. ``last_update_time`` is None where the API has none."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_update_time: float | None = None
    last_transition_time: float = 0


@quick
@dataclass(frozen=True, slots=True)
class DeploymentStrategy:
    """``spec.strategy``: max_surge and max_unavailable are pods (3) or a percentage ("25%")."""

    type: str = "RollingUpdate"
    max_surge: int | str | None = "25%"
    max_unavailable: int | str | None = "25%"


@quick
@dataclass(frozen=True, slots=True)
class DeploymentSpec:
    """``appsv1.DeploymentSpec`` with the API's defaults."""

    replicas: int
    selector: Json
    template: PodTemplate
    strategy: DeploymentStrategy = DeploymentStrategy()
    min_ready_seconds: int = 0
    revision_history_limit: int | None = 10
    progress_deadline_seconds: int | None = 600
    paused: bool = False


@quick
@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """``appsv1.DeploymentStatus``: what the controller last saw, in pods."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    terminating_replicas: int | None = None
    collision_count: int | None = None
    conditions: tuple[Condition, ...] = ()

    def condition(self, type: str) -> Condition | None:
        """The condition of that type, or None."""
        for condition in self.conditions:
            if condition.type == type:
                return condition
        return None


@quick
@dataclass(frozen=True, slots=True)
class Deployment:
    """``appsv1.Deployment``."""

    metadata: Metadata
    spec: DeploymentSpec
    status: DeploymentStatus = DeploymentStatus()

    kind = "Deployment"

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return self.metadata.name

    @property
    def revision(self) -> int:
        """The revision that the controller last wrote on it; 0 before the first."""
        return _revision(self.metadata.annotations.get(REVISION, ""))

    def to_api(self, epoch: float = 0.0) -> Json:
        """This Deployment as the API's JSON; ``epoch`` is the timeline's zero, in Unix seconds."""
        spec, status = self.spec, self.status
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": _metadata_to_api(self.metadata, epoch),
            "spec": _drop_none(
                {
                    "replicas": spec.replicas,
                    "selector": spec.selector,
                    "template": spec.template.json,
                    "strategy": _strategy_to_api(spec.strategy),
                    "minReadySeconds": spec.min_ready_seconds or None,
                    "revisionHistoryLimit": spec.revision_history_limit,
                    "paused": spec.paused or None,
                    "progressDeadlineSeconds": spec.progress_deadline_seconds,
                }
            ),
            "status": _drop_none(
                {
                    "observedGeneration": status.observed_generation or None,
                    "replicas": status.replicas or None,
                    "updatedReplicas": status.updated_replicas or None,
                    "readyReplicas": status.ready_replicas or None,
                    "availableReplicas": status.available_replicas or None,
                    "unavailableReplicas": status.unavailable_replicas or None,
                    "terminatingReplicas": status.terminating_replicas,
                    "collisionCount": status.collision_count,
                    "conditions": [_condition_to_api(c, epoch) for c in status.conditions] or None,
                }
            ),
        }

    @classmethod
    def from_api(cls, json: Json, epoch: float = 0.0) -> Deployment:
        """Read a Deployment from the API's JSON, as a watch or ``kubectl get -o json`` gives it."""
        spec, status = json["spec"], json.get("status") or {}
        return cls(
            _metadata_from_api(json["metadata"], epoch),
            DeploymentSpec(
                replicas=spec.get("replicas", 1),
                selector=spec["selector"],
                template=PodTemplate(spec["template"]),
                strategy=_strategy_from_api(spec.get("strategy") or {}),
                min_ready_seconds=spec.get("minReadySeconds", 0),
                revision_history_limit=spec.get("revisionHistoryLimit"),
                progress_deadline_seconds=spec.get("progressDeadlineSeconds"),
                paused=spec.get("paused", False),
            ),
            DeploymentStatus(
                observed_generation=status.get("observedGeneration", 0),
                replicas=status.get("replicas", 0),
                updated_replicas=status.get("updatedReplicas", 0),
                ready_replicas=status.get("readyReplicas", 0),
                available_replicas=status.get("availableReplicas", 0),
                unavailable_replicas=status.get("unavailableReplicas", 0),
                terminating_replicas=status.get("terminatingReplicas"),
                collision_count=status.get("collisionCount"),
                conditions=tuple(
                    _condition_from_api(c, epoch) for c in status.get("conditions") or ()
                ),
            ),
        )


@quick
@dataclass(frozen=True, slots=True)
class ReplicaSetSpec:
    """``appsv1.ReplicaSetSpec``: how many pods of which template."""

    replicas: int
    template: PodTemplate
    selector: Json = field(default_factory=dict)
    min_ready_seconds: int = 0


@quick
@dataclass(frozen=True, slots=True)
class ReplicaSetStatus:
    """``appsv1.ReplicaSetStatus``: what its controller last counted, in pods."""

    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    terminating_replicas: int | None = None
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """``appsv1.ReplicaSet``."""

    metadata: Metadata
    spec: ReplicaSetSpec
    status: ReplicaSetStatus = ReplicaSetStatus()

    kind = "ReplicaSet"

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return self.metadata.name

    @property
    def revision(self) -> int:
        """The revision in its annotation; 0 where it has none."""
        return _revision(self.metadata.annotations.get(REVISION, ""))

    @property
    def revision_history(self) -> tuple[int, ...]:
        """Revisions it had before: after an undo a ReplicaSet is "3 (was 1)"."""
        words = self.metadata.annotations.get(REVISION_HISTORY, "")
        return tuple(int(w) for w in words.split(",") if w.strip().isdigit())

    @property
    def pod_template_hash(self) -> str:
        """The label that its pods share; part of its name."""
        return self.metadata.labels.get(POD_TEMPLATE_HASH, "")

    @property
    def change_cause(self) -> str | None:
        """``kubernetes.io/change-cause``, copied from the Deployment, or None."""
        return self.metadata.annotations.get(CHANGE_CAUSE)

    def to_api(self, epoch: float = 0.0) -> Json:
        """This ReplicaSet as the API's JSON; ``epoch`` is the timeline's zero, in Unix seconds."""
        spec, status = self.spec, self.status
        return {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": _metadata_to_api(self.metadata, epoch),
            "spec": _drop_none(
                {
                    "replicas": spec.replicas,
                    "minReadySeconds": spec.min_ready_seconds or None,
                    "selector": spec.selector,
                    "template": spec.template.json,
                }
            ),
            "status": _drop_none(
                {
                    "replicas": status.replicas,
                    "fullyLabeledReplicas": status.fully_labeled_replicas or None,
                    "readyReplicas": status.ready_replicas or None,
                    "availableReplicas": status.available_replicas or None,
                    "terminatingReplicas": status.terminating_replicas,
                    "observedGeneration": status.observed_generation or None,
                    "conditions": [_condition_to_api(c, epoch) for c in status.conditions] or None,
                }
            ),
        }

    @classmethod
    def from_api(cls, json: Json, epoch: float = 0.0) -> ReplicaSet:
        """Read a ReplicaSet from the API's JSON."""
        spec, status = json["spec"], json.get("status") or {}
        return cls(
            _metadata_from_api(json["metadata"], epoch),
            ReplicaSetSpec(
                replicas=spec.get("replicas", 1),
                template=PodTemplate(spec.get("template") or {}),
                selector=spec.get("selector") or {},
                min_ready_seconds=spec.get("minReadySeconds", 0),
            ),
            ReplicaSetStatus(
                replicas=status.get("replicas", 0),
                fully_labeled_replicas=status.get("fullyLabeledReplicas", 0),
                ready_replicas=status.get("readyReplicas", 0),
                available_replicas=status.get("availableReplicas", 0),
                terminating_replicas=status.get("terminatingReplicas"),
                observed_generation=status.get("observedGeneration", 0),
                conditions=tuple(
                    _condition_from_api(c, epoch) for c in status.get("conditions") or ()
                ),
            ),
        )


@quick
@dataclass(frozen=True, slots=True)
class PodSpec:
    """The part of a pod's spec that moves: its node. The rest is its template, shared."""

    template: PodTemplate
    node_name: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class PodStatus:
    """How a pod is.

    Attributes:
        phase: ``Pending``, ``Running``, ``Succeeded`` or ``Failed``.
        reason: why a container waits (``ContainerCreating``, ``ImagePullBackOff``,
            ``CrashLoopBackOff``), or why the pod is not scheduled (``Unschedulable``); else "".
        ready: the ``Ready`` condition.
        ready_since: when that condition last changed, or None.
        restart_count: how often its containers were started again.
        message: the API's longer words for ``reason``.
        pod_ip: its address once it has one, else "".
    """

    phase: str = "Pending"
    reason: str = ""
    ready: bool = False
    ready_since: float | None = None
    restart_count: int = 0
    message: str = ""
    pod_ip: str = ""


PENDING = PodStatus()


@quick
@dataclass(frozen=True, slots=True)
class Pod:
    """``corev1.Pod``.

    >>> Pod(Metadata("web-1"), PodSpec(PodTemplate({})), PodStatus("Running", ready=True)).state
    'Ready'
    """

    metadata: Metadata
    spec: PodSpec
    status: PodStatus = PENDING

    kind = "Pod"

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return self.metadata.name

    @property
    def image(self) -> str:
        """Its first container's image."""
        return self.spec.template.image

    @property
    def replica_set(self) -> str:
        """The name of the ReplicaSet that owns it, or ""."""
        owner = self.metadata.owner
        return owner.name if owner else ""

    @property
    def terminating(self) -> bool:
        """Deleted, and still there."""
        return self.metadata.deletion_timestamp is not None

    @property
    def active(self) -> bool:
        """Counted by its ReplicaSet: Kubernetes' ``IsPodActive`` (``controller_utils.go``)."""
        return not self.terminating and self.status.phase not in ("Succeeded", "Failed")

    @property
    def state(self) -> str:
        """One word for the pod, as in the recordings.

        ``Pending`` (not scheduled, or scheduled and not yet taken up by its node),
        ``ContainerCreating``, ``ImagePullBackOff`` or another reason to wait, ``Running``
        (and not ready), ``Ready``, ``Terminating``.
        """
        status = self.status
        if self.metadata.deletion_timestamp is not None:
            return "Terminating"
        if status.ready:
            return "Ready"
        if status.reason and status.reason != "Unschedulable":
            return status.reason
        return status.phase

    def available(self, min_ready_seconds: int, now: float) -> bool:
        """Ready for at least ``min_ready_seconds``: ``IsPodAvailable`` (``pod_utils.go``)."""
        status = self.status
        if not status.ready:
            return False
        if not min_ready_seconds:
            return True
        return status.ready_since is not None and status.ready_since + min_ready_seconds <= now

    def to_api(self, epoch: float = 0.0) -> Json:
        """This pod as the API's JSON; ``epoch`` is the timeline's zero, in Unix seconds."""
        spec = {**(self.spec.template.json.get("spec") or {})}
        if self.spec.node_name:
            spec["nodeName"] = self.spec.node_name
        metadata = _metadata_to_api(self.metadata, epoch)
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": spec,
            "status": _pod_status_to_api(self, epoch),
        }

    @classmethod
    def from_api(cls, json: Json, epoch: float = 0.0) -> Pod:
        """Read a pod from the API's JSON."""
        spec = dict(json.get("spec") or {})
        node_name = spec.pop("nodeName", None)
        metadata = _metadata_from_api(json["metadata"], epoch)
        template: Json = {"spec": spec}
        meta = _drop_none(
            {"labels": metadata.labels or None, "annotations": metadata.annotations or None}
        )
        if meta:
            template["metadata"] = meta
        return cls(
            metadata,
            PodSpec(PodTemplate(template), node_name),
            _pod_status_from_api(json.get("status") or {}, epoch),
        )


@quick
@dataclass(frozen=True, slots=True)
class Event:
    """``corev1.Event``: one line at the end of ``kubectl describe``.

    Kubernetes folds events that are alike: ``count`` goes up, and from the tenth similar one
    on the message starts with "(combined from similar events): ".
    """

    metadata: Metadata
    regarding: OwnerReference
    reason: str
    message: str
    type: str = "Normal"
    count: int = 1
    first_timestamp: float = 0
    last_timestamp: float = 0
    source: str = "deployment-controller"

    kind = "Event"

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return self.metadata.name

    def to_api(self, epoch: float = 0.0) -> Json:
        """This event as the API's JSON; ``epoch`` is the timeline's zero, in Unix seconds."""
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": _metadata_to_api(self.metadata, epoch),
            "involvedObject": {
                "kind": self.regarding.kind,
                "namespace": self.metadata.namespace,
                "name": self.regarding.name,
                "uid": self.regarding.uid,
            },
            "reason": self.reason,
            "message": self.message,
            "source": {"component": self.source},
            "firstTimestamp": to_rfc3339(self.first_timestamp, epoch),
            "lastTimestamp": to_rfc3339(self.last_timestamp, epoch),
            "count": self.count,
            "type": self.type,
        }

    @classmethod
    def from_api(cls, json: Json, epoch: float = 0.0) -> Event:
        """Read an event from the API's JSON (``v1`` or ``events.k8s.io/v1`` field names)."""
        regarding = json.get("involvedObject") or json.get("regarding") or {}
        first = json.get("firstTimestamp") or json.get("eventTime")
        last = json.get("lastTimestamp") or first
        created = json["metadata"].get("creationTimestamp")
        return cls(
            _metadata_from_api(json["metadata"], epoch),
            OwnerReference(
                regarding.get("kind", ""), regarding.get("name", ""), regarding.get("uid", "")
            ),
            reason=json.get("reason") or "",
            message=json.get("message") or json.get("note") or "",
            type=json.get("type") or "Normal",
            count=json.get("count") or 1,
            first_timestamp=from_rfc3339(first or created, epoch) or 0,
            last_timestamp=from_rfc3339(last or created, epoch) or 0,
            source=(json.get("source") or {}).get("component")
            or json.get("reportingComponent")
            or "",
        )


Object = Deployment | ReplicaSet | Pod | Event
KINDS: dict[str, type[Deployment] | type[ReplicaSet] | type[Pod] | type[Event]] = {
    "Deployment": Deployment,
    "ReplicaSet": ReplicaSet,
    "Pod": Pod,
    "Event": Event,
}

# What the simulator makes by the thousand is made by these.
make_condition, make_metadata = maker(Condition), maker(Metadata)
make_deployment, make_deployment_status = maker(Deployment), maker(DeploymentStatus)
make_replica_set, make_replica_set_spec = maker(ReplicaSet), maker(ReplicaSetSpec)
make_replica_set_status = maker(ReplicaSetStatus)
make_pod, make_pod_status = maker(Pod), maker(PodStatus)


def from_api(json: Json, epoch: float = 0.0) -> Object:
    """Read any of the four kinds from the API's JSON.

    Raises:
        ValueError: the JSON is of another kind, or a field that every such object has is missing.
    """
    kind = json.get("kind")
    if kind not in KINDS:
        raise ValueError(f"kind: {kind!r} is none of {', '.join(KINDS)}")
    try:
        return KINDS[kind].from_api(json, epoch)
    except KeyError as error:
        raise ValueError(f"{kind}: the field {error} is missing") from error


def to_rfc3339(seconds: float, epoch: float = 0.0) -> str:
    """A time on the timeline's clock as the API writes it.

    >>> to_rfc3339(90)
    '1970-01-01T00:01:30Z'
    """
    return datetime.fromtimestamp(epoch + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_rfc3339(text: str | None, epoch: float = 0.0) -> float | None:
    """The API's time on the timeline's clock, its fraction of a second dropped; None for None.

    >>> from_rfc3339("1970-01-01T00:01:30Z", epoch=60)
    30.0
    """
    if text is None:
        return None
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() // 1 - epoch


@lru_cache
def _revision(word: str) -> int:
    return int(word) if word.isdigit() else 0


def _millicpu(quantity: str) -> int:
    if quantity.endswith("m"):
        return ceil(float(quantity[:-1]))
    return ceil(round(float(quantity) * 1000, 6))  # 16.1 * 1000 is a little more than 16100


def _drop_none(json: Json) -> Json:
    return {key: value for key, value in json.items() if value is not None}


def _metadata_to_api(metadata: Metadata, epoch: float) -> Json:
    owner, deleted = metadata.owner, metadata.deletion_timestamp
    return _drop_none(
        {
            "name": metadata.name,
            "namespace": metadata.namespace,
            "uid": metadata.uid or None,
            "generation": metadata.generation,
            "creationTimestamp": to_rfc3339(metadata.creation_timestamp, epoch),
            "deletionTimestamp": None if deleted is None else to_rfc3339(deleted, epoch),
            "labels": dict(metadata.labels) or None,
            "annotations": dict(metadata.annotations) or None,
            "ownerReferences": owner
            and [
                {
                    "apiVersion": "apps/v1",
                    "kind": owner.kind,
                    "name": owner.name,
                    "uid": owner.uid,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        }
    )


def _metadata_from_api(json: Json, epoch: float) -> Metadata:
    owners = json.get("ownerReferences") or ()
    owner = next((o for o in owners if o.get("controller")), None)
    return Metadata(
        name=json["name"],
        namespace=json.get("namespace", "default"),
        uid=json.get("uid", ""),
        generation=json.get("generation", 1),
        creation_timestamp=from_rfc3339(json.get("creationTimestamp"), epoch) or 0,
        deletion_timestamp=from_rfc3339(json.get("deletionTimestamp"), epoch),
        labels=json.get("labels") or {},
        annotations=json.get("annotations") or {},
        owner=owner and OwnerReference(owner["kind"], owner["name"], owner.get("uid", "")),
    )


def _condition_to_api(condition: Condition, epoch: float) -> Json:
    updated = condition.last_update_time
    return _drop_none(
        {
            "type": condition.type,
            "status": condition.status,
            "lastUpdateTime": None if updated is None else to_rfc3339(updated, epoch),
            "lastTransitionTime": to_rfc3339(condition.last_transition_time, epoch),
            "reason": condition.reason or None,
            "message": condition.message or None,
        }
    )


def _condition_from_api(json: Json, epoch: float) -> Condition:
    return Condition(
        type=json["type"],
        status=json["status"],
        reason=json.get("reason", ""),
        message=json.get("message", ""),
        last_update_time=from_rfc3339(json.get("lastUpdateTime"), epoch),
        last_transition_time=from_rfc3339(json.get("lastTransitionTime"), epoch) or 0,
    )


def _strategy_to_api(strategy: DeploymentStrategy) -> Json:
    if strategy.type != "RollingUpdate":
        return {"type": strategy.type}
    rolling = {"maxUnavailable": strategy.max_unavailable, "maxSurge": strategy.max_surge}
    return {"type": strategy.type, "rollingUpdate": _drop_none(rolling)}


def _strategy_from_api(json: Json) -> DeploymentStrategy:
    kind = json.get("type", "RollingUpdate")
    if kind != "RollingUpdate":
        return DeploymentStrategy(kind, None, None)
    rolling = json.get("rollingUpdate") or {}
    return DeploymentStrategy(
        kind, rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%")
    )


def _pod_status_to_api(pod: Pod, epoch: float) -> Json:
    status = pod.status
    created = to_rfc3339(pod.metadata.creation_timestamp, epoch)
    since = to_rfc3339(status.ready_since or 0.0, epoch)
    ready = {"status": str(status.ready), "lastTransitionTime": since}
    scheduled: Json = {"type": "PodScheduled", "status": str(pod.spec.node_name is not None)}
    conditions = [scheduled | {"lastTransitionTime": created}]
    if pod.spec.node_name is None:
        scheduled.update(reason=status.reason, message=status.message)
        conditions = [_drop_none(scheduled)] if status.reason else []
        return _drop_none({"phase": status.phase, "conditions": conditions or None})
    if status.ready_since is not None:
        initialized = {"type": "Initialized", "status": "True", "lastTransitionTime": since}
        conditions += [initialized, {"type": "ContainersReady"} | ready, {"type": "Ready"} | ready]
    return _drop_none(
        {
            "phase": status.phase,
            "conditions": conditions,
            "podIP": status.pod_ip or None,
            "podIPs": [{"ip": status.pod_ip}] if status.pod_ip else None,
            "startTime": created,
            "containerStatuses": [
                _container_status(pod, c, epoch) for c in pod.spec.template.containers
            ],
        }
    )


def _container_status(pod: Pod, container: Json, epoch: float) -> Json:
    status = pod.status
    if status.phase == "Running" and not status.reason:
        since = status.ready_since
        state: Json = {"running": {} if since is None else {"startedAt": to_rfc3339(since, epoch)}}
    else:
        waiting = {"reason": status.reason or None, "message": status.message or None}
        state = {"waiting": _drop_none(waiting)}
    return {
        "name": container["name"],
        "image": container.get("image", ""),
        "ready": status.ready,
        "restartCount": status.restart_count,
        "state": state,
    }


def _pod_status_from_api(json: Json, epoch: float) -> PodStatus:
    conditions = {c["type"]: c for c in json.get("conditions") or ()}
    ready = conditions.get("Ready") or {}
    scheduled = conditions.get("PodScheduled") or {}
    containers = json.get("containerStatuses") or ()
    states = [c.get("state") or {} for c in containers]
    waiting: Json = next((state["waiting"] for state in states if state.get("waiting")), {})
    unscheduled = scheduled if scheduled.get("status") == "False" else {}
    ended: Json = next((state["terminated"] for state in states if state.get("terminated")), {})
    return PodStatus(
        phase=json.get("phase", "Pending"),
        reason=waiting.get("reason")
        or unscheduled.get("reason")
        or (ended.get("reason") if json.get("phase") == "Running" else "")
        or "",
        ready=ready.get("status") == "True",
        ready_since=from_rfc3339(ready.get("lastTransitionTime"), epoch),
        restart_count=sum(c.get("restartCount", 0) for c in containers),
        message=waiting.get("message") or unscheduled.get("message") or "",
        pod_ip=json.get("podIP", ""),
    )
