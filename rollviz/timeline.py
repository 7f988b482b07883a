"""A rollout as an ordered log of object changes: what a Kubernetes watch delivers.

The simulator and the live mirror both write a :class:`Timeline`; everything that a person
looks at is drawn from one, and cannot tell which of the two made it.

>>> from rollviz.objects import Metadata, Pod, PodSpec, PodTemplate
>>> timeline = Timeline()
>>> timeline.add(0.5, "ADDED", Pod(Metadata("web-1"), PodSpec(PodTemplate({}))))
>>> len(timeline.at(0.4).pods), len(timeline.at(0.5).pods)
(0, 1)
"""

from __future__ import annotations

import gzip
import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from rollviz.controller.decision import Decision, Scaling
from rollviz.objects import Deployment, Event, Object, Pod, ReplicaSet, from_api
from rollviz.recording import read

if TYPE_CHECKING:
    from rollviz.steps import Step, StepReader

FORMAT = 1
"""The version written into saved timelines."""


class Change(NamedTuple):
    """One watch event.

    Attributes:
        t: when it happened, in seconds on the timeline's clock.
        type: ``ADDED``, ``MODIFIED`` or ``DELETED``.
        object: the object after the change (the last one seen, where it was deleted).
    """

    t: float
    type: str
    object: Object


make_change = partial(tuple.__new__, Change)
"""Makes a change of the tuple of its parts: :class:`Change` itself takes half as long again."""


@dataclass(frozen=True, slots=True)
class Command:
    """A kubectl command line that was run, and what it answered.

    ``t`` and ``end`` are seconds on the timeline's clock: started, and came back.
    """

    t: float
    run: str
    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    end: float = 0.0


class Noted(NamedTuple):
    """A decision, and how many changes the timeline had when it was taken, at ``t`` seconds."""

    t: float
    changes: int
    decision: Decision


class Counts(NamedTuple):
    """The three counts that people confuse, in pods."""

    available: int
    not_terminating: int
    everything: int


@dataclass(slots=True)
class Snapshot:
    """Every object as it was at one moment, by name. Made by :meth:`Timeline.at`."""

    t: float = 0.0
    deployments: dict[str, Deployment] = field(default_factory=dict)
    replica_sets: dict[str, ReplicaSet] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)

    def of_kind(self, kind: str) -> dict[str, Any]:
        """The objects of one kind (``Deployment``, ``ReplicaSet``, ``Pod``, ``Event``) by name."""
        match kind:
            case "Pod":
                return self.pods
            case "ReplicaSet":
                return self.replica_sets
            case "Deployment":
                return self.deployments
            case "Event":
                return self.events
        raise KeyError(kind)

    def apply(self, change: Change) -> None:
        """Take one change in, in place."""
        objects = self.of_kind(change.object.kind)
        if change.type == "DELETED":
            objects.pop(change.object.metadata.name, None)
        else:
            objects[change.object.metadata.name] = change.object
        self.t = change.t

    @property
    def size(self) -> int:
        """How many objects it holds."""
        return len(self.deployments) + len(self.replica_sets) + len(self.pods) + len(self.events)

    def copy(self) -> Snapshot:
        """An independent snapshot that shares the objects."""
        return Snapshot(
            self.t,
            dict(self.deployments),
            dict(self.replica_sets),
            dict(self.pods),
            dict(self.events),
        )

    def replica_sets_of(self, deployment: Deployment) -> list[ReplicaSet]:
        """The Deployment's ReplicaSets, oldest first."""
        uid = deployment.metadata.uid
        owned = [
            rs
            for rs in self.replica_sets.values()
            if rs.metadata.owner and rs.metadata.owner.uid == uid
        ]
        return sorted(owned, key=lambda rs: rs.metadata.creation_timestamp)

    def new_replica_set(self, deployment: Deployment) -> ReplicaSet | None:
        """The ReplicaSet whose template is the Deployment's, or None."""
        for rs in self.replica_sets_of(deployment):
            if rs.spec.template == deployment.spec.template:
                return rs
        return None

    def pods_of(self, replica_set: str) -> list[Pod]:
        """The pods that a ReplicaSet owns, terminating ones included."""
        return [pod for pod in self.pods.values() if pod.replica_set == replica_set]

    def counts(self, deployment: Deployment | None = None) -> Counts:
        """Available, not terminating, everything on screen; of one Deployment or of all.

        Availability is counted as ``minReadySeconds`` asks at this snapshot's time.
        """
        names = {rs.name for rs in self.replica_sets_of(deployment)} if deployment else None
        waits = {rs.name: rs.spec.min_ready_seconds for rs in self.replica_sets.values()}
        available = not_terminating = everything = 0
        for pod in self.pods.values():
            if names is not None and pod.replica_set not in names:
                continue
            everything += 1
            if pod.active:
                not_terminating += 1
                available += pod.available(waits.get(pod.replica_set, 0), self.t)
        return Counts(available, not_terminating, everything)


@dataclass(eq=False)
class Timeline:
    """An ordered log of changes, the decisions behind them, and the commands that began them.

    Attributes:
        changes: every change, in the order in which it happened.
        decisions: what the Deployment controller decided, and at which change.
        commands: the kubectl commands that were run.
        epoch: the wall-clock time of the timeline's zero, in seconds since 1970.
        source: ``simulated``, ``live`` or ``recorded``.
        gaps: the numbers of changes before which a live cluster was not wholly watched, so that
            what led to them may be missing.

    One timeline holds one namespace; objects are known by kind and name.
    """

    changes: list[Change] = field(default_factory=list)
    decisions: list[Noted] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    epoch: float = 0.0
    source: str = "simulated"
    gaps: set[int] = field(default_factory=set)
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)
    _checkpoints: list[Snapshot] = field(
        default_factory=lambda: [Snapshot()], init=False, repr=False
    )
    _spacing: int = field(default=64, init=False, repr=False)
    _reader: StepReader | None = field(default=None, init=False, repr=False)

    def __repr__(self) -> str:
        names = ", ".join(sorted(self.last.deployments)) or "no Deployment"
        return (
            f"<Timeline of {names}: {self.duration:.1f} s, {len(self.changes)} changes, "
            f"{self.source}>"
        )

    def __len__(self) -> int:
        return len(self.changes)

    @property
    def duration(self) -> float:
        """The time of the last change or the end of the last command, in seconds."""
        last_change = self.changes[-1].t if self.changes else 0.0
        return max(last_change, self.commands[-1].end if self.commands else 0.0)

    @property
    def last(self) -> Snapshot:
        """Everything as it was at the end."""
        return self.after(len(self.changes))

    @property
    def steps(self) -> list[Step]:
        """The steps that a person walks through: see :mod:`rollviz.steps`.

        Always the same list: it grows with the timeline, at the cost of the changes since it
        was last asked for.
        """
        with self._lock:
            if self._reader is None:
                from rollviz.steps import StepReader

                self._reader = StepReader()
            return self._reader.read(self)

    def add(self, t: float, type: str, object: Object) -> None:
        """Append one change.

        Raises:
            ValueError: ``t`` lies before the last change: a log only grows at its end.
        """
        if self.changes and t < self.changes[-1].t:
            raise ValueError(f"t: {t} lies before the last change, at {self.changes[-1].t}")
        self.changes.append(Change(t, type, object))

    def index_at(self, t: float) -> int:
        """How many changes had happened at time ``t``, those at ``t`` included."""
        return bisect_right(self.changes, t, key=lambda change: change.t)

    def at(self, t: float) -> Snapshot:
        """Everything as it was at ``t`` seconds, changes at ``t`` included."""
        snapshot = self.after(self.index_at(t))
        snapshot.t = t
        return snapshot

    def after(self, count: int) -> Snapshot:
        """Everything as it was after the first ``count`` changes.

        Cheap in both directions: it starts from the nearest checkpoint before. Checkpoints
        lie as many changes apart as there are objects to copy, so making them all costs no
        more than replaying the log once. Any thread may ask while another one adds.
        """
        count = max(0, min(count, len(self.changes)))
        with self._lock:
            start, snapshot = self._checkpoint_before(count)
        for change in self.changes[start:count]:
            snapshot.apply(change)
        return snapshot

    def _checkpoint_before(self, count: int) -> tuple[int, Snapshot]:
        """How many changes the nearest checkpoint holds, and a copy of it to go on from."""
        while len(self._checkpoints) * self._spacing <= count:
            start = (len(self._checkpoints) - 1) * self._spacing
            snapshot = self._checkpoints[-1].copy()
            for change in self.changes[start : start + self._spacing]:
                snapshot.apply(change)
            self._checkpoints.append(snapshot)
            if snapshot.size > self._spacing:
                self._spacing *= 2
                self._checkpoints = self._checkpoints[::2]
        nearest = count // self._spacing
        return nearest * self._spacing, self._checkpoints[nearest].copy()

    def until(self, t: float) -> Timeline:
        """A new timeline that holds what had happened up to ``t`` seconds, ready to go on."""
        count = self.index_at(t)
        return Timeline(
            self.changes[:count],
            [noted for noted in self.decisions if noted.changes <= count and noted.t <= t],
            [replace(c, end=min(c.end, t)) for c in self.commands if c.t <= t],
            self.epoch,
            self.source,
            {index for index in self.gaps if index < count},
        )

    def save(self, path: str | Path) -> None:
        """Write it as JSON lines, one change, decision or command a line; ``.gz`` compresses.

        Raises:
            FileExistsError: the file is there already; nothing a person made is overwritten.
        """
        path = Path(path)
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "xt", encoding="utf-8") as file:
            for row in self._rows():
                file.write(json.dumps(row, separators=(",", ":")) + "\n")

    def _rows(self) -> Iterator[dict[str, Any]]:
        yield {"rollviz": FORMAT, "epoch": self.epoch, "source": self.source}
        for index, change in enumerate(self.changes):
            row = {"t": change.t, "kind": change.object.kind, "type": change.type}
            gap = {"gap": True} if index in self.gaps else {}
            yield row | gap | {"object": change.object.to_api(self.epoch)}
        for noted in self.decisions:
            decision = asdict(noted.decision)
            decision["scaled"] = [list(scaling) for scaling in noted.decision.scaled]
            yield {"t": noted.t, "changes": noted.changes, "decision": decision}
        for command in self.commands:
            yield {"command": asdict(command)}


def load(path: str | Path) -> Timeline:
    """Read a timeline from a file: one saved here, a recording, or what kubectl printed.

    :mod:`rollviz.recording` says which files it takes and what it makes of them. A file that
    was cut off is loaded up to there, with a warning.

    Raises:
        OSError: the file is not there, or can't be read.
        ValueError: the file is of no such kind, or an object in it is not whole; says which line.
    """
    recording = read(path)
    timeline = Timeline(source="recorded", epoch=recording.epoch)
    for line, row in recording.rows:
        try:
            _read_row(timeline, row)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}: line {line}: {error}") from error
    return timeline


def _read_row(timeline: Timeline, row: Mapping[str, Any]) -> None:
    if "rollviz" in row:
        if row["rollviz"] != FORMAT:
            raise ValueError(f"rollviz: format {row['rollviz']} is not {FORMAT}: update rollviz")
        timeline.source = row.get("source", "recorded")
    elif "object" in row:
        if row.get("gap"):
            timeline.gaps.add(len(timeline.changes))
        timeline.add(row["t"], row["type"], from_api(row["object"], timeline.epoch))
    elif "decision" in row:
        decision = dict(row["decision"])
        decision["scaled"] = tuple(Scaling(*scaling) for scaling in decision["scaled"])
        timeline.decisions.append(Noted(row["t"], row["changes"], Decision(**decision)))
    elif "command" in row:
        timeline.commands.append(Command(**row["command"]))
    else:
        raise ValueError("neither a change (object), a decision nor a command")
