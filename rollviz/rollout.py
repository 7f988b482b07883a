"""What kubectl does to a Deployment, as pure functions: a Deployment in, a changed one out.

Nothing here touches a cluster. The caller sends the result to one, as kubectl sends its patch
to the API server; only a changed pod template starts a rollout there.

>>> from rollviz.objects import Deployment, DeploymentSpec, Metadata, PodTemplate
>>> template = PodTemplate({"spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}]}})
>>> web = Deployment(Metadata("web"), DeploymentSpec(2, {"matchLabels": {"app": "web"}}, template))
>>> set_image(web, {"nginx": "nginx:1.28"}).spec.template.image
'nginx:1.28'
>>> pause(pause(web))
Traceback (most recent call last):
rollviz.rollout.RolloutError: deployments.apps "web" is already paused
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from rollviz.objects import (
    CHANGE_CAUSE,
    DESIRED_REPLICAS,
    LAST_APPLIED,
    MAX_REPLICAS,
    RESTARTED_AT,
    REVISION,
    REVISION_HISTORY,
    Deployment,
    Json,
    PodTemplate,
    ReplicaSet,
    to_rfc3339,
)

EVERY_CONTAINER = "*"
"""In place of a container's name: all of them, as in ``kubectl set image deploy/web *=nginx``."""

ANNOTATIONS_TO_SKIP = frozenset(
    {
        LAST_APPLIED,
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
        "deprecated.deployment.rollback.to",
    }
)
"""Annotations that an undo leaves as they are on the Deployment (``annotationsToSkip``)."""


class RolloutError(Exception):
    """kubectl refuses. ``str(error)`` is what it prints after ``error:``."""


def set_image(deployment: Deployment, images: Mapping[str, str]) -> Deployment:
    """``kubectl set image``: other images, by container name or ``*`` (``set_image.go``).

    Raises:
        RolloutError: there is no container of that name, init containers included.
    """
    for name in images:
        if name != EVERY_CONTAINER and name not in container_names(deployment.spec.template):
            raise RolloutError(f'unable to find container named "{name}"')
    template = dict(deployment.spec.template.json)
    template["spec"] = spec = dict(template["spec"])
    for key in ("initContainers", "containers"):
        if key in spec:
            spec[key] = [_with_image(container, images) for container in spec[key]]
    return _with_template(deployment, PodTemplate(template))


def container_names(template: PodTemplate) -> set[str]:
    """The names that ``set image`` knows: containers and init containers."""
    spec = template.json.get("spec") or {}
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    return {container["name"] for container in containers}


def _with_image(container: Json, images: Mapping[str, str]) -> Json:
    image = images.get(container["name"], images.get(EVERY_CONTAINER))
    return container if image is None else {**container, "image": image}


def scale(deployment: Deployment, replicas: int, current_replicas: int = -1) -> Deployment:
    """``kubectl scale``: another number of pods (``scale.go``).

    Args:
        deployment: what to scale.
        replicas: how many pods it shall have.
        current_replicas: how many it must have now; -1 for no such condition.

    Raises:
        RolloutError: a negative number, or the condition does not hold.
    """
    check_scale(replicas, current_replicas)
    if current_replicas not in (-1, deployment.spec.replicas):
        was = deployment.spec.replicas
        raise RolloutError(f"Expected replicas to be {current_replicas}, was {was}")
    return replace(deployment, spec=replace(deployment.spec, replicas=replicas))


def check_scale(replicas: int, current_replicas: int = -1) -> None:
    """What kubectl refuses to scale to before it looks at any Deployment.

    Raises:
        RolloutError: a negative number of pods, or a condition below -1.
    """
    if replicas < 0:
        raise RolloutError(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0"
        )
    if current_replicas < -1:
        raise RolloutError("The --current-replicas must specify an integer of -1 or greater")


def pause(deployment: Deployment) -> Deployment:
    """``kubectl rollout pause``: template changes wait from now on (``objectpauser.go``).

    Raises:
        RolloutError: it is paused already.
    """
    if deployment.spec.paused:
        raise _refusal(deployment, "is already paused")
    return replace(deployment, spec=replace(deployment.spec, paused=True))


def resume(deployment: Deployment) -> Deployment:
    """``kubectl rollout resume``: go on with what waits (``objectresumer.go``).

    Raises:
        RolloutError: it is not paused.
    """
    if not deployment.spec.paused:
        raise _refusal(deployment, "is not paused")
    return replace(deployment, spec=replace(deployment.spec, paused=False))


def restart(deployment: Deployment, now: float) -> Deployment:
    """``kubectl rollout restart``: the same template with the time in it (``objectrestarter.go``).

    That is all a restart is: a template that differs by one annotation, so a normal rollout.

    Args:
        deployment: what to restart.
        now: wall-clock time in seconds since 1970; its fraction is dropped.

    Raises:
        RolloutError: it is paused, or was restarted in this same second.
    """
    if deployment.spec.paused:
        raise _refusal(deployment, "can't restart paused deployment (run rollout resume first)")
    template = deployment.spec.template
    annotations = {**template.annotations, RESTARTED_AT: to_rfc3339(now)}
    if annotations == template.annotations:
        raise RolloutError(
            f"failed to create patch for {deployment.name}: if restart has already been triggered "
            "within the past second, please wait before attempting to trigger another"
        )
    metadata = {**(template.json.get("metadata") or {}), "annotations": annotations}
    return _with_template(deployment, PodTemplate({**template.json, "metadata": metadata}))


def undo(
    deployment: Deployment, replica_sets: Iterable[ReplicaSet], to_revision: int = 0
) -> Deployment:
    """``kubectl rollout undo``: the template of an earlier ReplicaSet (``rollback.go``).

    Only the template comes back, and the annotations that the ReplicaSet was given with it
    (so its change-cause, or none); replicas and strategy stay as they are. Where the template
    is the current one already, the same Deployment is returned.

    Args:
        deployment: what to roll back.
        replica_sets: its ReplicaSets.
        to_revision: which revision; 0 for the one before the latest.

    Raises:
        RolloutError: no such revision, no earlier one, or the Deployment is paused.
    """
    target = revision_to_undo(deployment, replica_sets, to_revision)
    if deployment.spec.paused:
        raise RolloutError(
            "you cannot rollback a paused deployment; resume it first with "
            "'kubectl rollout resume' and try again"
        )
    if target.spec.template == deployment.spec.template:
        return deployment
    kept = _only(deployment.metadata.annotations, skipped=True)
    restored = _only(target.metadata.annotations, skipped=False)
    rolled_back = _with_template(deployment, target.spec.template.without_hash())
    metadata = replace(deployment.metadata, annotations={**kept, **restored})
    return replace(rolled_back, metadata=metadata)


def revision_to_undo(
    deployment: Deployment, replica_sets: Iterable[ReplicaSet], to_revision: int = 0
) -> ReplicaSet:
    """The ReplicaSet that an undo goes back to (``deploymentRevision`` in ``rollback.go``).

    Raises:
        RolloutError: there is none.
    """
    by_revision = history(replica_sets)
    if to_revision:
        if to_revision not in by_revision:
            raise RolloutError(f"unable to find specified revision {to_revision} in history")
        return by_revision[to_revision]
    if len(by_revision) < 2:
        raise RolloutError(f'no rollout history found for deployment "{deployment.name}"')
    return by_revision[sorted(by_revision)[-2]]


def history(replica_sets: Iterable[ReplicaSet]) -> dict[int, ReplicaSet]:
    """A Deployment's ReplicaSets by revision, oldest revision first (``history.go``)."""
    return {rs.revision: rs for rs in sorted(replica_sets, key=lambda rs: rs.revision)}


def change_cause(replica_set: ReplicaSet) -> str:
    """Why a revision was made, as the history says it; "" for ``<none>``."""
    return replica_set.change_cause or replica_set.spec.template.annotations.get(CHANGE_CAUSE, "")


def annotate(
    deployment: Deployment,
    annotations: Mapping[str, str],
    remove: Iterable[str] = (),
    overwrite: bool = False,
) -> Deployment:
    """``kubectl annotate``: annotations set and removed (``annotate.go``).

    Raises:
        RolloutError: one has another value already, ``overwrite`` is off, and it is not the
            change-cause, which may always be overwritten.
    """
    present = deployment.metadata.annotations
    taken = [
        f"'{key}' already has a value ({present[key]})"
        for key, value in annotations.items()
        if key != CHANGE_CAUSE and present.get(key, value) != value
    ]
    if taken and not overwrite:
        raise RolloutError(
            "--overwrite is false but found the following declared annotation(s): "
            + "; ".join(taken)
        )
    removed = set(remove)
    kept = {key: value for key, value in {**present, **annotations}.items() if key not in removed}
    return replace(deployment, metadata=replace(deployment.metadata, annotations=kept))


def _with_template(deployment: Deployment, template: PodTemplate) -> Deployment:
    return replace(deployment, spec=replace(deployment.spec, template=template))


def _only(annotations: Mapping[str, str], *, skipped: bool) -> dict[str, str]:
    return {k: v for k, v in annotations.items() if (k in ANNOTATIONS_TO_SKIP) is skipped}


def _refusal(deployment: Deployment, why: str) -> RolloutError:
    return RolloutError(f'deployments.apps "{deployment.name}" {why}')
