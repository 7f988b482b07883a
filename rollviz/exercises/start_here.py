"""Exercises of ``notebooks/00_start_here.ipynb``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollviz.controller.deployment_util import resolve_fenceposts
from rollviz.exercises import AnswerError, Finding, exercise
from rollviz.exercises.lecture import MANIFEST
from rollviz.scenario import simulate

REPLICAS = 9
"""How many pods the picture to read shows."""


@exercise
def floor_and_ceiling(lines: Any) -> Iterator[Finding]:
    """Where the two lines of a rolling update of nine pods are, by default."""
    surge, unavailable = resolve_fenceposts("25%", "25%", REPLICAS)
    right = {"floor": REPLICAS - unavailable, "ceiling": REPLICAS + surge}
    if not isinstance(lines, dict) or set(lines) != set(right):
        raise AnswerError('give a dict with a number for "floor" and one for "ceiling"')
    colours = {"floor": "green", "ceiling": "red"}
    for name, value in right.items():
        hint = f"Look right of the band, where the {colours[name]} line ends, after the update."
        yield lines[name] == value, f"the {name} at {lines[name]}", hint


@exercise
def three_pods(command: Any) -> Iterator[Finding]:
    """A command after which three pods are left."""
    if not isinstance(command, str) or command.split()[:1] != ["kubectl"]:
        raise AnswerError('give one command as a text, such as "kubectl get pods"')
    timeline = simulate(MANIFEST, command)
    for done in timeline.commands:
        if done.exit_code:
            yield False, f"{done.run}: {done.stderr.strip()}", "kubectl says what is wrong."
    pods = len(timeline.last.pods)
    yield pods == 3, f"{pods} pods", "kubectl scale has an option --replicas."
