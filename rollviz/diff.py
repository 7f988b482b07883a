"""Simulation against reality: a recorded rollout, and the same one simulated, on one clock.

>>> from rollviz.scenario import simulate
>>> web = '''
... apiVersion: apps/v1
... kind: Deployment
... metadata: {name: web}
... spec:
...   replicas: 2
...   selector: {matchLabels: {app: web}}
...   template:
...     metadata: {labels: {app: web}}
...     spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
... '''
>>> seen = simulate(web, "kubectl set image deployment/web nginx=nginx:1.28")
>>> diff(seen)
5 of 5 changes of size are the same, at most 0.0 s apart.
   recorded  simulated  ReplicaSet
      0.0 s      0.0 s  1 (nginx:1.27): 0 -> 2, revision 1
      2.9 s      2.9 s  2 (nginx:1.28): 0 -> 1, revision 2
      4.9 s      4.9 s  1 (nginx:1.27): 2 -> 1, revision 1
      4.9 s      4.9 s  2 (nginx:1.28): 1 -> 2, revision 2
      7.0 s      7.0 s  1 (nginx:1.27): 1 -> 0, revision 1
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

from rollviz.compare import Comparison
from rollviz.estimate import Estimate, estimate
from rollviz.metrics import deployment_name
from rollviz.objects import ReplicaSet
from rollviz.timeline import Timeline, load

RECORDED, SIMULATED = "recorded", "simulated"
ONLY_RECORDED, ONLY_SIMULATED = "−", "+"
_A_MOMENT = 1e-6


class Resized(NamedTuple):
    """One change of a ReplicaSet: ``to`` is None where it was deleted; sizes in pods."""

    replica_set: int  # numbered by age, from 1
    image: str
    from_: int
    to: int | None
    revision: int

    def __str__(self) -> str:
        what = f"{self.replica_set} ({self.image})"
        if self.to is None:
            return f"{what}: deleted"
        return f"{what}: {self.from_} -> {self.to}, revision {self.revision}"


class Row(NamedTuple):
    """One change of size, and when it was seen: in seconds from the beginning, or None for never.

    ``mark`` is "" where both have it, ``−`` where only the recording has it, ``+`` where only
    the simulation does.
    """

    mark: str
    recorded: float | None
    simulated: float | None
    resized: Resized


class Difference(Comparison):
    """A recording and its simulation; in a notebook both play on one clock. See :func:`diff`.

    Attributes:
        changes: every change of a ReplicaSet's size or revision, with its marks.
        estimate: what the recording was made of, as the simulation took it; None where a
            simulation was given.
    """

    def __init__(
        self,
        recorded: Timeline,
        simulated: Timeline,
        starts: tuple[float, float],
        estimate: Estimate | None,
        name: str,
    ) -> None:
        runs = {RECORDED: recorded, SIMULATED: simulated}
        since = dict(zip(runs, starts, strict=True))
        super().__init__(runs, since=since, zero="start")
        self.estimate = estimate
        older = _newest(recorded, starts[0], name) - _newest(simulated, starts[1], name)
        self.changes = list(
            _aligned(
                _resizings(recorded, name, starts[0]),
                _resizings(simulated, name, starts[1], older),
            )
        )

    @property
    def equal(self) -> bool:
        """Whether both resized the same ReplicaSets in the same order."""
        return not any(row.mark for row in self.changes)

    @property
    def apart(self) -> float:
        """How many seconds apart the changes are that both have, at most."""
        return max(
            (
                abs(row.recorded - row.simulated)
                for row in self.changes
                if row.recorded is not None and row.simulated is not None
            ),
            default=0.0,
        )

    @property
    def title(self) -> str:
        """What came out, in one sentence."""
        same, count = sum(not row.mark for row in self.changes), len(self.changes)
        title = f"{same} of {count} changes of size are the same, at most {self.apart:.1f} s apart."
        notes = self.estimate.notes if self.estimate else ()
        return " ".join([title, *notes])

    def rows(self) -> list[list[str]]:
        """What each of both cost, then every change of size and when; differences are marked."""
        head, *costs = super().rows()
        changes = [
            [f"{row.mark} {row.resized}".strip(), _seconds(row.recorded), _seconds(row.simulated)]
            for row in self.changes
        ]
        same = sum(not row.mark for row in self.changes)
        return [[f"{same} of {len(changes)} changes alike", *head[1:]], *costs, *changes]

    def __repr__(self) -> str:
        lines = [self.title, f"  {RECORDED:>9}  {SIMULATED:>9}  ReplicaSet"]
        for mark, recorded, simulated, resized in self.changes:
            times = f"{_seconds(recorded):>9}  {_seconds(simulated):>9}"
            lines.append(f"{mark:1} {times}  {resized}")
        return "\n".join(lines)


def diff(
    recorded: Timeline | str | Path | Any,
    simulated: Timeline | None = None,
    *,
    deployment: str | None = None,
) -> Difference:
    """Hold a recorded rollout against a simulated one, or against the simulation of itself.

    Args:
        recorded: a timeline from a file or a live mirror, the mirror itself, or a file's path.
        simulated: a timeline to hold against it. By default manifest, edits and the seconds
            that every pod took are estimated from the recording (:mod:`rollviz.estimate`) and
            drive the simulator, with all of its own decisions.
        deployment: which Deployment; by default the recording's first.

    Returns:
        Both on one clock; ``.equal``, ``.changes``, and printed a table with marks.

    Raises:
        ValueError: there is nothing to compare, or no such Deployment; says which.
        OSError: the file is not there, or can't be read.
    """
    timeline = _timeline(recorded)
    name = deployment_name(timeline, deployment)
    if simulated is not None:
        starts = _begin(timeline, name), _begin(simulated, name)
        return Difference(timeline, simulated, starts, None, name)
    estimated = estimate(timeline, name)
    played, begin = estimated.simulate()
    return Difference(timeline, played, (estimated.start, begin), estimated, name)


def _timeline(recorded: Any) -> Timeline:
    if isinstance(recorded, str | Path):
        return load(recorded)
    timeline = getattr(recorded, "timeline", recorded)
    if not isinstance(timeline, Timeline):
        raise ValueError(f"recorded: {type(recorded).__name__} is no timeline, mirror or path")
    if not timeline.changes:
        raise ValueError("recorded: an empty timeline: nothing to compare")
    return timeline


def _begin(timeline: Timeline, name: str) -> float:
    """When the first thing was done to the Deployment."""
    for step in timeline.steps:
        if step.kind == "edited" and name in step.objects:
            return step.t
    return timeline.changes[0].t


def _newest(timeline: Timeline, t: float, name: str) -> int:
    """The newest revision before ``t``, 0 for none."""
    before = timeline.after(timeline.index_at(t - _A_MOMENT)).replica_sets.values()
    return max((rs.revision for rs in before if _owner(rs) == name), default=0)


def _owner(replica_set: ReplicaSet) -> str:
    return replica_set.metadata.owner.name if replica_set.metadata.owner else ""


def _resizings(
    timeline: Timeline, name: str, since: float, older: int = 0
) -> list[tuple[float, Resized]]:
    """What happened to the Deployment's ReplicaSets from then on; times from then as well.

    ``older`` is added to the revisions: a simulation begins with fewer than a recording.
    """
    numbers: dict[str, int] = {}
    sizes: dict[str, tuple[int, int]] = {}
    rows = []
    for change in timeline.changes:
        rs = change.object
        if not isinstance(rs, ReplicaSet) or _owner(rs) != name:
            continue
        number = numbers.setdefault(rs.name, len(numbers) + 1)
        was, size = sizes.get(rs.name, (0, 0)), (rs.spec.replicas, rs.revision + older)
        to = None if change.type == "DELETED" else size[0]
        if was != size or to is None:
            resized = Resized(number, rs.spec.template.image, was[0], to, size[1])
            rows.append((round(change.t - since, 3), resized))
        sizes[rs.name] = size
    return [row for row in rows if row[0] >= 0]


def _aligned(
    recorded: list[tuple[float, Resized]], simulated: list[tuple[float, Resized]]
) -> Iterator[Row]:
    """Both sequences as one: what is the same side by side, in order."""
    a, b = [what for _, what in recorded], [what for _, what in simulated]
    for tag, i, i_end, j, j_end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs = zip(recorded[i:i_end], simulated[j:j_end], strict=True)
            yield from (Row("", t, u, what) for (t, what), (u, _) in pairs)
            continue
        yield from (Row(ONLY_RECORDED, t, None, what) for t, what in recorded[i:i_end])
        yield from (Row(ONLY_SIMULATED, None, t, what) for t, what in simulated[j:j_end])


def _seconds(t: float | None) -> str:
    return "" if t is None else f"{t:.1f} s"
