"""Our controller's decisions on what a real one had before it.

Each recorded watch stream is replayed change by change, in the order in which the API server made
them. Wherever the real Deployment controller changed a ReplicaSet's size, ours is given the state
just before, and must decide exactly the same.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest

from rollviz.controller.deployment import sync_deployment
from rollviz.objects import Deployment, ReplicaSet
from tests.recorded import TRACES, recording


@dataclass(frozen=True)
class State:
    """What the API server held after one change."""

    t: float
    deployment: Deployment | None = None
    replica_sets: dict[str, ReplicaSet] = field(default_factory=dict)
    owner_of: dict[str, str] = field(default_factory=dict)  # pod -> its ReplicaSet

    def after(self, row):
        """The state after one more row of a stream."""
        item = row["object"]
        name, gone = item["metadata"]["name"], row["type"] == "DELETED"
        if row["kind"] == "Deployment":
            return replace(self, t=row["t"], deployment=Deployment.from_api(item))
        if row["kind"] == "ReplicaSet":
            replica_sets = {**self.replica_sets, name: ReplicaSet.from_api(item)}
            if gone:
                del replica_sets[name]
            return replace(self, t=row["t"], replica_sets=replica_sets)
        owner_of = {**self.owner_of, name: item["metadata"]["ownerReferences"][0]["name"]}
        if gone:
            del owner_of[name]
        return replace(self, t=row["t"], owner_of=owner_of)

    def decided(self):
        """What our controller scales in this state: (ReplicaSet or "new", from, to)."""
        if self.deployment is None:
            return set()
        now = self.deployment.metadata.creation_timestamp + self.t
        pods = Counter(self.owner_of.values())
        run = sync_deployment(self.deployment, list(self.replica_sets.values()), now, pods=pods)
        return {
            (name if name in self.replica_sets else "new", from_, to)
            for name, from_, to in run.scaled
        }


def sizes(name):
    """The last state of a recording; and each change of a size, with the state before it."""
    rows = [row for row in recording(name) if row["kind"] != "Event"]
    rows.sort(key=lambda row: int(row["object"]["metadata"]["resourceVersion"]))
    state, changes = State(0.0), []
    for row in rows:
        before, state = state, state.after(row)
        if row["kind"] == "ReplicaSet" and row["type"] != "DELETED":
            rs_name = row["object"]["metadata"]["name"]
            old, size = before.replica_sets.get(rs_name), row["object"]["spec"]["replicas"]
            if old is None:
                changes.append((before, ("new", 0, size)))
            elif old.spec.replicas != size:
                changes.append((before, (rs_name, old.spec.replicas, size)))
    return state, changes


@pytest.mark.parametrize("name", TRACES)
def test_every_recorded_size_is_what_ours_decides(name):
    _, changes = sizes(name)
    assert changes
    for before, change in changes:
        assert change in before.decided(), before.t


@pytest.mark.parametrize("name", TRACES)
def test_ours_wants_nothing_more_at_the_end(name):
    last, _ = sizes(name)
    assert last.decided() == set()
