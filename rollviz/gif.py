"""The film as a GIF that moves by itself: for slides, chats, and pages that take no SVG.

Each frame is the picture that ``rollviz.svg`` draws, turned into pixels by resvg and put together
by Pillow. Both come with ``pip install 'rollviz[gif]'``.
"""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rollviz.cast import Json
from rollviz.progress import with_progress
from rollviz.svg import frame
from rollviz.svg_parts import HOLD, MOVE, interpolate, page, plain_style

if TYPE_CHECKING:
    from PIL.Image import Image

_SHORTEST = 0.06
"""Seconds that a frame stays at least; viewers slow down a GIF that changes much faster."""

_SINKING = 6
"""Frames that a pod takes to sink."""

_COLOURS, _SAMPLES = 256, 6


def gif(data: Json, *, dark: bool = False) -> bytes:
    """A GIF of what :func:`rollviz.figures.stage_data` gave, which begins again after its end.

    Args:
        data: of any timeline, an empty one too.
        dark: light on dark, else dark on light: a GIF cannot go by the theme of who looks.

    Raises:
        ModuleNotFoundError: resvg or Pillow is not installed; says how to.
        RuntimeError: this machine has no font to write with; says what to install.
    """
    _require_letters(dark)
    from PIL.Image import Dither

    moments = _moments(data)
    images = (_image(frame(data, t, dark=dark), dark) for t in with_progress(moments, "gif"))
    some = moments[:: max(len(moments) // _SAMPLES, 1)]
    colours = _colours([_image(frame(data, t, dark=dark), dark) for t in some])
    lengths = [round(1000 * (b - a)) for a, b in pairwise(moments)] + [round(1000 * HOLD)]
    return _put_together(
        [image.quantize(palette=colours, dither=Dither.NONE) for image in images], lengths
    )


def _moments(data: Json) -> list[float]:
    """Seconds on the film's clock at which there is a new picture."""
    ends = data["seconds"]
    exits = (_terminates(pod, data) for pod in data["pods"])
    begins = {interpolate(ends, p) for p in exits if p is not None}
    sinking = {t + MOVE * i / _SINKING for t in begins for i in range(1, _SINKING + 1)}
    moments = [0.0]
    for t in sorted({*ends, *(t for t in sinking if t < ends[-1])}):
        if t - moments[-1] >= _SHORTEST:
            moments.append(t)
    moments[-1] = ends[-1]
    return moments


def _terminates(pod: Json, data: Json) -> float | None:
    """The position at which a pod begins to terminate, None where it never does."""
    shapes = ((p, data["looks"][look][0]) for p, look in pod["looks"] if look >= 0)
    return next((p for p, shape in shapes if shape == "terminating"), None)


def _image(document: str, dark: bool) -> Image:
    try:
        import resvg_py
        from PIL import Image
    except ImportError as error:
        raise ModuleNotFoundError(
            f"a GIF needs the package {error.name}: pip install 'rollviz[gif]'"
        ) from error
    png = resvg_py.svg_to_bytes(svg_string=document, background=page(dark))
    return Image.open(BytesIO(png)).convert("RGB")


def _require_letters(dark: bool) -> None:
    """Without one of the fonts that the style names, resvg leaves all words out."""
    blank = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="20">{"{}"}</svg>'
    word = f'<style>{plain_style(dark)}</style><text y="15">H</text>'
    if _image(blank.format(word), dark) == _image(blank.format(""), dark):
        raise RuntimeError("a GIF needs a font to write with: install one, such as DejaVu Sans")


def _colours(images: list[Image]) -> Image:
    """The colours that there is most of, so that large areas keep theirs exactly."""
    from PIL import Image

    found: Counter[Any] = Counter()
    for image in images:
        for count, colour in image.getcolors(image.width * image.height) or ():
            found[colour] += count
    colours = Image.new("P", (1, 1))
    colours.putpalette([part for colour, _ in found.most_common(_COLOURS) for part in colour])
    return colours


def _put_together(frames: list[Image], lengths: list[int]) -> bytes:
    """One file. All frames have the same colours, so only what moves is stored anew."""
    file = BytesIO()
    options = {"duration": lengths, "loop": 0, "optimize": True}
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], **options)
    return file.getvalue()
