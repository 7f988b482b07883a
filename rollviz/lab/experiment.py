"""A run that can be played again, and changed from any moment on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from reprlib import repr as shown
from typing import Any

from rollviz import manifest as manifests
from rollviz.lab.knobs import IMAGES, LIMITS, Knobs, LabError
from rollviz.objects import Json
from rollviz.scenario import Run, Scenario, Step
from rollviz.scenario import run as play
from rollviz.simulator import PodBehaviour
from rollviz.timeline import Timeline

NAME, CONTAINER = "myapp-deployment", "nginx"
OLD_IMAGE, NEW_IMAGE = "nginx:1.7.1", "nginx:1.9.1"
"""What runs, and what it is updated to. How the new image behaves is a knob; others are good."""

UPDATE = f"kubectl set image deployment/{NAME} {CONTAINER}={NEW_IMAGE}"

SLOW = 4.0
"""How many times as long a slow image takes to start."""

MOST_COMMANDS, LONGEST_COMMAND, LONGEST_WAIT = 20, 300, 3600


@dataclass(frozen=True, slots=True)
class Experiment:
    """A run: knobs, and the commands after the first ``kubectl apply``.

    Attributes:
        knobs: how everything behaves.
        commands: kubectl command lines, timed as for :func:`rollviz.simulate`: each once the one
            before has rolled out, or ``"3: kubectl ..."`` after so many seconds.

    Raises:
        LabError: a command can't be used here.
    """

    knobs: Knobs = field(default_factory=Knobs)
    commands: tuple[str, ...] = (UPDATE,)

    def __post_init__(self) -> None:
        if len(self.commands) > MOST_COMMANDS:
            raise LabError(f"commands: {len(self.commands)} are more than {MOST_COMMANDS}")
        for number, command in enumerate(self.commands):
            _check_command(f"commands[{number}]", command)

    def play(self) -> Run:
        """Play it on a cluster of its own.

        Raises:
            ManifestError: the API server refuses the knobs: both maxSurge and maxUnavailable 0.
        """
        manifest = _manifest(self.knobs)
        manifests.check(manifest)
        steps = [Step("kubectl apply -f deployment.yaml")]
        steps += [_step(command, self.warm_up) for command in self.commands]
        if self.warm_up:  # the last pods, too, shall come to answer before it ends
            steps.append(_step(f"kubectl get deployment {NAME}", self.warm_up))
        return play(
            Scenario(manifest, steps, _behaviour(self.knobs), _cluster(self.knobs), "settled")
        )

    @property
    def warm_up(self) -> float:
        """For how many seconds a pod counts as ready and does not answer yet."""
        return 0.0 if self.knobs.readiness else _startup(self.knobs)

    @property
    def traffic(self) -> Mapping[str, Any]:
        """What :func:`rollviz.traffic.requests` has to know."""
        return {"warm_up": self.warm_up}

    def fork(self, timeline: Timeline, t: float, *commands: str) -> Experiment:
        """The same run up to ``t`` seconds, and from there on other commands.

        Args:
            timeline: what came of this run.
            t: the moment, in seconds on its clock.
            commands: what to do then; the first is run at that moment.

        Raises:
            LabError: a command can't be used here.
        """
        ours = timeline.commands[: len(self.commands) + 1]
        begun = [command.t for command in ours if command.t <= t]
        kept = self.commands[: max(len(begun) - 1, 0)]
        wait = t - begun[-1] if begun else t
        now = [f"{wait:.3f}: {command}" for command in commands[:1]]
        return replace(self, commands=(*kept, *now, *commands[1:]))


def _step(command: str, warm_up: float) -> Step:
    wait, line = _timed(command)
    if wait is not None:
        return Step(line, wait=wait)
    return Step(line, after=f"quiet {warm_up + 1:g}" if warm_up else "settled")


def _timed(command: str) -> tuple[float | None, str]:
    """A command's wait in seconds, None for until it is settled, and its command line."""
    timed = re.match(r"\s*(\d+(?:\.\d+)?)\s*:\s*(.*)", command)
    return (float(timed[1]), timed[2]) if timed else (None, command.strip())


def _check_command(where: str, command: Any) -> None:
    """A command may come from a stranger: it must not read files, nor go on for ever."""
    if not isinstance(command, str) or len(command) > LONGEST_COMMAND:
        raise LabError(
            f"{where}: must be a kubectl command of at most {LONGEST_COMMAND} characters"
        )
    wait, line = _timed(command)
    if wait is not None and wait > LONGEST_WAIT:
        raise LabError(f"{where}: a wait of {wait:g} s is more than {LONGEST_WAIT}")
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise LabError(f"{where}: {error}: {shown(line)}") from None
    if words[:1] != ["kubectl"]:
        raise LabError(f"{where}: {shown(line)}: must begin with kubectl")
    if any(re.match(r"-[a-zA-Z]*[fkR]|--(filename|kustomize|recursive)", word) for word in words):
        raise LabError(f"{where}: {shown(line)}: files can't be used here: turn the knobs instead")
    replicas = re.search(r"--replicas[= ]\D*(\d+)", line)
    if replicas and int(replicas[1]) > LIMITS["replicas"][1]:
        raise LabError(f"{where}: {shown(line)}: more than {LIMITS['replicas'][1]} replicas")


def parted(experiments: Sequence[Experiment], runs: Sequence[Run]) -> float:
    """When two futures part, in seconds: at the first command that only one of them has."""
    first, second = (experiment.commands for experiment in experiments)
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    commands = [command for run in runs for command in run.timeline.commands[same + 1 :][:1]]
    return min(command.t for command in commands)


# --- what the knobs mean --------------------------------------------------------------------


def _manifest(knobs: Knobs) -> Json:
    labels = {"app": "myapp"}
    strategy: Json = {"type": knobs.strategy}
    if knobs.strategy == "RollingUpdate":
        surge, unavailable = knobs.max_surge, knobs.max_unavailable
        strategy["rollingUpdate"] = {"maxSurge": surge, "maxUnavailable": unavailable}
    container: Json = {"name": CONTAINER, "image": OLD_IMAGE}
    if knobs.room:
        container["resources"] = {"requests": {"cpu": "1"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "labels": labels},
        "spec": {
            "replicas": knobs.replicas,
            "selector": {"matchLabels": labels},
            "strategy": strategy,
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "terminationGracePeriodSeconds": knobs.grace,
                    "containers": [container],
                },
            },
        },
    }


UNPROBED = 0.3
"""Seconds until a container without a readiness probe counts as ready: as soon as it runs."""


def _startup(knobs: Knobs) -> float:
    """Seconds until the new image's container answers."""
    return knobs.startup * (SLOW if knobs.image == "slow" else 1.0)


def _behaviour(knobs: Knobs) -> PodBehaviour:
    ready = knobs.startup if knobs.readiness else UNPROBED
    new_ready = _startup(knobs) if knobs.readiness else UNPROBED
    return PodBehaviour(
        [ready], [knobs.termination], {NEW_IMAGE: IMAGES[knobs.image] or [new_ready]}
    )


def _cluster(knobs: Knobs) -> dict[str, Any]:
    room = {"cpu_per_node": float(knobs.room)} if knobs.room else {}
    return {"nodes": knobs.nodes, "quota_pods": knobs.quota or None, **room}
