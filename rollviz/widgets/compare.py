"""Several runs, one above another, on one clock."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Any

import anywidget
import traitlets

from rollviz.compare import Comparison
from rollviz.figures import stage_data
from rollviz.film import squeeze
from rollviz.traffic import requests
from rollviz.widgets.stage import script, stylesheet

LEAD = 0.5
"""Seconds before each run's edit at which the common clock begins."""

QUICKEST, LONGEST = 8.0, 60.0
"""Seconds that playing all of it takes at normal speed, at least and at most."""


class CompareWidget(anywidget.AnyWidget):
    """The runs, and one clock with its controls.

    Traits: ``data``, a dict of :func:`compare_data`; ``step``, the moment on show, an index into
    its ``moments``; ``playing`` and ``speed`` as the player's.
    """

    _esm = script("dom", "film", "layout", "glyph", "sprite", "stage", "band", "icons", "compare")
    _css = stylesheet()
    data = traitlets.Dict().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    speed = traitlets.Float(1.0, min=0.01).tag(sync=True)

    def __init__(self, comparison: Comparison, **traits: Any) -> None:
        self.comparison = comparison
        super().__init__(data=compare_data(comparison), **traits)

    def __repr__(self) -> str:
        return repr(self.comparison)

    def at_zero(self) -> int:
        """The step at which the common clock stands at zero."""
        return bisect_right(self.data["moments"], 0.0) - 1

    def show(self, comparison: Comparison) -> None:
        """Show other runs, as near to the same moment as they have one."""
        self.comparison = comparison
        data = compare_data(comparison)
        with self.hold_sync():
            self.data = data
            self.step = min(self.step, len(data["moments"]) - 1)


def compare_data(comparison: Comparison) -> dict[str, Any]:
    """Everything there is to draw.

    Returns:
        ``runs``: for each its ``name``, its ``start`` in seconds, and its ``data`` as of
        :func:`rollviz.figures.stage_data`; ``zero``: what happened at the start; ``moments``:
        the seconds on the common clock at which something happens in one of them; ``scale``:
        ``[[second, place], ...]``; ``seconds``: how long playing all of it takes; ``table``:
        rows of text.
    """
    starts = comparison.starts
    runs: list[dict[str, Any]] = [
        {
            "name": name,
            "start": starts[name],
            "data": stage_data(run, traffic=requests(run, **comparison.traffic)),
        }
        for name, run in comparison.runs.items()
    ]
    times = {round(t - run["start"], 3) for run in runs for t in run["data"]["times"]}
    moments = sorted({-LEAD, *(t for t in times if t > -LEAD)})
    scale = squeeze(moments)
    return {
        "zero": comparison.zero,
        "runs": runs,
        "moments": moments,
        "scale": scale,
        "seconds": _playing_time(scale),
        "table": comparison.rows(),
    }


def _playing_time(scale: list[list[float]]) -> float:
    """As long as it took, silences drawn shorter left out."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(scale)]
    return min(max(1 / max(slopes, default=1.0), QUICKEST), LONGEST)
