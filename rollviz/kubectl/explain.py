"""``kubectl explain deployment...``: the fields that a rollout turns on.

kubectl prints the API server's own documentation; this has its layout and says the same in our
words, for a Deployment and the fields that matter here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import indent, wrap

from rollviz.kubectl.errors import KubectlError
from rollviz.kubectl.resources import DEPLOYMENT, resource_named
from rollviz.kubectl.session import Lines, Session
from rollviz.manifest.types import element, structs


@dataclass(frozen=True)
class Field:
    """A field of the API: its type as kubectl names it, what it means, what is in it."""

    type: str
    meaning: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    required: bool = False
    enum: tuple[str, ...] = ()


HEAD = "GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\n"


def explain(session: Session) -> Lines:
    """``kubectl explain``: a field, and the fields in it."""
    if not session.args:
        raise KubectlError(
            'You must specify the type of resource to explain. Use "kubectl api-resources" for a '
            "complete list of supported resources.\n"
        )
    if len(session.args) > 1:
        raise KubectlError("We accept only this format: explain RESOURCE\n")
    kind, *path = session.args[0].split(".")
    try:
        resource = resource_named(kind)
    except KubectlError as error:
        raise KubectlError(str(error), verbatim=True) from error
    if resource is not DEPLOYMENT:
        raise KubectlError(f"rollviz explains deployments, not {resource.plural}")
    _check_explained(path)
    yield session.out(HEAD)
    yield session.out(explained(path))


def _check_explained(path: list[str]) -> None:
    """Fields that a Deployment has and that are not explained here are no mistake.

    Raises:
        KubectlError: it is one of those.
    """
    about, type_ = DEPLOYMENT_FIELDS, "Deployment"
    for number, name in enumerate(path):
        fields = structs().get(element(type_) or type_, {})
        if name not in about.fields:
            if name in fields:
                where, known = ".".join(["deployment", *path[:number]]), ", ".join(about.fields)
                only = f". It explains in {where}: {known}" if known else ""
                raise KubectlError(f"rollviz does not explain {where}.{name}{only}")
            return
        about, type_ = about.fields[name], fields[name].type if name in fields else ""


def explained(path: list[str]) -> str:
    """The text about the field at ``path`` of a Deployment.

    Raises:
        KubectlError: there is no such field.
    """
    about = DEPLOYMENT_FIELDS
    for name in path:
        if name not in about.fields:
            raise KubectlError(f'field "{name}" does not exist')
        about = about.fields[name]
    text = ""
    if path:
        enum = "".join(f"\n    {value}" for value in about.enum)
        text += f"FIELD: {path[-1]} <{about.type}>\n{'ENUM:' if enum else ''}{enum}\n\n"
    text += f"DESCRIPTION:\n{_paragraph(about.meaning, 76)}    \n"
    if about.fields:
        text += "FIELDS:\n" + "".join(_line(name, f) for name, f in sorted(about.fields.items()))
    return f"{text}\n"


def _line(name: str, about: Field) -> str:
    required = " -required-" if about.required else ""
    enum = f"\n  enum: {', '.join(about.enum)}" if about.enum else ""
    return f"  {name}\t<{about.type}>{required}{enum}\n{_paragraph(about.meaning, 76)}\n"


def _paragraph(text: str, width: int) -> str:
    return indent("\n".join(wrap(text, width)), "    ") + "\n"


_ROLLING_UPDATE = Field(
    "RollingUpdateDeployment",
    "How far a rolling update may stray from the wanted number of pods. Only with type "
    "RollingUpdate. Not both may be 0.",
    {
        "maxSurge": Field(
            "IntOrString",
            "How many pods there may be above replicas while the update runs: a number or a "
            'percentage such as "25%", which is rounded up. Pods that are terminating are not '
            "counted. Default: 25%.",
        ),
        "maxUnavailable": Field(
            "IntOrString",
            "How many pods below replicas may be unavailable while the update runs: a number or a "
            'percentage such as "25%", which is rounded down. Default: 25%.',
        ),
    },
)

_STRATEGY = Field(
    "DeploymentStrategy",
    "How pods of the old template are replaced by pods of the new one.",
    {
        "rollingUpdate": _ROLLING_UPDATE,
        "type": Field(
            "string",
            "Recreate ends every old pod before the first new one is made; RollingUpdate replaces "
            "them step by step. Default: RollingUpdate.",
            enum=("Recreate", "RollingUpdate"),
        ),
    },
)

_SELECTOR = Field(
    "LabelSelector",
    "Which pods are counted as this Deployment's. It must match the labels of the template, and "
    "cannot be changed later.",
    {
        "matchExpressions": Field(
            "[]LabelSelectorRequirement", "Conditions on labels, all of which must hold."
        ),
        "matchLabels": Field("map[string]string", "Labels that must be there with these values."),
    },
    required=True,
)

_TEMPLATE = Field(
    "PodTemplateSpec",
    "What the pods are made from. Every change of it, and of nothing else, starts a rollout and "
    "is a new revision.",
    {
        "metadata": Field("ObjectMeta", "Labels and annotations of the pods."),
        "spec": Field("PodSpec", "The containers of the pods, and how they run."),
    },
    required=True,
)

_SPEC = Field(
    "DeploymentSpec",
    "What is wanted of the Deployment.",
    {
        "minReadySeconds": Field(
            "integer",
            "For how many seconds a pod must be ready before it counts as available. Default: 0.",
        ),
        "paused": Field(
            "boolean", "While it is true, changes of the template wait and start no rollout."
        ),
        "progressDeadlineSeconds": Field(
            "integer",
            "After so many seconds without progress the rollout is reported as failed, by the "
            "condition Progressing with the reason ProgressDeadlineExceeded. Nothing is rolled "
            "back. Must be greater than minReadySeconds. Default: 600.",
        ),
        "replicas": Field("integer", "How many pods there shall be. Default: 1."),
        "revisionHistoryLimit": Field(
            "integer",
            "How many old ReplicaSets are kept, so that rollout undo can go back to them. "
            "Default: 10.",
        ),
        "selector": _SELECTOR,
        "strategy": _STRATEGY,
        "template": _TEMPLATE,
    },
)

_CONDITIONS = Field(
    "[]DeploymentCondition",
    "What can be said about it now: Available, Progressing, ReplicaFailure.",
    {
        "lastTransitionTime": Field("string", "When its status last changed."),
        "lastUpdateTime": Field("string", "When it was last written."),
        "message": Field("string", "Why it is so, for people."),
        "reason": Field("string", "Why it is so, in one word."),
        "status": Field("string", "True, False or Unknown.", required=True),
        "type": Field("string", "Which condition it is.", required=True),
    },
)

_STATUS = Field(
    "DeploymentStatus",
    "What the controller saw when it last looked.",
    {
        "availableReplicas": Field(
            "integer", "Pods that have been ready for at least minReadySeconds."
        ),
        "collisionCount": Field(
            "integer", "How often the hash in a new ReplicaSet's name was taken already."
        ),
        "conditions": _CONDITIONS,
        "observedGeneration": Field(
            "integer", "The metadata.generation that this status is about."
        ),
        "readyReplicas": Field("integer", "Pods that are ready."),
        "replicas": Field("integer", "Pods that are not terminating, old and new ones together."),
        "terminatingReplicas": Field("integer", "Pods that are deleted and not gone yet."),
        "unavailableReplicas": Field(
            "integer", "Pods that are still missing before all that are wanted are available."
        ),
        "updatedReplicas": Field(
            "integer", "Pods of the current template that are not terminating."
        ),
    },
)

DEPLOYMENT_FIELDS = Field(
    "Deployment",
    "A Deployment keeps a number of like pods running by way of ReplicaSets, and replaces them in "
    "a controlled way when their template changes.",
    {
        "apiVersion": Field("string", "The API that the object is written for: apps/v1."),
        "kind": Field("string", "What the object is: Deployment."),
        "metadata": Field("ObjectMeta", "Its name, labels and annotations."),
        "spec": _SPEC,
        "status": _STATUS,
    },
)
"""Everything that is explained."""
