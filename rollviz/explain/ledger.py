"""The revision ledger: which ReplicaSet is which revision, and which it was before.

Kubernetes keeps no numbers in an undo: the old ReplicaSet gets the next one, and its own
disappears from ``kubectl rollout history``. The ledger keeps it in sight: "3 (was 1)".
"""

from __future__ import annotations

from typing import NamedTuple

from rollviz.objects import ReplicaSet
from rollviz.timeline import Timeline


class LedgerRow(NamedTuple):
    """One ReplicaSet of a Deployment.

    Attributes:
        revision: its revision now.
        was: the revisions that it had before, oldest first.
        replica_set: its name.
        image: its template's first image.
        change_cause: the ``kubernetes.io/change-cause`` that it carries, or None.
        replicas: pods it is asked for (``spec.replicas``).
        t: when it got this revision, in seconds on the timeline's clock.
    """

    revision: int
    was: tuple[int, ...]
    replica_set: str
    image: str
    change_cause: str | None
    replicas: int
    t: float

    @property
    def title(self) -> str:
        """The revision as people ask for it: ``3``, or ``3 (was 1)``."""
        was = ", ".join(map(str, self.was))
        return f"{self.revision} (was {was})" if was else str(self.revision)


def ledger(timeline: Timeline, count: int, deployment: str | None = None) -> list[LedgerRow]:
    """The ledger after the first ``count`` changes, lowest revision first, as kubectl lists it.

    Args:
        timeline: of any source.
        count: how many changes had happened, e.g. ``step.stop``.
        deployment: the name of one Deployment, where the timeline has several; all by default.
    """
    since = _since(timeline, count)
    rows = [
        _row(rs, since.get((rs.name, rs.revision), rs.metadata.creation_timestamp))
        for rs in timeline.after(count).replica_sets.values()
        if deployment is None or (rs.metadata.owner and rs.metadata.owner.name == deployment)
    ]
    return sorted(rows, key=lambda row: (row.revision, row.replica_set))


def _since(timeline: Timeline, count: int) -> dict[tuple[str, int], float]:
    """When each ReplicaSet got each of its revisions, of those that were seen to."""
    since: dict[tuple[str, int], float] = {}
    for step in timeline.steps:
        if step.start >= count:
            break
        if step.kind not in ("scaled", "revision"):
            continue
        replica_set = timeline.changes[step.start].object
        assert isinstance(replica_set, ReplicaSet)
        since.setdefault((replica_set.name, replica_set.revision), step.t)
    return since


def _row(rs: ReplicaSet, t: float) -> LedgerRow:
    return LedgerRow(
        rs.revision,
        rs.revision_history,
        rs.name,
        rs.spec.template.image,
        rs.change_cause,
        rs.spec.replicas,
        t,
    )
