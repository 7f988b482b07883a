"""How fast rollviz is, beside a yardstick measured in the same run.

``python -m benchmarks`` prints all of it as one table, ``python -m benchmarks simulator`` one part.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """One measurement.

    ``value`` is in ``unit``, where ``x`` is a ratio; ``note`` says of what, and what is wanted.
    """

    name: str
    value: float
    unit: str
    note: str


def fastest(*jobs: Callable[[], object], repeat: int) -> list[float]:
    """The least CPU seconds of each job, the jobs taking turns so that noise meets all of them."""
    best = [float("inf")] * len(jobs)
    for _ in range(repeat):
        for number, job in enumerate(jobs):
            begun = time.process_time()
            job()
            best[number] = min(best[number], time.process_time() - begun)
    return best
