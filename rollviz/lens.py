"""The kubectl lens: what kubectl prints at every step of a timeline, small enough to carry along.

Most lines are the same from step to step, so each is kept once, and a text is a list of line
numbers.

>>> from rollviz.timeline import Timeline
>>> lens(Timeline(), "web")["texts"][0]
[[0, [0]]]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote
from typing import Any

from rollviz.film import Film
from rollviz.kubectl import answer
from rollviz.kubectl.view import View
from rollviz.timeline import Timeline

MOST_LINES = 5_000
"""A list of pods that could come to more lines than this over all steps is left out."""

MOST = 100_000
"""With more pods times steps than this, everything is: it would take a minute to ask."""

LEFT_OUT = "(too many pods at too many steps to carry along)"


def commands(deployment: str) -> list[str]:
    """The commands of the lens, as one types them."""
    name = quote(f"deployment/{deployment}")
    return [
        "kubectl get rs",
        "kubectl get pods",
        f"kubectl rollout status {name} --watch=false",
        f"kubectl rollout history {name}",
        f"kubectl describe {name}",
    ]


def lens(timeline: Timeline, deployment: str) -> dict[str, Any]:
    """What the commands print at every step.

    Returns:
        ``commands``: the command lines; ``lines``: every line that any of them prints;
        ``texts``: for each command a history, ``[[step, [line number, ...]], ...]``.
    """
    numbers: dict[str, int] = {}
    pods = len({c.object.name for c in timeline.changes if c.object.kind == "Pod"})
    size = pods * len(timeline.steps)
    views = _views(timeline) if size <= MOST else []
    texts = []
    for command in commands(deployment):
        too_many = not views or (command == "kubectl get pods" and size > MOST_LINES)
        texts.append(_history([LEFT_OUT] if too_many else _texts(command, views), numbers))
    return {"commands": commands(deployment), "texts": texts, "lines": list(numbers)}


def _texts(command: str, views: Sequence[View]) -> Iterator[str]:
    for view in views:
        answered = answer(command, view)
        yield f"{answered.stdout}{answered.stderr}".rstrip("\n")


def _history(texts: Iterable[str], numbers: dict[str, int]) -> list[list[Any]]:
    history: list[list[Any]] = []
    for step, text in enumerate(texts):
        row = [numbers.setdefault(line, len(numbers)) for line in text.splitlines()]
        if not history or history[-1][1] != row:
            history.append([step, row])
    return history


def _views(timeline: Timeline) -> list[View]:
    """The view of kubectl at every step: what the stage shows there, and its time."""
    film = Film(timeline)
    views = []
    for step in film.steps:
        t = film.times[2 * step.index]
        shown = min(step.stop, timeline.index_at(t)) if step.index else step.stop
        views.append(View(timeline.after(shown), t, timeline.epoch, {}, timeline))
    return views
