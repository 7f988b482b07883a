"""The stage as a widget: it gets a whole timeline once, and plays it by itself.

One anywidget: traits here, everything else in the JavaScript modules beside this file.
``Stage`` shows whatever data of :func:`rollviz.figures.stage_data` it is given, also when it is
given other data later; ``Player`` is the one for people.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from rollviz.figures import HUES

HERE = Path(__file__).parent
MODULES = (
    "dom",
    "pack",
    "film",
    "layout",
    "glyph",
    "sprite",
    "stage",
    "band",
    "icons",
    "lens",
    "panels",
    "player",
)
"""The JavaScript modules, each after those that it imports."""


@cache
def script(*modules: str) -> str:
    """Modules as one, the player's by default: anywidget takes one, and so does an offline page.

    Each module imports only from those before it, so leaving out ``import`` and ``export``
    makes one module of them; the names are the same everywhere.
    """
    texts = [(HERE / f"{name}.js").read_text("utf-8") for name in modules or MODULES]
    return "\n".join([*map(_bare, texts), "export default { render };\n"])


def _bare(module: str) -> str:
    without_imports = re.sub(r"^import [^;]*;\n", "", module, flags=re.MULTILINE)
    without_names = re.sub(r"^export \{[^}]*\};\n", "", without_imports, flags=re.MULTILINE)
    without_comments = re.sub(r"^ *//.*\n", "", without_names, flags=re.MULTILINE)
    return re.sub(r"^export ", "", without_comments, flags=re.MULTILINE)


@cache
def stylesheet() -> str:
    """The stylesheet, with the hues of ``figures.HUES`` as tokens."""
    tokens = "".join(
        f"  --rollviz-hue-{i}: light-dark({light}, {dark});\n"
        for i, (light, dark) in enumerate(HUES)
    )
    uses = "".join(
        f'.rollviz [data-hue="{i}"] {{ --rollviz-hue: var(--rollviz-hue-{i}); }}\n'
        for i in range(len(HUES))
    )
    return f"{(HERE / 'rollviz.css').read_text('utf-8')}\n.rollviz {{\n{tokens}}}\n{uses}"


class Stage(anywidget.AnyWidget):
    """The moving picture, its clock and its controls.

    Traits, all of them known on both sides:

    - ``data``: a dict of :func:`rollviz.figures.stage_data`, sent once; setting it anew shows
      another timeline at the same step.
    - ``step``: the step on show, from 0; out of range means the first or the last.
    - ``playing``; ``speed``: how many times as fast as normal (0.25 to 8).
    - ``until``: the step at which to pause when it plays up to it; -1 for none.
    - ``present``: large, and nothing around the picture: for a projector.
    """

    _esm = script()
    _css = stylesheet()
    data = traitlets.Dict().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    speed = traitlets.Float(1.0, min=0.01).tag(sync=True)
    until = traitlets.Int(-1).tag(sync=True)
    present = traitlets.Bool(False).tag(sync=True)

    @traitlets.validate("step")
    def _in_range(self, proposal: dict[str, Any]) -> int:
        return max(0, min(proposal["value"], self.last_step))

    @property
    def last_step(self) -> int:
        """The index of the last step."""
        return max(len(self.data.get("steps", ())) - 1, 0)

    def __repr__(self) -> str:
        name = self.data.get("name") or "an empty timeline"
        return f"<{type(self).__name__} of {name}: {self.last_step} steps>"
