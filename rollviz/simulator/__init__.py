"""A simulated cluster under a virtual clock; see :class:`Cluster`."""

from rollviz.simulator.behaviour import FAILURES, INSTANT, Latency, PodBehaviour
from rollviz.simulator.cluster import EPOCH, MOST_REPLICAS, ApiError, Cluster, Node

__all__ = [
    "EPOCH",
    "FAILURES",
    "INSTANT",
    "MOST_REPLICAS",
    "ApiError",
    "Cluster",
    "Latency",
    "Node",
    "PodBehaviour",
]
