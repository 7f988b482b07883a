"""The real kubectl, for a notebook that mirrors a cluster: what ``%kubectl`` runs there.

It is the kubectl on ``PATH``, given the kubeconfig that the mirror found, its context and its
namespace; its output is passed on as it comes. What only reads runs at once. Whatever may change
something first shows where it would go, and runs when the person says yes; where nobody can be
asked it does not run.
"""

from __future__ import annotations

import codecs
import os
import queue
import re
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
    *("label", "expose", "autoscale", "run"),
}
"""Verbs that change nothing with ``--dry-run=client`` or ``--dry-run=server``."""

_CREATED = {
    *("clusterrole", "clusterrolebinding", "configmap", "cm", "cronjob", "cj", "deployment"),
    *("deploy", "ingress", "ing", "job", "namespace", "ns", "poddisruptionbudget", "pdb"),
    *("priorityclass", "pc", "quota", "resourcequota", "role", "rolebinding", "secret"),
    *("service", "svc", "serviceaccount", "sa"),
}
"""What follows ``create``, but for files; any other word there is a plugin."""

_KUBECTLS_OWN = {
    *(READING | REHEARSING | set(READING_SECOND)),
    *("attach", "certificate", "cordon", "cp", "debug", "drain", "edit", "exec", "port-forward"),
    *("proxy", "taint", "uncordon"),
}
"""Verbs that only print with ``--help``: any other may be a plugin, which does as it likes."""

ELSEWHERE = {
    *("--context", "--kubeconfig", "--kuberc", "--cluster", "--server", "-s", "--proxy-url"),
    *("--tls-server-name", "--insecure-skip-tls-verify", "--certificate-authority"),
    *("--user", "--token", "--username", "--password", "--client-certificate", "--client-key"),
    *("--as", "--as-group", "--as-uid", "--as-user-extra"),
}
"""Flags that would lead to another cluster, or make somebody else of us."""

_SWITCHES = {
    *("-A", "-R", "-h", "-i", "-q", "-t", "-w", "--all", "--all-namespaces", "--attach"),
    *("--command", "--force", "--help", "--quiet", "--rm", "--stdin", "--tty", "--watch"),
}
"""Flags that take no value from the word after them."""

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
        return _stream(command, mirror, lambda: None)
    return _noted(command, f"kubectl {line}", mirror)


def is_reading(words: Sequence[str]) -> bool:
    """Whether a command changes nothing, for sure; what is not known may change something.

    >>> is_reading(["get", "pods"]), is_reading(["rollout", "undo", "deployment/web"])
    (True, False)
    """
    words = _from_verb(_as_kubectl_reads(words))
    verb, second = [*words, "", ""][:2]
    plugin = verb == "create" and second not in _CREATED and not second.startswith("-")
    if plugin or "--raw" in {_name(word) for word in words}:  # that is a request of one's own
        return False
    if verb in READING or second in READING_SECOND.get(verb, ()):
        return True
    if verb in _KUBECTLS_OWN and _given(words, "--help", "-h") in ("--help", "-h"):
        return True
    rehearsal = _given(words, "--dry-run")
    return verb in REHEARSING and rehearsal in ("--dry-run=client", "--dry-run=server")


def namespace_of(words: Sequence[str], default: str) -> str:
    """The namespace that a command goes to.

    >>> namespace_of(["delete", "pods", "-n", "test"], "shop"), namespace_of(["get"], "shop")
    ('test', 'shop')
    """
    words = _as_kubectl_reads(words)
    found = default
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name in ("-n", "--namespace"):
            found = value if equals else following
        elif name in ("-A", "--all-namespaces") and value.lower() not in ("false", "f", "0"):
            return "all of them"
        elif word.startswith("-n"):
            found = word[2:]
    return found


class _NotRunError(Exception):
    """The command is not run; says why."""


def _check(words: Sequence[str], mirror: Mirror) -> None:
    if not mirror.host:
        raise _NotRunError("the mirror has not found a cluster: see its message")
    for word in _as_kubectl_reads(words):
        flag = _name(word)
        if flag in ELSEWHERE or word.startswith("-s"):
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
    flags = {"context": mirror.context, "namespace": mirror.namespace}
    return [f"--{name}={value}" for name, value in flags.items() if value]


def _as_kubectl_reads(words: Sequence[str]) -> list[str]:
    """The words up to those for a program in a container, each flag apart and by its own name.

    kubectl takes ``-itn prod`` for ``-i -t -n prod``, ``--dry_run`` for ``--dry-run``, and ``--``
    for a value where a flag before it wants one.
    """
    switches = "ARhiqtw" + ("fp" if "logs" in words else "")
    together = re.compile(f"-[{switches}]+(?=[^=])")
    found: list[str] = []
    for word in words:
        if word == "--" and not (found and _wants_a_value(found[-1])):
            break
        if word.startswith("--"):
            name = _name(word)
            word = name.replace("_", "-") + word[len(name) :]
        elif several := together.match(word):
            found += [f"-{letter}" for letter in several[0][1:]]
            word = f"-{word[several.end() :]}"
        found.append(word)
    return found


def _wants_a_value(word: str) -> bool:
    return word.startswith("-") and "=" not in word and word not in _SWITCHES


def _name(flag: str) -> str:
    return flag.partition("=")[0]


def _from_verb(words: list[str]) -> list[str]:
    """Without the namespace in front; any other flag in front leaves the verb unknown."""
    while words[:1] and words[0].startswith("-n"):
        words = words[1 if len(words[0]) > 2 else 2 :]
    while words[:1] and words[0].startswith("--namespace"):
        words = words[1 if "=" in words[0] else 2 :]
    return words


def _given(words: Sequence[str], *names: str) -> str:
    """The word that gives one of these flags; "" unless just one does, and is a flag for sure.

    It is none for sure where the word before it may take it for its value.
    """
    found = [
        (before, word)
        for before, word in zip(["", *words], words, strict=False)
        if _name(word) in names
    ]
    if len(found) != 1 or _wants_a_value(found[0][0]):
        return ""
    return found[0][1]


def _noted(command: list[str], line: str, mirror: Mirror) -> int:
    """Run it, and note it in the timeline from its beginning, so that its edit finds it there."""
    timeline, began = mirror.timeline, mirror.now
    commands, index = timeline.commands, len(timeline.commands)

    def note() -> None:
        commands[index:] = [Command(began, line, end=mirror.now + 2 * _TICK)]

    note()
    code = _stream(command, mirror, note)
    commands[index:] = [Command(began, line, code, end=mirror.now)]
    return code


def _stream(command: list[str], mirror: Mirror, tick: Callable[[], None]) -> int:
    """Run a program, passing on what it prints; ``tick`` is called while it is silent."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "KUBECONFIG": mirror.kubeconfig},
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
