"""The player as one HTML page that plays offline, in any browser and without a kernel."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from html import escape
from typing import Any

from rollviz.widgets.stage import MODULES, script, stylesheet


def packed(value: Any, level: int = 9) -> bytes:
    """A value as gzipped JSON, for ``pack.js``."""
    return gzip.compress(json.dumps(value, separators=(",", ":")).encode(), level, mtime=0)


def page(data: dict[str, Any], title: str, *, step: int = 0, present: bool = False) -> str:
    """The page: the same script and stylesheet as in a notebook, and the data; nothing else.

    Args:
        data: what :func:`rollviz.figures.stage_data` gave.
        title: the page's title, plain text.
        step: where it opens.
        present: for a projector: large, without controls.
    """
    state = {"data": data, "step": step, "playing": False, "speed": 1, "present": present}
    return _PAGE.format(
        title=escape(title),
        style=stylesheet(),
        state=b64encode(packed(state)).decode(),
        script=script(*MODULES, "mount"),
    )


_PAGE = """<!doctype html>
<html lang="en" class="rollviz-page">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
html {{ color-scheme: light dark; background: light-dark(#ffffff, #11151a); }}
body {{ margin: 0 auto; padding: 0 1rem; max-width: 1290px; }}
body:has(.rollviz-present) {{ max-width: none; }}
{style}</style>
<div id="rollviz"></div>
<script type="text/plain" id="rollviz-state">{state}</script>
<script type="module">
{script}</script>
</html>
"""
