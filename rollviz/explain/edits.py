"""What an edit of a Deployment changed, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator

from rollviz.explain.scene import Scene
from rollviz.explain.words import capital, listed, shortened
from rollviz.objects import CHANGE_CAUSE, Deployment, DeploymentSpec, DeploymentStrategy

_FIELDS = {
    "min_ready_seconds": "minReadySeconds",
    "revision_history_limit": "revisionHistoryLimit",
    "progress_deadline_seconds": "progressDeadlineSeconds",
}


def edited(scene: Scene) -> str:
    """The Deployment was made, changed or deleted."""
    new = scene.change.object
    assert isinstance(new, Deployment)
    if scene.change.type == "DELETED":
        return f"Deployment {new.name} is deleted: its ReplicaSets go too, and with them every pod."
    old = scene.before.snapshot.deployments.get(new.name)
    if old is None:
        return _created(new)
    what = listed(list(_changes(old, new))) or "the Deployment is edited"
    return f"{capital(what)}{_consequence(scene, old, new)}"


def _created(deployment: Deployment) -> str:
    spec = deployment.spec
    return (
        f"Deployment {deployment.name} is created: {_count(spec.replicas)} of "
        f"{spec.template.image} wanted, by {_strategy(spec.strategy)}."
    )


def _count(replicas: int) -> str:
    return "1 pod" if replicas == 1 else f"{replicas} pods"


def _strategy(strategy: DeploymentStrategy) -> str:
    if strategy.type != "RollingUpdate":
        return strategy.type
    knobs = f"maxSurge {strategy.max_surge}, maxUnavailable {strategy.max_unavailable}"
    return f"{strategy.type} ({knobs})"


def _changes(old: Deployment, new: Deployment) -> Iterator[str]:
    before, after = old.spec, new.spec
    if before.template != after.template:
        yield from _template_changes(before, after)
    if before.replicas != after.replicas:
        yield f"{before.replicas} replicas become {after.replicas}"
    if before.strategy != after.strategy:
        yield f"{_strategy(before.strategy)} becomes {_strategy(after.strategy)}"
    for name, api_name in _FIELDS.items():
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield f"{api_name} {was} becomes {now}"
    if before.paused != after.paused:
        yield f"the rollout is {'paused' if after.paused else 'resumed'}"
    cause = new.metadata.annotations.get(CHANGE_CAUSE)
    if cause and cause != old.metadata.annotations.get(CHANGE_CAUSE):
        yield f"the change-cause is now “{shortened(cause)}”"


def _template_changes(before: DeploymentSpec, after: DeploymentSpec) -> Iterator[str]:
    was = {c.get("name"): c.get("image") for c in before.template.containers}
    now = {c.get("name"): c.get("image") for c in after.template.containers}
    images = [
        f"{was[name]} becomes {now[name]}" for name in now if was.get(name, now[name]) != now[name]
    ]
    yield "image " + " and ".join(images) if images else "the pod template changes"


def _consequence(scene: Scene, old: Deployment, new: Deployment) -> str:
    if old.spec.template == new.spec.template:
        if old.spec.replicas != new.spec.replicas:
            return ": same template, so no new revision."
        if new.spec.paused > old.spec.paused:
            return ": no pod is replaced until it is resumed."
        if new.spec.paused < old.spec.paused:
            return ": it goes on from where it is."
        return "."
    if new.spec.paused:
        return ": the rollout is paused, so nothing follows until it is resumed."
    found = scene.before.snapshot.new_replica_set(new)
    # A live cluster's watches overtake each other: one newer than the Deployment was made for it.
    if found is None or (found.revision > new.revision and not found.revision_history):
        return ": a new template, so a new ReplicaSet."
    return f": the template of revision {found.revision}, so its ReplicaSet is used again."
