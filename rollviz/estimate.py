"""What a recorded rollout was made of: manifest, edits, how long pods took.

A recording holds only what the API server saw. From that everything is estimated that the
simulator needs to play the same rollout: the Deployment as it was first seen, each later edit as
the kubectl command that does the same, and for every pod the seconds from scheduled to ready and
from deleted to gone.

>>> from rollviz.scenario import simulate
>>> web = '''
... apiVersion: apps/v1
... kind: Deployment
... metadata: {name: web}
... spec:
...   selector: {matchLabels: {app: web}}
...   template:
...     metadata: {labels: {app: web}}
...     spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
... '''
>>> timeline = simulate(web, "kubectl scale deployment/web --replicas=3")
>>> [edit.run for edit in estimate(timeline).edits]
['kubectl apply -f deployment.yaml', 'kubectl scale deployment/web --replicas=3']
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

from rollviz.lifetimes import Life, behaviour
from rollviz.metrics import deployment_name
from rollviz.objects import (
    CHANGE_CAUSE,
    LAST_APPLIED,
    REVISION,
    Deployment,
    Json,
    Pod,
    PodTemplate,
    ReplicaSet,
)
from rollviz.scenario import complete, deployment_complete, run_command, wait_complete
from rollviz.simulator import Cluster, Latency, PodBehaviour
from rollviz.timeline import Snapshot, Timeline

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
FOUND = 1.0
"""A Deployment made more seconds than this before the recording began was there already."""

_PATIENCE = 30.0
_LATENCY = Latency()
_BRIEF = PodBehaviour((0.1,), (0.1,))
_QUOTA = re.compile(r"exceeded quota.*limited: (?:count/)?pods=(\d+)")


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that somebody did to the Deployment.

    Attributes:
        t: when the API server had it, in seconds on the recording's clock.
        run: a kubectl command that does the same.
        manifest: what the file in it holds, or None.
        template: for an undo, the template that came back, else None.
    """

    t: float
    run: str
    manifest: Json | None = None
    template: PodTemplate | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """All that the simulator needs to play a recorded rollout.

    Attributes:
        name: the Deployment's.
        edits: what was done to it, in order.
        before: manifests with the templates that it had when the recording began, by revision;
            none where the recording begins with its creation.
        pods: how long pods took.
        nodes: on how many nodes they ran.
        quota_pods: a quota on pods that refused some, or None.
        start, end: the seconds between which the recording is played.
        complete: whether the rollout was complete at its end.
        notes: what was seen and is not played, in sentences.
    """

    name: str
    edits: tuple[Edit, ...]
    before: tuple[Json, ...]
    pods: PodBehaviour
    nodes: int
    quota_pods: int | None
    start: float
    end: float
    complete: bool
    notes: tuple[str, ...] = ()

    def simulate(self, seed: int = 0) -> tuple[Timeline, float]:
        """Play it; returns the timeline, and its second that is the recording's ``start``."""
        cluster = Cluster(nodes=self.nodes, quota_pods=self.quota_pods, pods=_BRIEF, seed=seed)
        for manifest in self.before:
            run_command(cluster, "kubectl apply -f deployment.yaml", manifest)
            wait_complete(cluster)
        cluster.pods = self.pods
        begin = cluster.now + _LATENCY.kubectl
        for edit in self.edits:
            cluster.run_to(max(cluster.now, begin + edit.t - self.start - _LATENCY.kubectl))
            run_command(cluster, _line(edit, cluster), edit.manifest)
        cluster.run_to(max(cluster.now, begin + self.end - self.start))
        if self.complete:
            cluster.run_until(complete, limit=_PATIENCE)
        return cluster.timeline, begin


def estimate(timeline: Timeline, deployment: str | None = None) -> Estimate:
    """Estimate what a recorded rollout was made of.

    Args:
        timeline: a recording, or what a live mirror has seen.
        deployment: which Deployment; by default the timeline's first.

    Raises:
        ValueError: there is no such Deployment in it.
    """
    name = deployment_name(timeline, deployment)
    seen = _Seen(timeline, name)
    edits = tuple(_edits(seen))
    end = timeline.duration
    return Estimate(
        name=name,
        edits=edits,
        before=tuple(_before(seen)),
        pods=behaviour(seen.pods.values()),
        nodes=len({pod.node for pod in seen.pods.values() if pod.node}) or 1,
        quota_pods=_quota(seen.deployments),
        start=edits[0].t if edits else seen.deployments[0][0],
        end=end,
        complete=_is_complete(timeline.last, name),
        notes=tuple(_notes(timeline, seen)),
    )


# --- what was seen --------------------------------------------------------------------------


class _Seen:
    """A recording, read once.

    Attributes:
        deployments: every state of the Deployment with its time; None where it was deleted.
        found: whether it was there when the recording began.
        templates: the templates of the ReplicaSets that were there by then, by revision.
        pods: by name.
    """

    def __init__(self, timeline: Timeline, name: str) -> None:
        self.name = name
        self.deployments: list[tuple[float, Deployment | None]] = []
        self.pods: dict[str, Life] = {}
        self._began = timeline.changes[0].t
        self._sets: dict[str, ReplicaSet] = {}
        self._counts: defaultdict[str, int] = defaultdict(int)
        for change in timeline.changes:
            self._take(change.t, change.type == "DELETED", change.object)

    @property
    def first(self) -> Deployment:
        """The Deployment as it was first seen."""
        found = self.deployments[0][1]
        assert found is not None
        return found

    @property
    def found(self) -> bool:
        return self.first.metadata.creation_timestamp < self._began - FOUND

    @property
    def templates(self) -> list[PodTemplate]:
        sets = sorted(self._sets.values(), key=lambda rs: rs.revision)
        began = self._began - FOUND
        return [rs.spec.template for rs in sets if rs.metadata.creation_timestamp < began]

    def _take(self, t: float, deleted: bool, object: Any) -> None:
        match object:
            case Deployment() if object.name == self.name:
                self.deployments.append((t, None if deleted else object))
            case ReplicaSet() if object.metadata.owner and object.metadata.owner.name == self.name:
                self._sets.setdefault(object.name, object)
            case Pod() if object.replica_set in self._sets:
                self._take_pod(t, deleted, object)

    def _take_pod(self, t: float, deleted: bool, pod: Pod) -> None:
        if pod.name not in self.pods:
            self.pods[pod.name] = Life(pod.spec.template.image, self._counts[pod.replica_set])
            self._counts[pod.replica_set] += 1
        self.pods[pod.name].take(t, deleted, pod)


# --- edits as commands ----------------------------------------------------------------------


def _edits(seen: _Seen) -> Iterator[Edit]:
    before = seen.first
    if not seen.found:
        manifest = _manifest(before)
        yield Edit(seen.deployments[0][0], "kubectl apply -f deployment.yaml", manifest)
    templates = [before.spec.template]
    for t, now in seen.deployments[1:]:
        if now is None:
            yield Edit(t, f"kubectl delete deployment {quote(seen.name)}")
            return
        if _is_edited(before, now):
            yield _edit(t, before, now, [*seen.templates, *templates])
            templates.append(now.spec.template)
        before = now


def _is_edited(before: Deployment, now: Deployment) -> bool:
    generations = before.metadata.generation, now.metadata.generation
    return generations[0] != generations[1] or before.spec != now.spec


def _edit(t: float, before: Deployment, now: Deployment, known: Sequence[PodTemplate]) -> Edit:
    """The command that does what this edit did: the plainest that does all of it."""
    target = quote(f"deployment/{now.name}")
    applied = _annotation(before, LAST_APPLIED) != _annotation(now, LAST_APPLIED)
    whole = Edit(t, "kubectl apply -f deployment.yaml", _manifest(now))
    changed = _changed(before, now)
    if applied:
        return whole
    if changed == {"replicas"}:
        return Edit(t, f"kubectl scale {target} --replicas={now.spec.replicas}")
    if changed == {"paused"}:
        return Edit(t, f"kubectl rollout {'pause' if now.spec.paused else 'resume'} {target}")
    if changed == {CHANGE_CAUSE}:
        cause = f"{CHANGE_CAUSE}={_annotation(now, CHANGE_CAUSE)}"
        return Edit(t, f"kubectl annotate {target} {quote(cause)} --overwrite")
    if changed - {CHANGE_CAUSE} == {"template"}:
        return _template_edit(t, target, before, now, known) or whole
    return whole


def _template_edit(
    t: float, target: str, before: Deployment, now: Deployment, known: Sequence[PodTemplate]
) -> Edit | None:
    was, template = before.spec.template, now.spec.template
    if template in known:
        return Edit(t, f"kubectl rollout undo {target}", template=template)
    if _without_restart(was) == _without_restart(template):
        return Edit(t, f"kubectl rollout restart {target}")
    images = [
        f"{a['name']}={a['image']}"
        for a, b in zip(template.containers, was.containers, strict=False)
        if a.get("image") != b.get("image")
    ]
    if images and _without_images(was) == _without_images(template):
        return Edit(t, f"kubectl set image {target} {' '.join(map(quote, images))}")
    return None


def _changed(before: Deployment, now: Deployment) -> set[str]:
    fields = before.spec.__dataclass_fields__
    changed = {name for name in fields if getattr(before.spec, name) != getattr(now.spec, name)}
    if _annotation(before, CHANGE_CAUSE) != _annotation(now, CHANGE_CAUSE):
        changed.add(CHANGE_CAUSE)
    return changed


def _annotation(deployment: Deployment, name: str) -> str:
    return deployment.metadata.annotations.get(name, "")


def _without_restart(template: PodTemplate) -> PodTemplate:
    metadata = dict(template.json.get("metadata") or {})
    annotations = {**(metadata.get("annotations") or {})}
    annotations.pop(RESTARTED_AT, None)
    return PodTemplate({**template.json, "metadata": {**metadata, "annotations": annotations}})


def _without_images(template: PodTemplate) -> Json:
    spec = template.json.get("spec") or {}
    containers = [{**container, "image": ""} for container in template.containers]
    return {**template.json, "spec": {**spec, "containers": containers}}


def _line(edit: Edit, cluster: Cluster) -> str:
    """The command as it has to be given here: an undo goes by this cluster's own revisions."""
    if edit.template is None:
        return edit.run
    for replica_set in cluster.snapshot.replica_sets.values():
        if replica_set.spec.template == edit.template:
            return f"{edit.run} --to-revision={replica_set.revision}"
    return edit.run


def _manifest(deployment: Deployment) -> Json:
    """The Deployment as somebody could have written it down."""
    json = deployment.to_api()
    annotations = {
        name: value
        for name, value in deployment.metadata.annotations.items()
        if name not in (REVISION, LAST_APPLIED)
    }
    metadata = {"name": deployment.name, "labels": dict(deployment.metadata.labels)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata | ({"annotations": annotations} if annotations else {}),
        "spec": json["spec"],
    }


def _before(seen: _Seen) -> Iterator[Json]:
    """The Deployment with each template that it had, and last as it was found."""
    if not seen.found:
        return
    manifest = _manifest(seen.first)
    for template in seen.templates:
        if template != seen.first.spec.template:
            yield {**manifest, "spec": {**manifest["spec"], "template": _bare(template)}}
    yield manifest


def _bare(template: PodTemplate) -> Json:
    """A ReplicaSet's template without the label that the controller gave it."""
    return PodTemplate(template.json).without_hash().json


# --- the cluster ----------------------------------------------------------------------------


def _quota(deployments: Sequence[tuple[float, Deployment | None]]) -> int | None:
    for _, deployment in deployments:
        failure = deployment.status.condition("ReplicaFailure") if deployment else None
        found = _QUOTA.search(failure.message) if failure else None
        if found:
            return int(found[1])
    return None


def _is_complete(snapshot: Snapshot, name: str) -> bool:
    deployment = snapshot.deployments.get(name)
    return deployment is not None and deployment_complete(deployment)


def _notes(timeline: Timeline, seen: _Seen) -> Iterator[str]:
    kinds = {step.kind for step in timeline.steps}
    if "deleted" in kinds:
        yield "Pods that were deleted by hand are not deleted in the simulation."
    if "unschedulable" in kinds:
        yield "Pods that fitted on no node do so in the simulation: its nodes have room."
    if seen.found and seen.first.status.updated_replicas != seen.first.spec.replicas:
        yield "The recording begins in mid-rollout, the simulation with a complete one."
