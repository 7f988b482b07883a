"""The film as one SVG that moves by itself (SMIL), in pure Python.

For READMEs, slides, and notebooks without a kernel. Same data and same grammar as the stage.
An ``<img>`` may show it: it loads nothing, and runs no script.

>>> from rollviz.figures import stage_data
>>> from rollviz.timeline import Timeline
>>> svg(stage_data(Timeline())).startswith("<svg xmlns=")
True
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil
from textwrap import wrap
from typing import Any

from rollviz.cast import SHAPES, Json, value_at
from rollviz.figures import HUES
from rollviz.svg_parts import (
    STYLE,
    Clock,
    cut_off,
    glyphs,
    interpolate,
    number,
    plain_style,
    position,
    text_of,
)

WIDTH = 880
LEFT, RIGHT = 200, 760
"""Where pods, and the counts over time, begin and end, in pixels."""

ONE_BY_ONE = 60
"""More slots than this in a lane, and the pods are left out: only the counts are drawn."""

_HEAD, _GAP, _BAND, _WORDS, _LINE = 76, 10, 84, 100, 92


def svg(data: Json, step: int | None = None) -> str:
    """An SVG document of what :func:`rollviz.figures.stage_data` gave.

    Args:
        data: of any timeline, an empty one too.
        step: the still picture at that step; None for the film, which begins again after its
            end. A reader that knows no animation sees the last step.
    """
    return _Film(data, Clock(data, step)).document(STYLE)


def frame(data: Json, second: float, *, dark: bool = False) -> str:
    """The picture after so many seconds of the film, for what draws SVG and is no browser."""
    clock = Clock(data, position(data["seconds"], second), settled=False)
    return _Film(data, clock).document(plain_style(dark))


class _Film:
    """Lanes, exit strip, counts over time, sentences: from top to bottom."""

    def __init__(self, data: Json, clock: Clock) -> None:
        self.data = data
        self.clock = clock
        drawn = data["slots"] if data["slots"] <= ONE_BY_ONE else 0
        self.pitch, self.columns = _grid(max(drawn, 1))
        self.pods = data["pods"] if drawn else []
        self.lane = self._height(drawn, 56)
        self.exit = self._height(min(data["exits"], drawn), 34) if data["exits"] else 0
        self.exit_top = _HEAD + len(data["lanes"]) * (self.lane + _GAP)
        self.band_top = self.exit_top + self.exit + (20 if self.exit else 8)
        self.height = self.band_top + _BAND + _WORDS if data["name"] else 80

    def _height(self, slots: int, least: int) -> int:
        return max(least, ceil(slots / self.columns) * self.pitch + 12)

    def document(self, style: str) -> str:
        body = "".join(self._body() if self.data["name"] else _nothing())
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.height}" '
            f'viewBox="0 0 {WIDTH} {self.height}" role="img">'
            f"<title>{text_of('Rollout of ' + self.data['name'])}</title>"
            f"<style>{style}</style><defs>{glyphs(self.pitch * 0.77)}</defs>"
            f'<rect class="page" width="{WIDTH}" height="{self.height}" rx="12"/>{body}</svg>\n'
        )

    def _body(self) -> Iterator[str]:
        yield f'<text x="24" y="38" class="title">{text_of(cut_off(self.data["name"], 60))}</text>'
        steps = list(enumerate(self.data["steps"]))
        commands = [[max(k - 0.5, 0.0), s["command"]] for k, s in steps if s["command"]]
        for shown, (command,) in self.clock.turns(commands):
            words = text_of(cut_off(f"$ {command}", 100))
            yield f'<text x="24" y="60" class="mono muted"{shown}{words}</text>'
        for index, lane in enumerate(self.data["lanes"]):
            yield from self._lane(_HEAD + index * (self.lane + _GAP), lane)
        if self.exit:
            line = self.exit_top + self.exit
            yield f'<text x="42" y="{line - self.exit // 2 + 4}" class="muted">terminating</text>'
            yield f'<path class="line" d="M{LEFT} {line}H{RIGHT}"/>'
        for pod in self.pods:
            yield self._pod(pod)
        yield from self._counts()
        for shown, (sentence,) in self.clock.turns(
            [[max(k - 0.5, 0), s["sentence"]] for k, s in steps]
        ):
            yield f'<g class="sentence"{shown}{self._sentence(sentence)}</g>'

    def _sentence(self, sentence: str) -> str:
        lines = wrap(sentence, _LINE, max_lines=2, placeholder=" …")
        top = self.band_top + _BAND + 44
        return "".join(
            f'<text x="42" y="{top + 22 * i}">{text_of(line)}</text>'
            for i, line in enumerate(lines)
        )

    def _lane(self, top: int, lane: Json) -> Iterator[str]:
        middle = top + self.lane // 2
        yield f'<g class="h{lane["hue"] % len(HUES)}">'
        yield f'<rect class="lane" x="24" y="{top}" width="832" height="{self.lane}" rx="9"/>'
        yield f'<rect class="hue" x="24" y="{top}" width="5" height="{self.lane}" rx="2"/>'
        for shown, (revision, was) in self.clock.turns(lane["revision"]):
            words = f"revision {revision}" + (f" (was {', '.join(map(str, was))})" if was else "")
            yield f'<text x="42" y="{middle - 5}" class="strong"{shown}{words}</text>'
        image = text_of(cut_off(lane["image"], 19))
        yield f'<text x="42" y="{middle + 14}" class="mono image">{image}</text>'
        for shown, (desired, _, ready) in self.clock.turns(lane["size"]):
            words = f"desired {desired} · ready {ready}"
            yield f'<text x="838" y="{middle + 5}" class="end"{shown}{words}</text>'
        yield "</g>"

    def _pod(self, pod: Json) -> str:
        lane = self.data["lanes"][pod["lane"]]
        looks = "".join(
            f'<use href="#{self._shape(look)}"{shown}</use>'
            for shown, (look,) in self.clock.turns(pod["looks"])
            if look >= 0
        )
        return f'<g class="h{lane["hue"] % len(HUES)}"{self._walk(pod)}{looks}</g>' if looks else ""

    def _walk(self, pod: Json) -> str:
        """Where a pod stands: in its slot, and from when it terminates in the exit strip."""
        top = _HEAD + pod["lane"] * (self.lane + _GAP)
        slot = self._spot(top, self.lane, self.data["slots"], pod["slot"])
        begins = [p for p, look in pod["looks"] if look >= 0 and self._shape(look) == "terminating"]
        if not begins:
            return f' transform="translate({_pair(slot)})">'
        exit = self._spot(self.exit_top, self.exit, self.data["exits"], pod["exit"])
        part = self.clock.sunk(begins[0])
        now = tuple(a + part * (b - a) for a, b in zip(slot, exit, strict=True))
        times = [0.0, self.clock.at(begins[0]), self.clock.moved(begins[0]), 1.0]
        spots = [_pair(slot), _pair(slot), _pair(exit), _pair(exit)]
        moves = self.clock.animate("transform", spots, times, ' type="translate"')
        return f' transform="translate({_pair(now)})">{moves}'

    def _shape(self, look: int) -> str:
        return str(self.data["looks"][look][0])

    def _spot(self, top: float, height: float, slots: int, slot: int) -> tuple[float, float]:
        rows = ceil(slots / self.columns)
        x = LEFT + (slot % self.columns + 0.5) * self.pitch
        y = top + (height - rows * self.pitch) / 2 + (slot // self.columns + 0.5) * self.pitch
        return x, y

    def _counts(self) -> Iterator[str]:
        """The three counts over time, floor and ceiling, and the playhead."""
        most: int = max([1, *(row[3] for row in self.data["band"])], default=1)
        most = max(most, *(row[8] or row[1] for row in self.data["spec"]))
        ground = self.band_top + _BAND

        def y(pods: int) -> float:
            return ground - pods / most * (_BAND - 6)

        for column, name in ((3, "everything"), (2, "counted")):
            rows = [[row[0], y(row[column])] for row in self.data["band"]]
            yield f'<path class="{name}" d="{self._area(rows)}"/>'
        for i in reversed(range(len(self.data["lanes"]))):
            rows = [[p, y(pods)] for p, pods in _available(self.data["lanes"][: i + 1])]
            hue = self.data["lanes"][i]["hue"] % len(HUES)
            yield f'<path class="hue h{hue}" d="{self._area(rows)}"/>'
        yield from self._fence(y)
        yield f'<path class="line" d="M{LEFT} {ground}H{RIGHT}"/>{self._playhead()}'

    def _fence(self, y: Any) -> Iterator[str]:
        for shown, spec in self.clock.turns(self.data["spec"]):
            for name, pods in (("floor", spec[6]), ("ceiling", spec[7])):
                if pods is not None:
                    at = number(y(pods))
                    yield f'<g class="{name}"{shown}<path d="M{LEFT} {at}H{RIGHT}"/>'
                    yield f'<text x="{RIGHT + 8}" y="{at}" dy="4">{name} {pods}</text></g>'

    def _area(self, rows: Sequence[Sequence[float]]) -> str:
        if not rows:
            return ""
        ground = self.band_top + _BAND
        points = {round(2 * self._x(p)) / 2: y for p, y in rows}
        steps = "".join(f"H{number(x)}V{number(y)}" for x, y in points.items())
        return f"M{number(self._x(rows[0][0]))} {ground}{steps}H{RIGHT}V{ground}z"

    def _x(self, p: float) -> float:
        """Where position ``p`` lies on the axis of time."""
        t = interpolate(self.data["times"], p)
        scale: list[list[float]] = self.data["scale"]
        for (t0, x0), (t1, x1) in pairwise(scale):
            if t <= t1:
                return LEFT + (RIGHT - LEFT) * (x0 + (t - t0) / ((t1 - t0) or 1) * (x1 - x0))
        return RIGHT

    def _playhead(self) -> str:
        """A line at the present, and a veil over what is still to come."""
        halves = [k / 2 for k in range(len(self.data["times"]))]
        xs = [round(self._x(p), 1) for p in halves]
        times = [self.clock.at(p) for p in halves]
        x = round(self._x(self.clock.p), 1)
        widths = [round(RIGHT - at, 1) for at in xs]
        times, xs, widths = [*times, 1.0], [*xs, xs[-1]], [*widths, widths[-1]]
        box = f'y="{self.band_top}" height="{_BAND - 1}"'
        moves = self.clock.animate("x", xs, times)
        shrinks = self.clock.animate("width", widths, times)
        return (
            f'<rect class="veil" x="{x}" width="{RIGHT - x:.1f}" {box}>{moves}{shrinks}</rect>'
            f'<rect class="playhead" x="{x}" width="1.5" {box}>{moves}</rect>'
        )


def _pair(spot: tuple[float, ...]) -> str:
    return " ".join(number(float(each)) for each in spot)


def _available(lanes: Sequence[Json]) -> list[list[Any]]:
    """How many pods of these lanes are available, as a history."""
    moments = sorted({row[0] for lane in lanes for row in lane["counts"]})
    column = 1 + SHAPES.index("available")
    return [[p, sum(value_at(lane["counts"], p, column) for lane in lanes)] for p in moments]


def _nothing() -> Iterator[str]:
    words = "This timeline is empty: nothing has happened yet."
    yield f'<text x="24" y="46" class="muted">{words}</text>'


def _grid(slots: int) -> tuple[int, int]:
    """The size of a cell, in pixels, and how many stand in a row: the largest that fit."""
    for pitch in (52, 46, 40, 34, 28):
        columns = (RIGHT - LEFT) // pitch
        if ceil(slots / columns) * pitch <= 92:
            return pitch, columns
    return 28, (RIGHT - LEFT) // 28
