"""The laboratory's knobs: what they take, and what they come to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from reprlib import repr as shown
from typing import Any

from rollviz.explain.arithmetic import Line, knob_line
from rollviz.explain.arithmetic import knobs as both_knobs
from rollviz.objects import DeploymentSpec, DeploymentStrategy, PodTemplate

IMAGES = {
    "good": "",
    "slow": "",
    "missing": "ImagePullBackOff",
    "crashing": "CrashLoopBackOff",
    "never ready": "NeverReady",
}
"""How the new image can behave, and what a pod of it then says."""

LIMITS = {
    "replicas": (0, 1000),
    "startup": (0.1, 600),
    "termination": (0.1, 600),
    "grace": (0, 600),
    "nodes": (1, 20),
    "room": (0, 1000),
    "quota": (0, 2000),
}
"""The least and the most that a knob takes."""


class LabError(ValueError):
    """A knob, a command or a shared run that can't be used: says which, and what to do."""

    def _render_traceback_(self) -> list[str]:
        """In a notebook: the message in place, without a traceback."""
        return [str(self)]


@dataclass(frozen=True, slots=True)
class Knobs:
    """What can be turned.

    Attributes:
        strategy: ``RollingUpdate`` or ``Recreate``.
        replicas: pods wanted.
        max_surge: in pods or percent, as the manifest has it.
        max_unavailable: likewise.
        image: how the new image behaves: one of :data:`IMAGES`.
        startup: seconds until a container answers.
        readiness: whether a readiness probe keeps requests away until it does.
        termination: seconds that a container takes to stop.
        grace: terminationGracePeriodSeconds: after so many it is killed.
        nodes: how many nodes there are.
        room: how many pods a node has room for; 0 for any number.
        quota: how many pods the namespace may have, terminating ones too; 0 for any number.

    Raises:
        LabError: a value is of the wrong type or out of range.
    """

    strategy: str = "RollingUpdate"
    replicas: int = 5
    max_surge: int | str = "25%"
    max_unavailable: int | str = "25%"
    image: str = "good"
    startup: float = 2.0
    readiness: bool = True
    termination: float = 1.0
    grace: int = 30
    nodes: int = 3
    room: int = 0
    quota: int = 0

    def __post_init__(self) -> None:
        for name, limits in LIMITS.items():
            _check_number(name, getattr(self, name), *limits)
        for name in ("max_surge", "max_unavailable"):
            _check_knob(name, getattr(self, name))
        _check_choice("strategy", self.strategy, ("RollingUpdate", "Recreate"))
        _check_choice("image", self.image, tuple(IMAGES))
        _check_choice("readiness", self.readiness, (True, False))


def _check_number(name: str, value: Any, least: float, most: float) -> None:
    whole = name not in ("startup", "termination")
    types = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, types) or not least <= value <= most:
        kind = "a whole number" if whole else "a number"
        raise LabError(f"{name}: {shown(value)}: must be {kind} from {least:g} to {most:g}")


def _check_knob(name: str, value: Any) -> None:
    pods = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1000
    if not pods and not (isinstance(value, str) and re.fullmatch(r"\d{1,3}%", value)):
        raise LabError(
            f"{name}: {shown(value)}: must be a number of pods or a percentage: 1, '25%'"
        )


def _check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    if not any(
        value is choice or (value == choice and value.__class__ is str) for choice in choices
    ):
        raise LabError(f"{name}: {shown(value)}: must be one of {', '.join(map(str, choices))}")


def hints(knobs: Knobs) -> dict[str, str]:
    """What maxSurge and maxUnavailable come to, in the words of the working.

    >>> hints(Knobs())["max_surge"]
    '25% of 5 = 1.25, rounds up to 2'
    """
    if knobs.strategy != "RollingUpdate":
        return dict.fromkeys(("max_surge", "max_unavailable"), "not with Recreate")
    strategy = DeploymentStrategy(knobs.strategy, knobs.max_surge, knobs.max_unavailable)
    used = both_knobs(DeploymentSpec(knobs.replicas, {}, PodTemplate({}), strategy))
    return {
        "max_surge": _hint(knob_line(used, "maxSurge")),
        "max_unavailable": _hint(knob_line(used, "maxUnavailable")),
    }


def _hint(line: Line) -> str:
    if line.expression.endswith(("rounds up", "rounds down")):
        return f"{line.expression} to {line.value}"
    return line.expression or f"{line.value} {'pod' if line.value == 1 else 'pods'}"
