"""``%kubectl`` and ``%%kubectl``: kubectl in a notebook, on the cluster that it uses.

After ``%load_ext rollviz`` and ``rollviz.use(cluster)``, with a simulated cluster, or with a
``rollviz.mirror``, for which the real kubectl runs (:mod:`rollviz.live.kubectl`)::

    %kubectl rollout undo deployment/myapp-deployment

    %%kubectl
    # several lines, with or without "kubectl" in front
    kubectl set image deployment/myapp-deployment nginx=nginx:1.9.1
    rollout status deployment/myapp-deployment

A command that fails shows what kubectl says, in place and without a traceback. Tab completes
verbs, kinds, names of what is there, flags and containers. Names after ``-f`` are paths from
where the notebook lies.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from rollviz import kubectl
from rollviz.kubectl.completion import complete
from rollviz.kubectl.view import View
from rollviz.scenario import noted
from rollviz.simulator import Cluster

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

    from rollviz.widgets.mirror import MirrorPlayer

Target = TypeVar("Target", Cluster, View, "MirrorPlayer")

NO_CLUSTER = "no cluster is in use: cluster = rollviz.use(rollviz.Cluster())\n"

PATIENCE = 0.5
"""Seconds at the screen before a waiting command shows a progress line: most take far less."""

_current: Cluster | View | MirrorPlayer | None = None


def use(target: Target) -> Target:
    """Make a cluster the one that ``%kubectl`` talks to, and give it back.

    >>> cluster = use(Cluster(nodes=2))
    >>> current() is cluster
    True

    Args:
        target: a simulated cluster; a view of a timeline, which can only be read; or a mirror,
            for which the real kubectl runs, and asks before it changes anything.
    """
    global _current
    _current = target
    return target


def current() -> Cluster | View | MirrorPlayer | None:
    """What ``%kubectl`` talks to, or None."""
    return _current


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext rollviz`` does: bring in ``%kubectl`` and ``%%kubectl``."""
    from IPython.core.completer import context_matcher
    from IPython.core.magic import no_var_expand

    # braces belong to JSONPath here, so names in them are not looked up
    magic: Any = no_var_expand(kubectl_magic)
    shell.register_magic_function(magic, "line_cell", "kubectl")
    matchers = shell.Completer.custom_matchers
    if kubectl_matcher not in matchers:
        matchers.append(context_matcher()(kubectl_matcher))


def kubectl_magic(line: str, cell: str | None = None) -> None:
    """Run one kubectl command, or all of those in a cell.

    Each begins where the one before left the clock; those of a cell are shown with their
    command lines, and one that fails does not keep the others from running.
    """
    if cell is None:
        run_line(_command(line))
        return
    for command in command_lines(f"{line}\n{cell}"):
        print(f"$ kubectl {command}", flush=True)  # else a complaint may come before it
        run_line(command)


def command_lines(text: str) -> list[str]:
    r"""The commands in a cell: no comments, no blank lines, no ``kubectl`` in front.

    >>> command_lines("# look\nkubectl get pods \\\n  -o wide\n\nget rs  # and these")
    ['get pods -o wide', 'get rs']
    """
    lines = text.replace("\\\n", " ").splitlines()
    return [command for line in lines if (command := _command(line))]


def _command(line: str) -> str:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return line  # the command says what is wrong with it
    return shlex.join(words[1:] if words[:1] == ["kubectl"] else words)


def run_line(line: str) -> None:
    """Run a command (without ``kubectl``) on the current cluster, print as it goes, note it."""
    target = _current
    if target is None:
        print(NO_CLUSTER, end="", file=sys.stderr)
        return
    if isinstance(target, View):
        _print(kubectl.stream(line, target), target)
    elif isinstance(target, Cluster):
        progress = Progress(target) if line.startswith("rollout status ") else None
        _print(noted(target, f"kubectl {line}", kubectl.stream(line, target)), target, progress)
    else:
        _run_for_real(line, target)


def _run_for_real(line: str, mirror: MirrorPlayer) -> None:
    from rollviz.live import kubectl as real

    if mirror.source is None:
        print(f"error: {mirror.message}", file=sys.stderr)
    else:
        real.run(line, mirror.source)


def _print(
    pieces: Iterator[kubectl.Line], target: Cluster | View, progress: Progress | None = None
) -> None:
    try:
        for piece in pieces:
            print(piece.text, end="", file=getattr(sys, piece.stream), flush=True)
            if progress:
                progress.show()
    except KeyboardInterrupt:
        print(f"interrupted at {target.now:.1f} s of virtual time", file=sys.stderr)


class Progress:
    """A line in the output that tells how far virtual time and the rollout are."""

    WIDTH = 20

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.began = cluster.now
        self.patient_until = monotonic() + PATIENCE
        self.handle: Any = None

    def show(self) -> None:
        """Write the line, or write it anew, once it takes long."""
        from IPython import display

        if monotonic() < self.patient_until:
            return
        data = {"text/plain": self.text()}
        if self.handle is None:
            show: Any = display.display
            self.handle = show(data, raw=True, display_id=True)
        else:
            self.handle.update(data, raw=True)

    def text(self) -> str:
        """The pods that are updated and available, and the time since the command was given."""
        deployments = self.cluster.snapshot.deployments.values()
        wanted = sum(d.spec.replicas for d in deployments)
        done = sum(min(d.status.updated_replicas, d.status.available_replicas) for d in deployments)
        passed = self.cluster.now - self.began
        filled = round(self.WIDTH * done / wanted) if wanted else self.WIDTH
        bar = "#" * filled + "." * (self.WIDTH - filled)
        return f"[{bar}] {done} of {wanted} pods, {passed:.1f} s of virtual time"


# --- completion ----------------------------------------------------------------------------------


def kubectl_matcher(context: CompletionContext) -> SimpleMatcherResult:
    """Offer what can follow on a line of ``%kubectl`` or of a ``%%kubectl`` cell."""
    from IPython.core.completer import SimpleCompletion

    begun = _begun(context)
    if begun is None:
        return {"completions": []}
    last = "" if not begun or begun[-1].isspace() else begun.split()[-1]
    view = _view(_current)
    return {
        "completions": [SimpleCompletion(word) for word in complete(begun, view)],
        "matched_fragment": last,
        "suppress": True,
        "ordered": True,
    }


def _view(target: Cluster | View | MirrorPlayer | None) -> View | None:
    if target is None or isinstance(target, View):
        return target
    if isinstance(target, Cluster):
        return View.of(target)
    timeline = target.timeline
    return View.at(timeline, timeline.duration)


def _begun(context: CompletionContext) -> str | None:
    """The command line up to the cursor, or None where the cursor is not on one."""
    lines = context.full_text.split("\n")
    before = lines[context.cursor_line][: context.cursor_position]
    for magic in ("%kubectl ", "%%kubectl "):
        if before.lstrip().startswith(magic):
            return before.lstrip()[len(magic) :]
    in_cell = context.full_text.lstrip().startswith("%%kubectl") and context.cursor_line > 0
    return before if in_cell else None
