"""What stands in for a widget where it can't run: in a notebook opened without its kernel.

Such a notebook has no widgets, and JupyterLab then prints an error in their place. So there are
two outputs: pictures and text, which every viewer of notebooks shows, and the widget. The style
sheet hides the first where there is a widget, and the error where there is none; ``dom.js``
hides the first wherever a widget runs.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import Any

from IPython.display import display

from rollviz.cast import Json
from rollviz.svg import svg

LARGEST_FILM = 80_000
"""Characters of SVG that a notebook's output may take; a longer film becomes a still picture."""


def show(widget: Any, html: str) -> None:
    """Display a widget, and HTML of which all text is escaped for where it can't run."""
    fallback = f'<div class="rollviz-fallback">{html}</div><style>{_ONE_OF_TWO}</style>'
    display({"text/html": fallback, "text/plain": ""}, raw=True)
    given = widget._repr_mimebundle_() or {}
    bundle, metadata = given if isinstance(given, tuple) else (given, {})
    display(bundle | {"text/html": ""}, metadata=metadata, raw=True)


def film(data: Json, words: str) -> str:
    """An image that plays data of :func:`rollviz.figures.stage_data`, or shows its last step."""
    picture = svg(data)
    return _image(picture, words) if len(picture) <= LARGEST_FILM else still(data, words)


def still(data: Json, words: str) -> str:
    """An image of the last step, with the counts over all of the time."""
    return _image(svg(data, max(len(data["steps"]) - 1, 0)), words)


def _image(picture: str, words: str) -> str:
    base64 = b64encode(picture.encode()).decode()
    return f'<img alt="{escape(words, quote=True)}" src="data:image/svg+xml;base64,{base64}">'


_CHILD = ".jp-OutputArea-child"
_ONE_OF_TWO = (
    f"{_CHILD}:has(.rollviz-fallback):has(+ {_CHILD} > .lm-Widget.jp-OutputArea-output"
    ":not(.jupyter-widgets)) { display: none }"
    f"{_CHILD}:has(.rollviz-fallback) + {_CHILD}:has(> .lm-Widget.jupyter-widgets) "
    "{ display: none }"
)
"""In JupyterLab an output that failed to show its widget has the class ``jupyter-widgets``."""
