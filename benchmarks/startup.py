"""How long ``import rollviz`` takes, beside a Python that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks import Row

REPEAT = 15


def rows() -> Iterator[Row]:
    """The fastest of several starts each, taking turns."""
    nothing, imported = float("inf"), float("inf")
    for _ in range(REPEAT):
        nothing = min(nothing, _seconds("pass"))
        imported = min(imported, _seconds("import rollviz"))
    note = f"{1000 * imported:.0f} ms against {1000 * nothing:.0f} ms"
    yield Row("import rollviz / python -c pass", imported / nothing, "x", note)


def _seconds(code: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begun
