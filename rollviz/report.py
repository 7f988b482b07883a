"""What ``rollviz run`` prints: the rows of a run as a table to read.

One line for each command, each change of a ReplicaSet's size, and each change of the
Deployment's conditions; beside it the pods as the Deployment counted them at that moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rollviz.objects import Json

_HEADER = ("seconds", "pods", "ready", "available", "ending", "")
_COUNTERS = ("replicas", "readyReplicas", "availableReplicas", "terminatingReplicas")


def table(rows: dict[str, list[Json]]) -> str:
    """The rows of :func:`rollviz.rows.rows_of` as text, times in seconds.

    >>> print(table({"commands": [{"t": 0, "run": "kubectl get pods", "stdout": "", "stderr": ""}],
    ...              "scaling": [], "status": []}))
    seconds  pods  ready  available  ending
       0.00                                  $ kubectl get pods
    """
    noted = sorted(_happenings(rows), key=lambda happening: happening[0])
    lines = [_HEADER, *((f"{t:.2f}", *_counts(rows["status"], t), words) for t, words in noted)]
    widths = [len(head) for head in _HEADER]
    return "\n".join(_line(cells, widths) for cells in lines)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    counted = "  ".join(cell.rjust(width) for cell, width in zip(cells[:-1], widths, strict=False))
    return f"{counted}  {cells[-1]}".rstrip()


def _happenings(rows: dict[str, list[Json]]) -> Iterator[tuple[float, str]]:
    for row in rows["commands"]:
        yield row["t"], f"$ {row['run']}"
        for line in _said(row):
            yield row["t"], f"  {line}"
    for row in rows["scaling"]:
        yield row["t"], _scaled(row)
    yield from _conditions(rows["status"])


def _said(row: Json) -> Iterable[str]:
    """What a command printed, where it is one line, or went wrong."""
    lines = (row["stdout"] + row["stderr"]).splitlines()
    return lines if len(lines) <= 1 or row.get("exit_code") else ()


def _scaled(row: Json) -> str:
    name = f"ReplicaSet {row['replicaSet']}"
    if row.get("deleted"):
        return f"{name} deleted"
    about = f"{name} (revision {row['revision']}, {row['image']})"
    if row["from"] == row["to"]:
        return about
    return f"{about}: {row['from']} -> {row['to']}"


def _conditions(status: list[Json]) -> Iterator[tuple[float, str]]:
    for before, row in pairwise([{"conditions": {}}, *status]):
        for kind, (truth, reason) in row["conditions"].items():
            if before["conditions"].get(kind) != [truth, reason]:
                yield row["t"], f"{kind}={truth}: {reason}"


def _counts(status: list[Json], t: float) -> list[str]:
    """The Deployment's counters as they stood at ``t``; nothing before there is one."""
    count = bisect_right(status, t, key=lambda row: row["t"])
    if not count:
        return [""] * len(_COUNTERS)
    return [str(status[count - 1].get(name) or 0) for name in _COUNTERS]
