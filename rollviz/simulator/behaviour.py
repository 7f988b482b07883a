"""What is given to the simulated cluster: how pods and control plane behave in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FAILURES = ("ImagePullBackOff", "NeverReady", "CrashLoopBackOff")
"""How an image can be broken: never pulled; runs and stays unready; starts and dies again."""


@dataclass(frozen=True, slots=True)
class PodBehaviour:
    """How long pods take, and which images never work.

    Attributes:
        startup_seconds: from being scheduled to Ready, for the n-th pod that a ReplicaSet
            makes; used in a cycle.
        termination_seconds: from being deleted to gone, likewise; a pod's
            terminationGracePeriodSeconds cuts it short, as the kubelet's SIGKILL does.
        images: image -> one of :data:`FAILURES`, or its own startup seconds.

    >>> PodBehaviour(startup_seconds=(1.0, 2.0)).startup("nginx", 3)
    2.0
    """

    startup_seconds: Sequence[float] = (2.0,)
    termination_seconds: Sequence[float] = (1.0,)
    images: Mapping[str, str | Sequence[float]] = field(default_factory=dict)

    def startup(self, image: str, n: int) -> float:
        """Seconds from scheduled to Ready, for the n-th pod (from 0) of a ReplicaSet."""
        own = self.images.get(image, "")
        times = self.startup_seconds if isinstance(own, str) else own
        return times[n % len(times)]

    def termination(self, n: int) -> float:
        """Seconds from deleted to gone, for the n-th pod (from 0) of a ReplicaSet."""
        return self.termination_seconds[n % len(self.termination_seconds)]

    def failure(self, image: str) -> str:
        """One of :data:`FAILURES`, or "" for an image that works."""
        own = self.images.get(image, "")
        return own if isinstance(own, str) else ""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the parts of a control plane take, in seconds, as the recordings show them.

    Attributes:
        kubectl: from pressing Enter to the API server having the change.
        watch: until a controller hears of a change.
        write: one request of a controller to the API server.
        schedule: the scheduler, for one pod.
        kubelet: one pod's status, written by its kubelet.
    """

    kubectl: float = 0.07
    watch: float = 0.002
    write: float = 0.010
    schedule: float = 0.005
    kubelet: float = 0.0125


INSTANT = Latency(0.0, 0.0, 0.0, 0.0, 0.0)
"""A control plane that takes no time: whatever is due at one moment is handled at once."""
