"""Two to four runs side by side: what each of them costs, on one clock.

>>> from rollviz.scenario import simulate
>>> web = '''
... apiVersion: apps/v1
... kind: Deployment
... metadata: {name: web}
... spec:
...   replicas: 5
...   strategy: {type: Recreate}
...   selector: {matchLabels: {app: web}}
...   template:
...     metadata: {labels: {app: web}}
...     spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
... '''
>>> restart = "kubectl rollout restart deployment/web"
>>> recreate = simulate(web, restart)
>>> rolling = simulate(web.replace("Recreate", "RollingUpdate"), restart)
>>> compare({"Recreate": recreate, "RollingUpdate": rolling})
                        Recreate  RollingUpdate
duration (s)                 3.2            4.2
downtime (s)                 2.1            0.0
least available (pods)         0              4
most pods                      5              9
pod-seconds                 15.5           36.9
requests                      31             51
failed requests               22              0
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

from rollviz.metrics import LABELS, Level, Metrics, levels, metrics, rollout
from rollviz.objects import Json
from rollviz.plotting import INK, plain
from rollviz.timeline import Timeline

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from rollviz.widgets.compare import CompareWidget

MOST_RUNS = 4
MOST_REQUESTS = 240
"""Requests that a strip has room for; longer runs get fewer a second."""

DASHES = ("solid", "dash", "dot", "dashdot")
"""How the lines of the runs differ: hue says version, and a run has several."""


def compare(
    runs: Mapping[str, Timeline], *, traffic: Mapping[str, Any] | None = None
) -> Comparison:
    """Compare two to four runs, each from the edit that began its last rollout.

    Args:
        runs: a name for each timeline.
        traffic: as for :func:`rollviz.metrics.metrics`.

    Returns:
        The comparison: in a notebook all runs play on one clock. ``.table`` has the numbers,
        ``.figure()`` the availability of all as a chart.

    Raises:
        ValueError: fewer than two runs or more than four, or one of them is no timeline or
            holds no Deployment; says which.
    """
    if not isinstance(runs, Mapping) or not 2 <= len(runs) <= MOST_RUNS:
        raise ValueError(f"runs: give two to {MOST_RUNS}, as in " + '{"Recreate": a, "Rolling": b}')
    return Comparison({str(name): _timeline(name, run) for name, run in runs.items()}, traffic)


def _timeline(name: str, run: Any) -> Timeline:
    timeline = run if isinstance(run, Timeline) else getattr(run, "timeline", None)
    if not isinstance(timeline, Timeline):
        raise ValueError(f"runs[{name!r}]: {type(run).__name__} is not a timeline")
    if not timeline.last.deployments and not len(timeline):
        raise ValueError(f"runs[{name!r}]: an empty timeline: nothing to compare")
    return timeline


def _pace(runs: Iterable[Timeline]) -> float:
    """Requests a second: the same for all, and no more than the strip has room for."""
    return min(10.0, MOST_REQUESTS / max(1.0, *(run.duration for run in runs)))


class Comparison:
    """Runs, and what each of them cost. Made by :func:`compare`.

    Attributes:
        runs: the timelines, by name.
        metrics: what each of them cost, by name.
        starts: each run's second that is zero on the common clock: where its last rollout began.
        zero: what happened then: ``edit``, or ``fork``.
    """

    def __init__(
        self,
        runs: Mapping[str, Timeline],
        traffic: Mapping[str, Any] | None = None,
        *,
        since: Mapping[str, float] | None = None,
        zero: str = "edit",
    ) -> None:
        self.runs = dict(runs)
        self.zero = zero
        self.starts = dict(since or {name: rollout(run).start for name, run in runs.items()})
        self.traffic = {"per_second": _pace(self.runs.values()), **(traffic or {})}
        self.metrics: dict[str, Metrics] = {
            name: metrics(timeline, (since or {}).get(name), traffic=self.traffic)
            for name, timeline in runs.items()
        }
        self._widget: CompareWidget | None = None

    @property
    def table(self) -> list[Json]:
        """One row a run: its name, then every metric."""
        return [{"run": name, **asdict(measured)} for name, measured in self.metrics.items()]

    def rows(self) -> list[list[str]]:
        """The table as text, one row a metric, one column a run, after a row of names."""
        lines = [
            [label, *(measured.text(metric) for measured in self.metrics.values())]
            for metric, label in LABELS.items()
        ]
        return [["", *self.runs], *lines]

    def __repr__(self) -> str:
        rows = self.rows()
        wide = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(
            f"{row[0]:{wide[0]}}"
            + "".join(f"  {cell:>{w}}" for cell, w in zip(row[1:], wide[1:], strict=True))
            for row in rows
        )

    def figure(self) -> go.Figure:
        """The availability of all runs over the seconds since each one's edit."""
        import plotly.graph_objects as go

        figure = plain(go.Figure(), "available pods")
        for dash, name in zip(DASHES, self.runs, strict=False):
            seconds, pods = self._availability(name)
            line = {"shape": "hv", "dash": dash, "color": INK, "width": 3}
            figure.add_scatter(x=seconds, y=pods, name=escape(name), mode="lines", line=line)
        figure.update_xaxes(title=f"seconds since the {self.zero}")
        figure.update_yaxes(rangemode="tozero", dtick=1 if self._most() < 12 else None)
        return figure

    def _availability(self, name: str) -> tuple[list[float], list[int]]:
        """The available pods of a run as points, from a second before its edit on."""
        start, timeline = self.starts[name], self.runs[name]
        before = [level for level in levels(timeline) if level.t < start][-1:]
        during = [level for level in levels(timeline) if level.t >= start]
        end = max(self.runs[n].duration - self.starts[n] for n in self.runs)
        points = [level._replace(t=start - 1.0) for level in before] + during
        points.append(Level(start + end, (during or before)[-1].counts))
        return (
            [round(level.t - start, 3) for level in points],
            [level.counts.available for level in points],
        )

    def _most(self) -> int:
        return max(level.counts.available for run in self.runs.values() for level in levels(run))

    def _ipython_display_(self, **_: Any) -> None:
        from rollviz.widgets.fallback import show, still

        runs = [(run["name"], run["data"]) for run in self.widget.data["runs"]]
        pictures = (f"<p><b>{escape(name)}</b></p>{still(data, name)}" for name, data in runs)
        show(self, f"{''.join(pictures)}<pre>{escape(repr(self))}</pre>")

    @property
    def widget(self) -> CompareWidget:
        """What plays the runs; one for each comparison."""
        from rollviz.widgets.compare import CompareWidget

        if self._widget is None:
            self._widget = CompareWidget(self)
        return self._widget

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget._repr_mimebundle_(**kwargs)
