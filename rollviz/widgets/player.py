"""The player: watch a timeline, step through it, ask why."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets

from rollviz.figures import stage_data
from rollviz.gif import gif
from rollviz.lens import lens
from rollviz.metrics import rollout
from rollviz.svg import svg
from rollviz.timeline import Timeline
from rollviz.traffic import Request, requests
from rollviz.widgets import fallback
from rollviz.widgets.page import packed, page
from rollviz.widgets.stage import Stage

MOST_REQUESTS = 240
"""Requests that the strip below the counts has room for; a longer timeline gets fewer a second."""


_QUICK = 1
"""How hard to pack what a browser waits for: half a millisecond, to a fifth."""


class Player(Stage):
    """Everything there is to see of one timeline.

    To a browser the ``data`` goes packed: ipywidgets would take longer to look all of it
    through for binary values than it takes to pack it.

    Args:
        timeline: simulated, recorded or live; an empty one says so in place.
        deployment: which Deployment; by default the timeline's first.
        present: for a projector: large type, no controls; PageUp and PageDown (a clicker) go
            to the previous and the next decision, W shows the working.
        traffic: the requests to show, by default an even stream of them to the Service; [] for
            none.

    >>> from rollviz.timeline import Timeline
    >>> Player(Timeline())
    <Player of an empty timeline: 0 steps>
    """

    data = traitlets.Dict().tag(sync=True, to_json=lambda data, _: packed(data, _QUICK))

    def __init__(
        self,
        timeline: Timeline,
        *,
        deployment: str | None = None,
        present: bool = False,
        traffic: Sequence[Request] | None = None,
    ) -> None:
        self.timeline = timeline
        if traffic is None:
            pace = min(10.0, MOST_REQUESTS / max(timeline.duration, 1.0))
            traffic = requests(timeline, pace, deployment=deployment)
        data = stage_data(timeline, deployment, traffic=traffic)
        if data["name"]:
            data["lens"] = lens(timeline, data["name"])
        super().__init__(data=data, present=present)

    def _ipython_display_(self, **_: Any) -> None:
        fallback.show(self, fallback.film(self.data, repr(self)))

    def to_svg(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the film as one SVG that moves by itself, for READMEs and slides.

        Raises:
            FileExistsError: there is such a file, and it may not be overwritten.
        """
        return _write(path, svg(self.data), overwrite)

    def to_gif(self, path: str | Path, *, dark: bool = False, overwrite: bool = False) -> Path:
        """Write the film as a GIF, for slides and chats that take no SVG.

        Args:
            path: the file to make.
            dark: light on dark, else dark on light.
            overwrite: whether there may be such a file already.

        Raises:
            FileExistsError: there is such a file, and it may not be overwritten.
            ModuleNotFoundError: ``rollviz[gif]`` is not installed.
            RuntimeError: this machine has no font to write with.
        """
        path = Path(path)
        if path.exists() and not overwrite:  # known before all of it is drawn
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        return _write(path, gif(self.data, dark=dark), overwrite)

    def to_html(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write one page that plays offline in any browser: no kernel, nothing to load.

        Raises:
            FileExistsError: there is such a file, and it may not be overwritten.
        """
        title = f"Rollout of {self.data['name']}" if self.data["name"] else "An empty timeline"
        return _write(path, page(self.data, title, step=self.step, present=self.present), overwrite)


def _write(path: str | Path, content: str | bytes, overwrite: bool) -> Path:
    path = Path(path)
    with path.open("wb" if overwrite else "xb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path


def play(timeline: Timeline, present: bool = False, **options: Any) -> Player:
    """Play a timeline: the widget to look at. See :class:`Player` for the options.

    It opens where the last rollout is about to begin; what was before is to the left of there.

    >>> from rollviz.timeline import Timeline
    >>> play(Timeline()).step
    0
    """
    player = Player(timeline, present=present, **options)
    if player.data["name"]:
        player.step = before_rollout(timeline, player.data["name"])
    return player


def before_rollout(timeline: Timeline, deployment: str | None = None) -> int:
    """The index of the last step before a Deployment's last rollout."""
    start = rollout(timeline, deployment=deployment).start
    return max((step.index for step in timeline.steps if step.t < start), default=0)
