"""What one pass of the Deployment controller decided, and the numbers it decided with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rollviz._quick import quick


class Scaling(NamedTuple):
    """One change of a ReplicaSet's ``spec.replicas``, in pods."""

    replica_set: str
    from_: int
    to: int

    @property
    def up(self) -> bool:
        """Whether pods were added."""
        return self.to > self.from_


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """Why the controller scaled what it scaled, or scaled nothing.

    Attributes:
        function: the controller function that decided, under its Kubernetes name in
            snake_case: ``reconcile_new_replica_set``, ``reconcile_old_replica_sets``,
            ``scale``, ``scale_down_old_replica_sets_for_recreate``,
            ``scale_up_new_replica_set_for_recreate``, ``get_new_replica_set`` (a new
            ReplicaSet is made), ``sync`` (paused).
        source: the file in Kubernetes that holds it, e.g. ``rolling.go``.
        new_rs: the name of the new ReplicaSet, or "" while there is none.
        scaled: what it changed, in order; empty where it had to wait.
        numbers: everything that went into the decision, in pods (or as written in the
            manifest, for ``max_surge`` and ``max_unavailable``), under the controller's own
            names. ``explain.arithmetic`` shows them; the property tests recompute from them.
    """

    function: str
    source: str
    new_rs: str
    scaled: tuple[Scaling, ...]
    numbers: Mapping[str, int | str]
