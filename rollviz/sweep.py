"""One rollout under many settings: a grid of maxSurge by maxUnavailable, measured.

>>> web = '''
... apiVersion: apps/v1
... kind: Deployment
... metadata: {name: web}
... spec:
...   replicas: 4
...   selector: {matchLabels: {app: web}}
...   template:
...     metadata: {labels: {app: web}}
...     spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
... '''
>>> sweep(web, max_surge=[0, 1, "100%"], max_unavailable=[0, "25%"], metric="most_pods")
most pods of "kubectl rollout restart deployment/web"
                maxUnavailable
maxSurge        0      25%
       0  refused        5
       1        6        7
    100%        8        8
refused: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when \
`maxSurge` is 0
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from itertools import product
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TypeVar

from rollviz import manifest as manifests
from rollviz.metrics import LABELS, Metrics, metrics
from rollviz.objects import Json
from rollviz.plotting import plain
from rollviz.progress import with_progress
from rollviz.scenario import simulate

if TYPE_CHECKING:
    import plotly.graph_objects as go

_FIELDS = [field.name for field in fields(Metrics)]

Knob = int | str
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair of settings: what it came to, or in which words the API server refused it."""

    max_surge: Knob
    max_unavailable: Knob
    metrics: Metrics | None
    refused: str = ""

    def text(self, metric: str) -> str:
        """The value as people read it."""
        return self.metrics.text(metric) if self.metrics else "refused"

    def value(self, metric: str) -> float | None:
        """The value, None where there is none."""
        return None if self.text(metric) in ("refused", "never") else getattr(self.metrics, metric)


@dataclass(frozen=True, repr=False)
class Sweep:
    """A grid of measured rollouts. Made by :func:`sweep`.

    Attributes:
        metric: the one that the repr and the figure show, unless told otherwise.
        command: what was run on each.
        max_surge, max_unavailable: the settings, in their order.
        cells: one for each pair, row by row: maxSurge is the row.
    """

    metric: str
    command: str
    max_surge: Sequence[Knob]
    max_unavailable: Sequence[Knob]
    cells: Sequence[Cell]

    @property
    def table(self) -> list[Json]:
        """One row a cell: the settings, then every metric, None where it was refused."""
        return [
            {
                "max_surge": cell.max_surge,
                "max_unavailable": cell.max_unavailable,
                **(asdict(cell.metrics) if cell.metrics else dict.fromkeys(_FIELDS)),
                "refused": cell.refused,
            }
            for cell in self.cells
        ]

    def __repr__(self) -> str:
        head = f'{LABELS[self.metric]} of "{self.command}"'
        texts = [cell.text(self.metric) for cell in self.cells]
        wide = max(map(len, [*map(str, self.max_unavailable), *texts])) + 2
        lines = [head, f"{'':16}maxUnavailable", _line("maxSurge", self.max_unavailable, wide)]
        for surge, row in zip(self.max_surge, self._rows(texts), strict=True):
            lines.append(_line(str(surge), row, wide))
        refusals = dict.fromkeys(cell.refused for cell in self.cells if cell.refused)
        return "\n".join([*lines, *(f"refused: {words}" for words in refusals)])

    def _rows(self, values: Sequence[T]) -> list[Sequence[T]]:
        wide = len(self.max_unavailable)
        return [values[i : i + wide] for i in range(0, len(values), wide)]

    def figure(self, metric: str | None = None) -> go.Figure:
        """A heat map of a metric, by default the one that was asked for.

        Raises:
            ValueError: there is no such metric.
        """
        import plotly.graph_objects as go

        metric = _known(metric or self.metric)
        heat = go.Heatmap(
            x=list(map(str, self.max_unavailable)),
            y=list(map(str, self.max_surge)),
            z=self._rows([cell.value(metric) for cell in self.cells]),
            text=self._rows(
                ["" if _missing(cell, metric) else cell.text(metric) for cell in self.cells]
            ),
            customdata=self._rows([_hover(cell) for cell in self.cells]),
            texttemplate="%{text}",
            hovertemplate="%{customdata}<extra></extra>",
            colorscale="Cividis",
            xgap=3,
            ygap=3,
            showscale=False,  # every cell says its number
        )
        figure = plain(go.Figure(heat), LABELS[metric], escape(self.command))
        for cell in self.cells:
            if _missing(cell, metric):  # on no colour, so in our ink and not in plotly's choice
                figure.add_annotation(
                    x=str(cell.max_unavailable),
                    y=str(cell.max_surge),
                    text=cell.text(metric),
                    hovertext=_hover(cell),
                    showarrow=False,
                )
        # Categories, so that plotly takes 0 and 1 for names and not for numbers.
        figure.update_xaxes(type="category", showgrid=False, title="maxUnavailable")
        return figure.update_yaxes(type="category", showgrid=False, title="maxSurge")


def _missing(cell: Cell, metric: str) -> bool:
    return cell.value(metric) is None


def _line(head: str, values: Iterable[Any], wide: int) -> str:
    return f"{head:>8}" + "".join(f"{value!s:>{wide}}" for value in values)


def _hover(cell: Cell) -> str:
    """Everything about a cell, in plotly's markup."""
    head = f"<b>maxSurge {cell.max_surge}, maxUnavailable {cell.max_unavailable}</b>"
    if cell.metrics is None:
        return "<br>".join(
            [head, "The API server refuses it:", *map(escape, wrap(cell.refused, 50))]
        )
    rows = [f"{label}: {cell.text(name)}" for name, label in LABELS.items()]
    return "<br>".join([head, *rows])


# --- running it -----------------------------------------------------------------------------


def sweep(
    manifest: manifests.Source,
    *commands: str,
    max_surge: Sequence[Knob],
    max_unavailable: Sequence[Knob],
    metric: str = "duration",
    traffic: Mapping[str, Any] | None = None,
    **behaviour: Any,
) -> Sweep:
    """Simulate a rollout under every pair of settings, and measure it.

    Args:
        manifest: a file's path, its YAML text, or the manifest as a dict; its own strategy is
            replaced.
        commands: kubectl command lines as for :func:`rollviz.simulate`; by default a
            ``kubectl rollout restart``, which replaces every pod.
        max_surge: the settings to try, in pods (``1``) or percent (``"25%"``).
        max_unavailable: likewise.
        metric: the one to look at first: a field of :class:`rollviz.metrics.Metrics`.
        traffic: as for :func:`rollviz.metrics.metrics`.
        behaviour: as for :func:`rollviz.simulate`: ``startup_seconds``, ``nodes`` and so on.

    Returns:
        The grid: ``.table``, ``.figure()``, and a text as its repr. A pair that the API server
        refuses is in it with the server's words.

    Raises:
        ManifestError: the manifest is refused whatever the settings are.
        ValueError: a setting is neither a number of pods nor a percentage, there is none, there
            is no such metric, or kubectl refuses a command.
    """
    surges, unavailables = (
        _knobs("max_surge", max_surge),
        _knobs("max_unavailable", max_unavailable),
    )
    metric = _known(metric)
    given = manifests.read(manifest)
    manifests.check(_with_strategy(given, "25%", "25%"))
    run = commands or (f"kubectl rollout restart deployment/{given['metadata']['name']}",)
    pairs = list(product(surges, unavailables))
    cells = [
        _measure(given, run, surge, unavailable, traffic, behaviour)
        for surge, unavailable in with_progress(pairs, "sweep")
    ]
    return Sweep(metric, run[-1], surges, unavailables, cells)


def _measure(
    given: Json,
    commands: Sequence[str],
    surge: Knob,
    unavailable: Knob,
    traffic: Mapping[str, Any] | None,
    behaviour: Mapping[str, Any],
) -> Cell:
    manifest = _with_strategy(given, surge, unavailable)
    try:
        manifests.check(manifest)
    except manifests.ManifestError as error:
        return Cell(surge, unavailable, None, "; ".join(map(str, error.causes)) or error.message)
    timeline = simulate(manifest, *commands, **behaviour)
    for command in timeline.commands:
        if command.exit_code:
            raise ValueError(f"{command.run}: {command.stderr.strip()}")
    return Cell(surge, unavailable, metrics(timeline, traffic=traffic))


def _with_strategy(given: Json, surge: Knob, unavailable: Knob) -> Json:
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    return {**given, "spec": {**(given.get("spec") or {}), "strategy": strategy}}


def _knobs(name: str, given: Sequence[Knob]) -> list[Knob]:
    knobs = list(dict.fromkeys(given)) if isinstance(given, Iterable) else []
    if isinstance(given, str) or not knobs:
        raise ValueError(f"{name}: give a list of settings to try, as in [0, 1, '25%']")
    for knob in knobs:
        pods = isinstance(knob, int) and not isinstance(knob, bool)
        if not pods and not (isinstance(knob, str) and re.fullmatch(r"\d+%", knob)):
            raise ValueError(
                f"{name}: {knob!r} is neither a number of pods nor a percentage: 1, '25%'"
            )
    return knobs


def _known(metric: str) -> str:
    if metric not in LABELS:
        raise ValueError(f"metric: there is no {metric!r}, but {', '.join(LABELS)}")
    return metric
