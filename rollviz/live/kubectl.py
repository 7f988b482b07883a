"""The real kubectl, for a notebook that mirrors a cluster: what ``%kubectl`` runs there.

It is the kubectl on ``PATH``, given the mirror's kubeconfig, context and namespace, and its output
is passed on as it comes. What only reads runs at once. Whatever may change something first shows
where it would go, and runs when the person says yes; where nobody can be asked it does not run.
"""

from __future__ import annotations

import codecs
import queue
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from io import BufferedReader

from rollviz.live.mirror import Mirror
from rollviz.timeline import Command

READING = {
    *("get", "describe", "logs", "explain", "events", "top", "wait", "diff", "version", "help"),
    *("api-resources", "api-versions", "cluster-info", "options", "completion"),
}
"""Verbs that change nothing, whatever follows."""

READING_SECOND = {
    "rollout": {"status", "history"},
    "auth": {"can-i", "whoami"},
    "config": {"view", "get-contexts", "current-context", "get-clusters", "get-users"},
    "plugin": {"list"},
}
"""Verbs that change nothing with one of these after them."""

REHEARSING = {
    *("apply", "create", "delete", "scale", "set", "rollout", "patch", "replace", "annotate"),
    *("label", "expose", "autoscale"),
}
"""Verbs that change nothing with ``--dry-run=client`` or ``--dry-run=server``."""

ELSEWHERE = (
    "--context",
    "--kubeconfig",
    "--cluster",
    "--user",
    "--server",
    "--token",
    "--as",
    "-s",
)
"""Flags that would lead to another cluster, or make somebody else of us."""

MISSING = (
    "kubectl is not on PATH: install it (kubernetes.io, Install Tools), and start Jupyter again "
    "from a shell where `kubectl version --client` answers"
)
UNATTENDED = "this changes the cluster, and nobody is here to confirm it: not run"

Pieces = queue.Queue[tuple[str, str | None]]
"""What was printed, and where; None for the end of it."""

_TICK = 0.25  # seconds


def run(line: str, mirror: Mirror, ask: Callable[[str], str] | None = None) -> int:
    """Run a command line (without ``kubectl``) on the mirrored cluster, printing as it goes.

    Args:
        line: as one types it.
        mirror: the mirror.
        ask: how the person is asked; by default with ``input``, as the notebook has it by then.

    Returns:
        kubectl's exit code; 1 where it was not run, for a reason that is printed.
    """
    try:
        words = shlex.split(line)
        _check(words, mirror)
        program = shutil.which("kubectl")
        if program is None:
            raise _NotRunError(MISSING)
        changes = not is_reading(words)
        if changes:
            _confirm(words, mirror, ask or input)
    except (_NotRunError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    command = [program, *_place(mirror), *words]
    if not changes:
        return _stream(command, lambda: None)
    return _noted(command, f"kubectl {line}", mirror)


def is_reading(words: Sequence[str]) -> bool:
    """Whether a command changes nothing, for sure; what is not known may change something.

    >>> is_reading(["get", "pods"]), is_reading(["rollout", "undo", "deployment/web"])
    (True, False)
    """
    words = _from_verb(_before_dashes(words))
    verb, second = [*words, "", ""][:2]
    if verb in READING or second in READING_SECOND.get(verb, ()):
        return True
    if _flags(words) & {"--help", "-h"}:
        return True
    rehearsals = {word for word in words if word.startswith("--dry-run")}
    harmless = bool(rehearsals) and rehearsals <= {"--dry-run=client", "--dry-run=server"}
    return verb in REHEARSING and harmless and rehearsals <= _flags(words)


def namespace_of(words: Sequence[str], default: str) -> str:
    """The namespace that a command goes to.

    >>> namespace_of(["delete", "pods", "-n", "test"], "shop"), namespace_of(["get"], "shop")
    ('test', 'shop')
    """
    words = _before_dashes(words)
    found = default
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name in ("-n", "--namespace"):
            found = value if equals else following
        elif word in ("-A", "--all-namespaces", "--all-namespaces=true"):
            return "all of them"
        elif word.startswith("-n") and not word.startswith("--"):
            found = word[2:]
    return found


class _NotRunError(Exception):
    """The command is not run; says why."""


def _check(words: Sequence[str], mirror: Mirror) -> None:
    if not mirror.host:
        raise _NotRunError("the mirror has not found a cluster: see its message")
    for word in _before_dashes(words):
        flag = word.partition("=")[0]
        if flag in ELSEWHERE or (word.startswith("-s") and not word.startswith("--")):
            raise _NotRunError(
                f"{flag}: %kubectl goes where the mirror looks, {_where(mirror)}: make another "
                "mirror for another cluster, or use a terminal"
            )


def _confirm(words: Sequence[str], mirror: Mirror, ask: Callable[[str], str]) -> None:
    if not _attended():
        raise _NotRunError(UNATTENDED)
    print("This may change the cluster:")
    print(f"  context    {mirror.context or '(the service account of this pod)'}")
    print(f"  cluster    {mirror.host}")
    print(f"  namespace  {namespace_of(words, mirror.namespace)}")
    print(f"  command    kubectl {shlex.join(words)}", flush=True)
    try:
        answer = ask("Type yes to run it: ")
    except (EOFError, OSError, NotImplementedError) as error:
        raise _NotRunError(UNATTENDED) from error
    if answer.strip().lower() not in ("yes", "y"):
        raise _NotRunError("not confirmed: not run")


def _attended() -> bool:
    """Whether a person sits there: at a terminal, or at a notebook, which asks by itself."""
    try:
        from IPython import get_ipython
    except ImportError:
        return sys.stdin.isatty()
    shell = get_ipython()
    return hasattr(shell, "kernel") or sys.stdin.isatty()


def _where(mirror: Mirror) -> str:
    return f"{mirror.host} (context {mirror.context})" if mirror.context else mirror.host


def _place(mirror: Mirror) -> list[str]:
    flags = {"kubeconfig": mirror.kubeconfig, "context": mirror.context}
    flags["namespace"] = mirror.namespace
    return [f"--{name}={value}" for name, value in flags.items() if value]


def _before_dashes(words: Sequence[str]) -> list[str]:
    """Without what is given to a program inside a container."""
    words = list(words)
    return words[: words.index("--")] if "--" in words else words


def _from_verb(words: list[str]) -> list[str]:
    """Without the namespace in front; any other flag in front leaves the verb unknown."""
    while words[:1] and words[0].startswith("-n"):
        words = words[1 if len(words[0]) > 2 else 2 :]
    while words[:1] and words[0].startswith("--namespace"):
        words = words[1 if "=" in words[0] else 2 :]
    return words


def _flags(words: Sequence[str]) -> set[str]:
    """The words that are flags for sure, and not the value of a flag before them."""
    return {
        word
        for before, word in zip(["", *words], words, strict=False)
        if word.startswith("-") and (not before.startswith("-") or "=" in before)
    }


def _noted(command: list[str], line: str, mirror: Mirror) -> int:
    """Run it, and note it in the timeline from its beginning, so that its edit finds it there."""
    timeline, began = mirror.timeline, mirror.now
    commands, index = timeline.commands, len(timeline.commands)

    def note() -> None:
        commands[index:] = [Command(began, line, end=mirror.now + 2 * _TICK)]

    note()
    code = _stream(command, note)
    commands[index:] = [Command(began, line, code, end=mirror.now)]
    return code


def _stream(command: list[str], tick: Callable[[], None]) -> int:
    """Run a program, passing on what it prints; ``tick`` is called while it is silent."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    pieces: Pieces = queue.Queue()
    readers = [
        threading.Thread(target=_read, args=(pipe, name, pieces), name="rollviz-kubectl")
        for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr))
    ]
    for reader in readers:
        reader.start()
    try:
        _pass_on(pieces, len(readers), tick)
    except KeyboardInterrupt:
        process.terminate()
        print("interrupted", file=sys.stderr)
    finally:
        code = process.wait()
        for reader in readers:
            reader.join()
    return code


def _read(pipe: BufferedReader, name: str, pieces: Pieces) -> None:
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    with pipe:
        while data := pipe.read1(1 << 16):
            pieces.put((name, decode(data)))
    pieces.put((name, None))


def _pass_on(pieces: Pieces, sources: int, tick: Callable[[], None]) -> None:
    while sources:
        try:
            name, text = pieces.get(timeout=_TICK)
        except queue.Empty:
            tick()
            continue
        if text is None:
            sources -= 1
        else:
            print(text, end="", file=getattr(sys, name), flush=True)
