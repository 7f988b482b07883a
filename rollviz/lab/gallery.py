"""Runs worth a look, as data in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollviz.lab.experiment import CONTAINER, NAME, UPDATE, Experiment
from rollviz.lab.knobs import Knobs, LabError


@dataclass(frozen=True, slots=True)
class Story:
    """A run worth a look: its name, what to look at, and the run."""

    name: str
    about: str
    run: Experiment


def _story(name: str, about: str, *commands: str, **knobs: Any) -> Story:
    return Story(name, about, Experiment(Knobs(**knobs), commands or (UPDATE,)))


_AGAIN = f"kubectl set image deployment/{NAME} {CONTAINER}=nginx:1.9.2"
_UNDO = f"kubectl rollout undo deployment/{NAME}"

GALLERY = (
    _story("good update", "Old pods leave only as new ones become ready."),
    _story(
        "Recreate", "Every old pod goes first: for a while nobody answers.", strategy="Recreate"
    ),
    _story(
        "rollback", "An undo is another rolling update, and revision 1 becomes 3.", UPDATE, _UNDO
    ),
    _story("missing image", "New pods never start; the old ones keep serving.", image="missing"),
    _story(
        "missing image, undone",
        "Nothing rolls back by itself: somebody has to.",
        UPDATE,
        f"20: {_UNDO}",
        image="missing",
    ),
    _story("crash loop", "It starts, dies, and is started again, ever later.", image="crashing"),
    _story("never ready", "It runs, and never passes its probe.", image="never ready"),
    _story("slow start", "Every wave waits for the slowest of its pods.", image="slow"),
    _story(
        "no room for the surge",
        "The new pod stays Pending, and no old one may go: stuck.",
        replicas=6,
        max_surge=1,
        max_unavailable=0,
        nodes=2,
        room=3,
    ),
    _story(
        "quota",
        "A ResourceQuota refuses the surge pod.",
        max_surge=1,
        max_unavailable=0,
        quota=5,
    ),
    _story("rollover", "A second update while the first is under way.", UPDATE, f"2.5: {_AGAIN}"),
    _story(
        "pause with edits",
        "Two edits while paused come out as one rollout.",
        f"kubectl rollout pause deployment/{NAME}",
        f"1: {UPDATE}",
        f"1: {_AGAIN}",
        f"2: kubectl rollout resume deployment/{NAME}",
    ),
    _story(
        "scaled in mid-rollout",
        "More replicas are shared out between old and new, in proportion.",
        UPDATE,
        f"2.5: kubectl scale deployment/{NAME} --replicas=15",
        replicas=10,
    ),
    _story(
        "no readiness probe",
        "Pods count as ready before they answer, and requests are lost.",
        readiness=False,
    ),
    _story(
        "one at a time",
        "maxSurge 0 takes one pod down before another comes.",
        max_surge=0,
        max_unavailable=1,
    ),
    _story("a hundred pods", "The same arithmetic, and a longer queue.", replicas=100),
)
"""Runs worth a look, in one table."""


def story(name: str) -> Story:
    """The story of that name.

    Raises:
        LabError: there is none; says which there are.
    """
    for candidate in GALLERY:
        if candidate.name == name:
            return candidate
    raise LabError(
        f"{name!r}: there is no such story: there are {', '.join(s.name for s in GALLERY)}"
    )
