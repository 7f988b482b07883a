"""The recordings of a real Kubernetes in tests/data, as tests want them."""

import gzip
import json
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
TRACES = sorted(path.stem for path in (DATA / "traces").glob("*.json"))


def watch_file(name):
    """The raw watch events of a trace."""
    return DATA / "watch" / f"{name}.jsonl.gz"


@cache
def recording(name):
    """The watch events of a trace, as rows."""
    with gzip.open(watch_file(name), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def recorded_scaling(name):
    """The trace's changes of size: (number of the ReplicaSet, from, to, revision)."""
    trace = json.loads((DATA / "traces" / f"{name}.json").read_text(encoding="utf-8"))
    return [
        (row["replicaSet"], "deleted")
        if row.get("deleted")
        else (row["replicaSet"], row["from"], row["to"], row["revision"])
        for row in trace["recorded"]["scaling"]
    ]


def scaling(timeline):
    """The same rows, read from a timeline."""
    rows: list[tuple[object, ...]] = []
    numbers: dict[str, int] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for change in timeline.changes:
        if change.object.kind != "ReplicaSet":
            continue
        name, size = change.object.name, (change.object.spec.replicas, change.object.revision)
        number = numbers.setdefault(name, len(numbers) + 1)
        if change.type == "DELETED":
            rows.append((number, "deleted"))
        elif sizes.get(name) != size:
            rows.append((number, sizes.get(name, (0, 0))[0], *size))
        sizes[name] = size
    return rows
