"""What an SVG film is put together from: its clock, the shapes of pods, its colours.

``widgets/glyph.js`` and ``widgets/rollviz.css`` are the same for the stage.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from rollviz.cast import Json
from rollviz.figures import HUES

HOLD = 3.0
"""Seconds that the last picture stays before the film begins again."""

MOVE = 0.5
"""Seconds that a pod takes to sink."""


class Clock:
    """What is visible when: as attributes, and as animations if the picture moves."""

    def __init__(self, data: Json, p: float | None, *, settled: bool = True) -> None:
        """Of a film, or where ``p`` is given, of one picture: as of then, or settled."""
        self.p = float(len(data["steps"]) - 1 if p is None else p)
        self.moves = p is None
        self._settled = settled
        self._seconds: list[float] = data["seconds"]
        self._length: float = round(self._seconds[-1] + HOLD, 2)

    def at(self, p: float) -> float:
        """How far into the film, 0 to 1, position ``p`` is."""
        return interpolate(self._seconds, p) / self._length

    def moved(self, p: float) -> float:
        """The same for the end of a move that begins at ``p``."""
        return min(self.at(p) + MOVE / self._length, 0.999)

    def sunk(self, begin: float) -> float:
        """How far, 0 to 1, a pod has sunk by now that began to at position ``begin``."""
        since = interpolate(self._seconds, self.p) - interpolate(self._seconds, begin)
        if since < 0 or self._settled:
            return float(begin <= self.p)
        return min(since / MOVE, 1.0)

    def turns(self, history: Sequence[Sequence[Any]]) -> Iterator[tuple[str, Sequence[Any]]]:
        """Each row's values, with the end of a tag that shows them in their time only."""
        for i, row in enumerate(history):
            end = history[i + 1][0] if i + 1 < len(history) else None
            now = row[0] <= self.p and (end is None or self.p < end)
            if self.moves or now:
                yield (
                    ("" if now else ' visibility="hidden"') + ">" + self._show(row[0], end),
                    row[1:],
                )

    def _show(self, begin: float, end: float | None) -> str:
        times, values = [self.at(begin)], ["visible"]
        if end is not None:
            times, values = [*times, self.at(end)], [*values, "hidden"]
        if begin > 0:
            times, values = [0.0, *times], ["hidden", *values]
        return self.animate("visibility", values, times, ' calcMode="discrete"')

    def animate(
        self, name: str, values: Sequence[Any], times: Sequence[float], more: str = ""
    ) -> str:
        """An animation of an attribute, over and over; "" for a still picture."""
        if not self.moves:
            return ""
        tag = "animateTransform" if name == "transform" else "animate"
        values, moments = (";".join(map(number, each)) for each in (values, times))
        return (
            f'<{tag} attributeName="{name}"{more} dur="{self._length}s" repeatCount="indefinite" '
            f'values="{values}" keyTimes="{moments}"/>'
        )


def interpolate(clock: Sequence[float], p: float) -> float:
    """What a clock of half positions (``times`` or ``seconds``) shows at position ``p``."""
    i: int = min(int(2 * p), len(clock) - 1)
    after = clock[min(i + 1, len(clock) - 1)]
    return clock[i] + (2 * p - i) * (after - clock[i])


def position(seconds: Sequence[float], second: float) -> float:
    """The position that a film with such a clock has reached after so many seconds."""
    i = bisect_right(seconds, second) - 1
    if i >= len(seconds) - 1:
        return (len(seconds) - 1) / 2
    return (i + (second - seconds[i]) / (seconds[i + 1] - seconds[i])) / 2


def glyphs(size: float) -> str:
    """Every shape once, around its middle: see ``widgets/glyph.js``."""
    h = size / 2
    box = f'x="{number(-h)}" y="{number(-h)}" width="{number(size)}" height="{number(size)}"'
    box = f'<rect {box} rx="{number(h * 0.46)}"'
    cut = (-1, -1), (0.28, -1), (1, -0.28), (1, 1), (-1, 1)
    around = 3.1416 * h
    dashes = f"{number(0.65 * around)} {number(around)}"
    ring = f'r="{number(h * 0.5)}" stroke-dasharray="{dashes}"'
    hatch = [_line(*_diagonal(c)) for c in (-1.5, -1, -0.5, 0, 0.5, 1, 1.5)]
    check = _scaled(h, _line((-0.42, 0.04), (-0.12, 0.34), (0.44, -0.3)))
    bang = _scaled(h, _line((0, -0.5), (0, 0.15)) + _line((0, 0.48), (0, 0.5)))
    shapes = {
        "pending": f'{box} class="dashed"/>',
        "starting": f'{box} class="tint"/><circle {ring} class="ring"/>',
        "ready": f'{box} class="solid"/>',
        "available": f'{box} class="solid"/><path class="check" d="{check}"/>',
        "failing": f'<path class="tint" d="{_scaled(h, _line(*cut))}z"/>'
        f'<path class="bang" d="{bang}"/>',
        "terminating": f'{box} class="fading"/>'
        f'<path class="fading" d="{_scaled(h, "".join(hatch))}"/>',
    }
    return "".join(f'<g id="{name}">{drawing}</g>' for name, drawing in shapes.items())


def _line(*points: tuple[float, float]) -> str:
    return "".join(f"{'L' if i else 'M'}{x},{y}" for i, (x, y) in enumerate(points))


def _diagonal(c: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends of the line ``x + y = c`` in a square from -1 to 1 with rounded corners."""
    end = 0.85 if c == 0 else 1.0  # that one goes from corner to corner
    low, high = max(-end, c - end), min(end, c + end)
    return (low, c - low), (high, c - high)


def _scaled(h: float, path: str) -> str:
    return re.sub(r"-?[\d.]+", lambda match: number(float(match[0]) * h), path)


def number(value: Any) -> str:
    """A number as short as it may be; other values as they are."""
    return f"{value:.4g}".rstrip() if isinstance(value, float) else str(value)


def text_of(text: str) -> str:
    """Text as XML has it; what no XML may hold becomes a box."""
    return escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text))


def cut_off(text: str, most: int) -> str:
    """Text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


_TOKENS = (
    {
        "page": "#ffffff",
        "ink": "#15202b",
        "muted": "#5f6b78",
        "lane": "#f3f5f7",
        "floor": "#13793f",
        "ceiling": "#b3261e",
    },
    {
        "page": "#11151a",
        "ink": "#e9eef4",
        "muted": "#98a4b1",
        "lane": "#1c2229",
        "floor": "#6fd394",
        "ceiling": "#ff8f87",
    },
)
"""Colours on light and on dark."""

_RULES = (
    "text{font:14px -apple-system,BlinkMacSystemFont,'Segoe UI',Helvetica,Arial,'DejaVu Sans',"
    "'Liberation Sans','Noto Sans',sans-serif;"
    "fill:var(--ink)}.title{font-size:20px;font-weight:700}.strong{font-weight:700}"
    ".sentence text{font-size:16px}.muted{fill:var(--muted);font-size:13px}.end{text-anchor:end}"
    ".mono{font:13px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
    ".image{font-weight:700;fill:currentColor}.page{fill:var(--page)}.lane{fill:var(--lane)}"
    ".hue{fill:currentColor}.line{stroke:var(--muted);stroke-opacity:.4;fill:none}"
    ".dashed{fill:none;stroke:currentColor;stroke-width:2;stroke-dasharray:4 3}"
    ".tint{fill:currentColor;fill-opacity:.16;stroke:currentColor;stroke-width:2}"
    ".ring{fill:none;stroke:currentColor;stroke-width:3}"
    ".solid{fill:currentColor}.check{fill:none;stroke:var(--page);stroke-width:3.2;"
    "stroke-linecap:round;stroke-linejoin:round}.bang{stroke:var(--ceiling);stroke-width:3.2;"
    "stroke-linecap:round}.fading{fill:none;stroke:currentColor;stroke-opacity:.6;stroke-width:1.7}"
    ".everything{fill:none;stroke:var(--muted);stroke-dasharray:2 2}"
    ".counted{fill:var(--muted);fill-opacity:.3}.veil{fill:var(--page);fill-opacity:.72}"
    ".playhead{fill:var(--ink)}.floor path,.ceiling path{fill:none;stroke-width:1.5;"
    "stroke-dasharray:6 4}.floor path{stroke:var(--floor)}.ceiling path{stroke:var(--ceiling)}"
    ".floor text{fill:var(--floor)}.ceiling text{fill:var(--ceiling)}"
    ".floor text,.ceiling text{font-size:13px;font-weight:700}"
)
"""A version's hue is the ``color`` of whatever is of it: shapes that are used inherit that."""


def _hues(theme: int) -> str:
    return "".join(f".h{i}{{color:{hue[theme]}}}" for i, hue in enumerate(HUES))


def _variables(theme: int) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in _TOKENS[theme].items())


STYLE = (
    f"svg{{{_variables(0)}}}{_hues(0)}"
    f"@media(prefers-color-scheme:dark){{svg{{{_variables(1)}}}{_hues(1)}}}{_RULES}"
)
"""The stylesheet; it goes by the theme of whoever looks."""


def page(dark: bool) -> str:
    """The colour behind everything."""
    return _TOKENS[dark]["page"]


def plain_style(dark: bool) -> str:
    """The same in one theme and without variables, for what draws SVG and is no browser."""
    colours = _TOKENS[dark]
    return _hues(dark) + re.sub(r"var\(--(\w+)\)", lambda match: colours[match[1]], _RULES)
