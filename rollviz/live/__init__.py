"""The live mirror: a real cluster's rollout as a timeline that grows, recorded and replayed.

:class:`Mirror` follows Deployments through list and watch, on threads in the background, with
the official ``kubernetes`` client (``pip install 'rollviz[live]'``). :func:`record` writes what
a mirror sees to a file; ``rollviz.load`` reads it. Nothing here writes to a cluster.

=============  ============================================================================
``connect``    kubeconfig or service account -> ``access``
``access``     the requests; refusals in words (``errors``)
``reflector``  list, watch, and after any fault again, for one resource
``store``      the state of the namespace; which of it belongs to the mirrored Deployments
``redact``     leaves secrets out
``feed``       from the four watches to one timeline, and to a recording (``record``)
``mirror``     holds it together; its state is in ``status``
=============  ============================================================================
"""

from rollviz.live.errors import LiveError
from rollviz.live.mirror import Mirror
from rollviz.live.session import record

__all__ = ["LiveError", "Mirror", "record"]
