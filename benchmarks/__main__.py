"""``python -m benchmarks [startup|simulator|frames|lab|live ...]``: one table, of one run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module

from benchmarks import Row

PARTS = ("startup", "simulator", "frames", "lab", "live")
"""What there is to measure, each a module with a function ``rows``."""


def main(parts: list[str]) -> int:
    """Measure the parts named, or all, and print each row as soon as it is known."""
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        print(f"benchmarks: {unknown[0]}: unknown: known are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for part in parts or PARTS:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        for row in _rows(part):
            value = f"{row.value:,.3g}" if abs(row.value) < 1000 else f"{row.value:,.0f}"
            print(f"{row.name:62}  {value:>10} {row.unit:8}  {row.note}", flush=True)
    return 0


def _rows(part: str) -> Iterator[Row]:
    rows: Iterator[Row] = import_module(f"benchmarks.{part}").rows()
    return rows


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
