"""See every pod of a Kubernetes rollout, and why the controller moved it.

>>> import rollviz
>>> rollviz.Cluster(nodes=2)
<Cluster at 0.0 s: nothing in it, 0 pods>

Every public name is loaded when it is first used: ``import rollviz`` alone is quick, and needs
neither plotly, ipywidgets nor kubernetes.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from rollviz.compare import compare as compare
    from rollviz.diff import diff as diff
    from rollviz.figures import chart as chart
    from rollviz.kubectl.view import View as View
    from rollviz.magic import use as use
    from rollviz.metrics import metrics as metrics
    from rollviz.predict import predict as predict
    from rollviz.predict import score as score
    from rollviz.questions import downtime_seconds as downtime_seconds
    from rollviz.questions import least_available as least_available
    from rollviz.questions import most_pods as most_pods
    from rollviz.questions import new_revision as new_revision
    from rollviz.questions import next_scaling as next_scaling
    from rollviz.questions import rollout_seconds as rollout_seconds
    from rollviz.questions import unavailable_seconds as unavailable_seconds
    from rollviz.scenario import simulate as simulate
    from rollviz.scenario import what_if as what_if
    from rollviz.simulator import Cluster as Cluster
    from rollviz.simulator import Latency as Latency
    from rollviz.simulator import PodBehaviour as PodBehaviour
    from rollviz.sweep import sweep as sweep
    from rollviz.timeline import Timeline as Timeline
    from rollviz.timeline import load as load
    from rollviz.widgets.lab import Lab as Lab
    from rollviz.widgets.mirror import mirror as mirror
    from rollviz.widgets.player import play as play

__version__: str

_HOMES = {
    "Cluster": "rollviz.simulator",
    "Lab": "rollviz.widgets.lab",
    "Latency": "rollviz.simulator",
    "PodBehaviour": "rollviz.simulator",
    "Timeline": "rollviz.timeline",
    "View": "rollviz.kubectl.view",
    "chart": "rollviz.figures",
    "compare": "rollviz.compare",
    "diff": "rollviz.diff",
    "downtime_seconds": "rollviz.questions",
    "least_available": "rollviz.questions",
    "load": "rollviz.timeline",
    "metrics": "rollviz.metrics",
    "mirror": "rollviz.widgets.mirror",
    "most_pods": "rollviz.questions",
    "new_revision": "rollviz.questions",
    "next_scaling": "rollviz.questions",
    "play": "rollviz.widgets.player",
    "predict": "rollviz.predict",
    "rollout_seconds": "rollviz.questions",
    "score": "rollviz.predict",
    "simulate": "rollviz.scenario",
    "sweep": "rollviz.sweep",
    "unavailable_seconds": "rollviz.questions",
    "use": "rollviz.magic",
    "what_if": "rollviz.scenario",
}
"""Where each public name lives."""

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name == "__version__":  # asked for seldom, and slow to look up
        from importlib.metadata import version

        return version("rollviz")
    if name not in _HOMES:
        raise AttributeError(f"module 'rollviz' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """Keeps ``rollviz.metrics`` the function when something imports the module of that name."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """What ``%load_ext rollviz`` does: bring in ``%kubectl`` and ``%%kubectl``."""
    from rollviz import magic

    magic.load_ipython_extension(shell)
