"""Exercises of ``notebooks/04_updating.ipynb``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from rollviz import kubectl, manifest
from rollviz.exercises import AnswerError, Finding, exercise
from rollviz.exercises.lecture import MANIFEST, UPDATE
from rollviz.objects import Deployment, Json
from rollviz.simulator import Cluster

EDITS: Mapping[str, tuple[str, Any]] = {
    "image": ("spec.template.spec.containers.0.image", "nginx:1.9.1"),
    "label of the pods": ("spec.template.metadata.labels.tier", "web"),
    "label of the Deployment": ("metadata.labels.tier", "web"),
    "replicas": ("spec.replicas", 8),
    "strategy": ("spec.strategy", {"type": "Recreate"}),
    "environment variable": ("spec.template.spec.containers.0.env", [{"name": "A", "value": "1"}]),
    "minReadySeconds": ("spec.minReadySeconds", 10),
    "grace period": ("spec.template.spec.terminationGracePeriodSeconds", 60),
    "revisionHistoryLimit": ("spec.revisionHistoryLimit", 2),
}
"""Edits of the lecture's file: the path of the field, and what is written there."""


@exercise
def which_roll_out(names: Any) -> Iterator[Finding]:
    """The names of those edits that start a rollout."""
    known = list(EDITS)
    if not isinstance(names, set | list | tuple) or not all(name in known for name in names):
        raise AnswerError(f"give a set of names out of these: {', '.join(known)}")
    for name, (path, value) in EDITS.items():
        said = name in names
        answer = "a rollout" if said else "no rollout"
        yield (
            said == _rolls_out(path, value),
            f"{name}: you say {answer}",
            "Pods are made from spec.template, and from nothing else. Which of the paths in "
            "exercises.EDITS begin with it?",
        )


def _rolls_out(path: str, value: Any) -> bool:
    """Whether there is a second ReplicaSet after applying the file with this edit."""
    cluster = Cluster()
    for item in (MANIFEST, _edited(path, value)):
        kubectl.run("apply -f file.yml", cluster, {"file.yml": item})
        cluster.run_for(10)
    return len(cluster.snapshot.replica_sets) > 1


def _edited(path: str, value: Any) -> Json:
    item = deepcopy(MANIFEST)
    *parents, last = path.split(".")
    place: Any = item
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    place[last] = value
    return item


@exercise
def catch_up(item: Any) -> Iterator[Finding]:
    """A file that says what runs: applying it changes nothing."""
    if not isinstance(item, dict):
        raise AnswerError("give the manifest, as the dict that it was read into")
    manifest.check(item)
    cluster = drifted()
    before = _deployment(cluster)
    kubectl.run("apply -f file.yml", cluster, {"file.yml": item})
    cluster.run_for(30)
    after = _deployment(cluster)
    image, replicas = after.spec.template.image, after.spec.replicas
    yield (
        image == before.spec.template.image,
        f"nginx:1.9.1 still runs: it is {image}",
        "The file wins wherever it says something. What does it say of the image?",
    )
    yield (
        replicas == before.spec.replicas,
        f"still 8 pods: it is {replicas}",
        "What the file says wins. And a line that is taken out of it is taken out of the cluster, "
        "where the default of 1 then holds.",
    )
    yield (
        after.revision == before.revision,
        f"revision {before.revision} still: it is {after.revision}",
        "Something else of the template differs.",
    )
    same = after.spec == before.spec and after.metadata.labels == before.metadata.labels
    words = "nothing else is changed" if same else "something else is changed"
    yield same, words, "Mend only what was changed by hand: the image and the number of pods."


def drifted() -> Cluster:
    """The lecture's file applied; then the image and the number of pods changed by hand."""
    cluster = Cluster()
    kubectl.run("apply -f file.yml", cluster, {"file.yml": MANIFEST})
    for command in (UPDATE, "kubectl scale deployment/myapp-deployment --replicas=8"):
        cluster.run_for(10)
        kubectl.run(command, cluster)
    cluster.run_for(10)
    return cluster


def _deployment(cluster: Cluster) -> Deployment:
    return cluster.snapshot.deployments["myapp-deployment"]
