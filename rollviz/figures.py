"""A timeline as data to draw: pure functions that know no browser.

``stage_data`` is all that the stage needs, computed once: which lane and slot a pod has, how
it looks when, the three counts over time, and each step in words. What draws it
(``widgets/stage.js``, ``rollviz.still``) only looks things up.

Everything that changes is a *history*, ``[[p, value...], ...]``: from position ``p`` of the
:class:`~rollviz.film.Film` on it has these values, until the next row.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from rollviz.cast import SHAPES, Cast, History, Json, value_at
from rollviz.controller.decision import Decision
from rollviz.explain import Line, arithmetic, worded
from rollviz.explain.scene import Scene, scenes
from rollviz.film import Film, squeeze
from rollviz.plotting import INK, plain
from rollviz.timeline import Change, Timeline
from rollviz.traffic import Request

if TYPE_CHECKING:
    import plotly.graph_objects as go

HUES = (
    ("#0072b2", "#4ba6e8"),
    ("#cf7a00", "#f2a73b"),
    ("#a8538a", "#d98fbd"),
    ("#00866a", "#2fbf9b"),
    ("#c44e00", "#f07f3c"),
    ("#4b62c4", "#93a5f5"),
)
"""A version's hue on light and on dark: Okabe and Ito's set, each shifted until it has a
contrast of 3 to its background. Versions take them in the order in which they appear."""


def stage_data(
    timeline: Timeline, deployment: str | None = None, *, traffic: Sequence[Request] = ()
) -> Json:
    """Everything there is to draw of one Deployment's timeline, as compact JSON.

    Args:
        timeline: simulated, recorded or live; it may be empty.
        deployment: which Deployment; by default the timeline's first.
        traffic: requests to show below the counts, from :func:`rollviz.traffic.requests`.

    Returns:
        A dict with these keys, positions ``p`` as in :class:`~rollviz.film.Film`:

        - ``name``, ``source``: of the Deployment, of the timeline; ``name`` is "" where there
          is no Deployment to show.
        - ``times``, ``seconds``: the film's two clocks, one entry for each half position.
        - ``scale``: ``[[second, place], ...]`` to draw time with.
        - ``spec``: history of ``replicas, strategy, max_surge, max_unavailable`` as written,
          ``surge, unavailable`` in pods, ``floor, ceiling`` in pods (None under Recreate).
        - ``lanes``: one for each ReplicaSet, oldest first: ``name``, ``hash``, ``image``,
          ``hue`` (an index into ``HUES``), and the histories ``alive`` (1 or 0), ``revision``
          (revision, those it had before), ``cause``, ``size`` (desired, current, ready) and
          ``counts`` (how many pods have each of ``SHAPES``).
        - ``pods``: ``name``, ``lane`` (index), ``slot`` in its lane, ``exit`` (slot in the
          exit strip, None if it never got there), and the histories ``looks`` (an index into
          the data's ``looks``, or -1 once it is gone) and ``on`` (node index or -1, slot there).
        - ``looks``: ``[shape, word]``: one of ``SHAPES``, and kubectl's word for it.
        - ``slots``, ``exits``, ``node_slots``: how many slots a lane, the strip, a node needs.
        - ``nodes``: names of the nodes.
        - ``band``: history of the three counts: available, not terminating, everything.
        - ``steps``: ``kind``, ``command`` (or None), ``decision`` (1 where something scaled),
          ``sentence``, ``working`` (indices into ``lines``), ``source`` (the file and function
          of Kubernetes behind it, or "").
        - ``lines``: ``[label, expression, value]``, a line of some step's arithmetic.
        - ``events``: ``[p, type, reason, object, message, count]`` as they came.
        - ``traffic``: ``[[second, lane], ...]``, lane -1 where the request failed.

    Raises:
        KeyError: the timeline has no Deployment of that name; says which there are.

    >>> stage_data(Timeline())["name"]
    ''
    """
    film = Film(timeline)
    cast = Cast(timeline.changes, _pick(timeline, deployment))
    # Not strict: a live timeline may have got more since its steps were read.
    for change, p in zip(timeline.changes, film.positions(), strict=False):
        cast.take(change, p)
    return {
        "name": cast.name,
        "source": timeline.source,
        "times": film.times,
        "seconds": film.seconds,
        "scale": squeeze([*film.times, *(change.t for change in timeline.changes)]),
        **cast.data(),
        **_words(timeline),
        "traffic": [[round(r.t, 3), cast.lane_of(r.replica_set, r.failed)] for r in traffic],
    }


def chart(timeline: Timeline, deployment: str | None = None) -> go.Figure:
    """The three counts over time against floor and ceiling: a plotly figure to hover and zoom in.

    The available pods are stacked by version in the stage's hues; everything is in pods and
    seconds. It has no background, so it takes on that of the page. Empty without a Deployment.

    Raises:
        KeyError: the timeline has no Deployment of that name; says which there are.
        ModuleNotFoundError: plotly is not installed.
    """
    import plotly.graph_objects as go

    name = _pick(timeline, deployment)
    cast = Cast(timeline.changes, name)
    for change in timeline.changes:
        cast.take(change, change.t)
    data, end = cast.data(), timeline.duration
    figure = plain(go.Figure(), escape(name or "This timeline is empty"))
    figure.add_traces(_served(data["lanes"], end))
    for kind, column, words, line in _LINES:
        figure.add_trace(_steps_of(data[kind], end, column, words) | {"line": _SQUARE | line})
    figure.update_xaxes(title="seconds", rangemode="tozero")
    figure.update_yaxes(title="pods", rangemode="tozero", tickformat="d")
    figure.update_layout(hovermode="x unified")
    return figure


_SQUARE: Json = {"shape": "hv"}
_LINES: tuple[tuple[str, int, str, Json], ...] = (
    ("band", 2, "not terminating", {"color": INK, "width": 1.5}),
    ("band", 3, "everything", {"color": INK, "width": 1.5, "dash": "dot"}),
    ("band", 1, "available", {"color": INK, "width": 3}),
    ("spec", 7, "floor", {"color": "#2e9e5b", "width": 2, "dash": "dash"}),
    ("spec", 8, "ceiling", {"color": "#d64a42", "width": 2, "dash": "dash"}),
)


def _served(lanes: Sequence[Json], end: float) -> list[Json]:
    """Each version's available pods, as areas on top of each other."""
    column = 1 + SHAPES.index("available")
    moments = sorted({row[0] for lane in lanes for row in lane["counts"]})
    traces = []
    for lane in lanes:
        history = [[t, value_at(lane["counts"], t, column)] for t in moments]
        hue = HUES[lane["hue"] % len(HUES)][0]
        area = {"stackgroup": "available", "fillcolor": hue, "line": _SQUARE | {"width": 0}}
        traces.append(_steps_of(history, end, 1, escape(lane["image"])) | area)
    return traces


def _steps_of(history: History, end: float, column: int, name: str) -> Json:
    """One value of a history over time, up to its end, as a plotly trace."""
    rows = [*history, [end, *history[-1][1:]]] if history else []
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [row[0] for row in rows],
        "y": [row[column] for row in rows],
    }


def _pick(timeline: Timeline, name: str | None) -> str:
    """The name of the Deployment to show; "" where there is none."""
    names = list(dict.fromkeys(c.object.name for c in timeline.changes if _is_deployment(c)))
    if name is not None and name not in names:
        there = ", ".join(names) or "none"
        raise KeyError(f"deployment: {name!r} is not in this timeline, which has {there}")
    return name or (names[0] if names else "")


def _is_deployment(change: Change) -> bool:
    return change.object.kind == "Deployment"


def _words(timeline: Timeline) -> Json:
    """Every step in words."""
    lines: dict[Line, int] = {}
    steps = [step_words(scene, lines) for scene in scenes(timeline)]
    return {"steps": steps, "lines": [list(line) for line in lines]}


def step_words(scene: Scene, lines: dict[Line, int]) -> Json:
    """One of the ``steps`` of ``stage_data``; a line of working that is new goes into ``lines``."""
    step, decision = scene.step, scene.decision if scene.step.index else None
    working = arithmetic(decision) if decision else []
    return {
        "kind": step.kind,
        "command": step.command.run if step.command else None,
        "decision": int(step.scaling is not None),
        "sentence": worded(scene),
        "working": [lines.setdefault(line, len(lines)) for line in working],
        "source": _source(decision) if decision else "",
    }


def _source(decision: Decision) -> str:
    """``rolling.go reconcileOldReplicaSets``: where to read on in Kubernetes."""
    first, *words = decision.function.split("_")
    return f"{decision.source} {first}{''.join(map(str.capitalize, words))}".strip()
