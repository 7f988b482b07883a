"""Deployments and ReplicaSets as the controller may find them, in one line each."""

from dataclasses import replace

from rollviz.controller.deployment import sync_deployment
from rollviz.objects import (
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    REVISION,
    Condition,
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    DeploymentStrategy,
    Metadata,
    OwnerReference,
    PodTemplate,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
)

NEW = "nginx:2"
OLD = "nginx:1"
RECREATE = DeploymentStrategy("Recreate", None, None)


def template(image):
    return PodTemplate(
        {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "nginx", "image": image}]},
        }
    )


def web(replicas, surge="25%", unavailable="25%", *, image=NEW, strategy=None, status=None, **spec):
    """A Deployment; ``annotations`` and other fields of the spec by their names."""
    annotations = spec.pop("annotations", {})
    return Deployment(
        Metadata("web", uid="w", annotations=annotations),
        DeploymentSpec(
            replicas,
            {"matchLabels": {"app": "web"}},
            template(image),
            strategy or DeploymentStrategy("RollingUpdate", surge, unavailable),
            **spec,
        ),
        status or DeploymentStatus(),
    )


def replica_set(image, size, available=None, *, of, revision=1, age=0, **status):
    """A ReplicaSet of Deployment ``of``: ``size`` pods asked for, ``available`` of them (all).

    ``of`` may be an integer or a pair, the Deployment's size (and ceiling) when it was last scaled.
    Other keywords are counters of its status.
    """
    desired, ceiling = of if isinstance(of, tuple) else (of, of)
    available = size if available is None else available
    counters = {"replicas": size, "ready_replicas": available, "available_replicas": available}
    return ReplicaSet(
        Metadata(
            f"web-{image[-1]}",
            uid=image,
            creation_timestamp=-age,
            annotations={
                REVISION: str(revision),
                DESIRED_REPLICAS: str(desired),
                MAX_REPLICAS: str(ceiling),
            },
            owner=OwnerReference("Deployment", "web", "w"),
        ),
        ReplicaSetSpec(size, template(image).with_hash(image[-1]), {}),
        ReplicaSetStatus(**{"observed_generation": 1, **counters, **status}),
    )


def annotated(item, **annotations):
    """The object with more annotations, given by the constants' names in ``rollviz.objects``."""
    return replace(
        item,
        metadata=replace(item.metadata, annotations={**item.metadata.annotations, **annotations}),
    )


def progressing(reason, updated=0.0, status="True"):
    """A Deployment's status that has only this Progressing condition."""
    condition = Condition("Progressing", status, reason, "", updated, updated)
    return DeploymentStatus(observed_generation=1, conditions=(condition,))


def sync(deployment, *replica_sets, now=0.0, **keywords):
    """One pass; every ReplicaSet has as many pods as its status says, unless told otherwise."""
    pods = {rs.name: rs.status.replicas for rs in replica_sets}
    return sync_deployment(deployment, replica_sets, now, **{"pods": pods, **keywords})


def scaled(run):
    """What a pass scaled: (ReplicaSet, from, to)."""
    return [tuple(scaling) for scaling in run.scaled]
