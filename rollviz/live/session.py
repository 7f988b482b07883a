"""Record a rollout of a real cluster to a file: what ``rollviz record`` does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from rollviz.live.errors import LiveError
from rollviz.live.mirror import PATIENCE, Mirror

_HISTORY = 1000  # the file remembers


def record(
    what: str | Iterable[str],
    path: str | Path,
    *,
    duration: float | None = None,
    namespace: str | None = None,
    context: str | None = None,
    kubeconfig: str | Path | None = None,
    keep_all: bool = False,
    say: Callable[[str], object] = print,
) -> int:
    """Record until ``duration`` seconds are over or Ctrl-C comes; ``rollviz.load`` replays it.

    The file may be cut off at any moment, and read while it grows. Secrets stay out of it
    unless ``keep_all``: see :mod:`rollviz.live.redact`.

    Args:
        what: a Deployment (``deployment/web``), several, or a label selector.
        path: the file to make.
        duration: seconds from when the cluster was reached; None for no end.
        namespace: where the Deployments are; else the context's namespace.
        context: a context of the kubeconfig; else the current one.
        kubeconfig: a file; else as kubectl finds it.
        keep_all: leave everything in.
        say: told one line whenever something changes that a person should know.

    Returns:
        How many changes were recorded.

    Raises:
        ValueError: ``what`` is neither names nor a selector, or ``path`` ends in ``.gz``.
        OSError: the file is there already, or can't be written.
        LiveError: the cluster can't be read, or nothing was there to record.
    """
    target = what, namespace, context, kubeconfig
    with Mirror(*target, keep_all=keep_all, record=path, history=_HISTORY) as mirror:
        try:
            _follow(mirror, duration, say)
        except KeyboardInterrupt:
            say("stopped")
        missing = mirror.message
    if not mirror.recorded:
        raise LiveError(f"nothing was recorded: {missing or 'nothing was there'}")
    return mirror.recorded


def _follow(mirror: Mirror, duration: float | None, say: Callable[[str], object]) -> None:
    """Say what changes about the mirror until the time is over.

    That it connects is news only once it takes longer than a cluster is given that is not there.
    """
    early, end, said = time.monotonic() + PATIENCE, None, ""

    def news(mirror: Mirror) -> bool:
        well = not mirror.message or time.monotonic() < early
        return _line(mirror) != said and not (mirror.state == "connecting" and well)

    while True:
        left = None if end is None else max(0.0, end - time.monotonic())
        try:
            mirror.wait(news, left)
        except TimeoutError:
            return
        if mirror.state == "failed":
            raise LiveError(mirror.message)
        said = _line(mirror)
        say(said)
        if end is None and duration is not None and mirror.state == "live":
            end = time.monotonic() + duration


def _line(mirror: Mirror) -> str:
    return ": ".join(filter(None, [mirror.state, mirror.message]))
