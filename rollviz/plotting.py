"""How charts look: on no background of their own, in ink that reads on light and on dark."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

INK = "#7d8590"
"""Grey with a contrast of at least 3.7 to white and to JupyterLab's dark."""

CLEAR = "rgba(0,0,0,0)"
_MODE_BAR = {
    "remove": ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d"],
    "bgcolor": CLEAR,
}
"""plotly's mode bar without the buttons that are no use here; the first uploads to a cloud."""


def plain(figure: go.Figure, title: str, subtitle: str = "") -> go.Figure:
    """Give a figure a title, our ink, and no background; the same figure.

    On a phone it keeps its width: the legend stands below it and not beside it.
    """
    grid = "rgba(125,133,144,0.25)"
    figure.update_layout(
        template="none",
        title={
            "text": title,
            "font": {"size": 15},
            "subtitle": {"text": subtitle, "font": {"size": 12}},
            "x": 0,
            "pad": {"l": 20},
        },
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
        font={"color": INK, "size": 13},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        modebar=_MODE_BAR,
        margin={"l": 70, "r": 20, "t": 60, "b": 50},
    )
    figure.update_xaxes(gridcolor=grid, zeroline=False, linecolor=grid, automargin=True)
    figure.update_yaxes(gridcolor=grid, zeroline=False, linecolor=grid, automargin=True)
    if sys.platform == "emscripten":
        # Python in the browser has no nbformat, which plotly's own display asks for (and does
        # not use). Without that display IPython takes the same data from the figure.
        figure._ipython_display_ = None
    return figure
