"""Pictures compared with approved ones, so coarsely that only what breaks shows.

An approved picture is a screenshot drawn four times smaller. It is compared in cells of 16 by 16
pixels, each of one colour: the average. Words are set in a font that comes with Pillow, and not
fitted to pixels, so lines are as long on every machine; how high they are still differs, so a cell
may stand 4 pixels off.
"""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFont

APPROVED = Path(__file__).parent / "approved"
SMALLER = 4
CELL = 16
"""Pixels on the screen that a cell of the comparison is wide and high."""

LIMIT = 36
"""How much of 255 a colour of a cell may differ: more than a black line 2 pixels off does."""

DRIFT = 2
"""Pixels of an approved picture by which another may be wider or higher."""

_PILLOWS: Any = ImageFont.load_default(16)
_FONT = b64encode(_PILLOWS.path.getvalue()).decode()
PIN_FONT = f"""
document.addEventListener('DOMContentLoaded', async () => {{
  const font = new FontFace('pinned', 'url(data:font/ttf;base64,{_FONT})');
  document.fonts.add(await font.load());
  const style = document.createElement('style');
  style.textContent = '.rollviz, .rollviz *, .js-plotly-plot text {{'
    + ' font-family: pinned !important; text-rendering: geometricPrecision !important; }}';
  document.head.append(style);
  document.documentElement.dataset.pinned = '';
}});
"""
PINNED = "html[data-pinned]"


def opened(png):
    return Image.open(BytesIO(png)).convert("RGB")


def shrunk(screenshot):
    """A screenshot as it is approved."""
    return screenshot.reduce(SMALLER)


def approved(name):
    path = APPROVED / f"{name}.png"
    assert path.exists(), f"{path.name}: not approved yet: look at it, then make approve"
    return Image.open(path).convert("RGB")


def coarse(small, x=0, y=0):
    """A shrunk picture as cells, after a shift by so many of its pixels."""
    return ImageChops.offset(small, x, y).reduce(CELL // SMALLER)


def differences(approved, small):
    """The cells, as (column, row), in which two shrunk pictures differ wherever one looks nearby.

    All cells, where one picture is clearly larger than the other.
    """
    if max(abs(a - b) for a, b in zip(approved.size, small.size, strict=True)) > DRIFT:
        return cells_of(small)
    common = (0, 0, *map(min, zip(approved.size, small.size, strict=True)))
    approved, small = coarse(approved.crop(common)), small.crop(common)
    nearby = [coarse(small, x, y) for x in range(-1, 2) for y in range(-1, 2)]
    apart = [ImageChops.difference(approved, each) for each in nearby]
    return [
        cell for cell in cells_of(small) if min(max(each.getpixel(cell)) for each in apart) > LIMIT
    ]


def cells_of(small):
    wide, high = coarse(small).size
    return [(x, y) for y in range(high) for x in range(wide)]


@dataclass
class Album:
    """Compares pictures with the approved ones, or approves them."""

    build: Path
    approve: bool

    def check(self, png, name):
        """Fail unless the picture looks as the approved one of that name does."""
        screenshot = opened(png)
        small = shrunk(screenshot)
        self.build.mkdir(parents=True, exist_ok=True)
        screenshot.save(self.build / f"{name}.png")
        if self.approve:
            APPROVED.mkdir(exist_ok=True)
            small.save(APPROVED / f"{name}.png", optimize=True)
        cells = differences(approved(name), small)
        if cells:
            marked(screenshot, cells).save(self.build / f"{name}-differs.png")
        assert not cells, (
            f"{name}: {len(cells)} cells differ from the approved picture: look at"
            f" {self.build / name}-differs.png; if it is meant to look so: make approve"
        )


def marked(screenshot, cells):
    """The screenshot with a frame around every cell that differs."""
    image = screenshot.copy()
    draw = ImageDraw.Draw(image)
    for x, y in cells:
        corners = (CELL * x, CELL * y, CELL * (x + 1), CELL * (y + 1))
        draw.rectangle(corners, outline="#ff00ff", width=2)
    return image
