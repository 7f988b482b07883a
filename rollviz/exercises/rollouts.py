"""Exercises of ``notebooks/01_rollouts_and_revisions.ipynb``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rollviz import explain
from rollviz.exercises import AnswerError, Finding, exercise
from rollviz.exercises.lecture import MANIFEST, STARTUP_SECONDS, TERMINATION_SECONDS
from rollviz.scenario import simulate
from rollviz.timeline import Timeline


@exercise
def three_revisions(commands: Any) -> Iterator[Finding]:
    """Commands after which the history of the lecture's Deployment has three revisions."""
    if not isinstance(commands, list | tuple) or not all(isinstance(c, str) for c in commands):
        raise AnswerError('give a list of commands, such as ["kubectl ...", "kubectl ..."]')
    timeline = _after(commands)
    yield from _worked(timeline)
    listed = [row.title for row in explain.ledger(timeline, len(timeline))]
    hint = "Creating made the first. What makes a new one is a new pod template, and going back "
    hint += "to an old one only renames its revision."
    yield len(listed) == 3, f"the history lists {', '.join(listed)}", hint


@exercise
def same_image(command: Any) -> Iterator[Finding]:
    """A command that makes a new revision of the same image."""
    if not isinstance(command, str):
        raise AnswerError('give one command as a text, such as "kubectl get pods"')
    timeline = _after([command])
    yield from _worked(timeline)
    rows = explain.ledger(timeline, len(timeline))
    seen = f"the history lists {', '.join(row.title for row in rows)}"
    yield len(rows) == 2, seen, "The template has to change. Which rollout command changes it?"
    images = sorted({row.image for row in rows})
    yield len(images) == 1, f"the images are {', '.join(images)}", "Leave the image alone."


def _after(commands: Sequence[str]) -> Timeline:
    """The lecture's Deployment after these commands.

    Raises:
        AnswerError: one of them is no kubectl command.
    """
    for command in commands:
        if command.split()[:1] != ["kubectl"]:
            raise AnswerError(f"{command!r} is no kubectl command: begin it with kubectl")
    return simulate(
        MANIFEST,
        *commands,
        startup_seconds=STARTUP_SECONDS,
        termination_seconds=TERMINATION_SECONDS,
    )


def _worked(timeline: Timeline) -> Iterator[Finding]:
    """A finding for each command that kubectl refused."""
    for command in timeline.commands:
        if command.exit_code:
            yield False, f"{command.run}: {command.stderr.strip()}", "kubectl says what is wrong."
