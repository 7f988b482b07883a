r"""kubectl, in kubectl's own words, on a simulated cluster or on any moment of a timeline.

:func:`run` runs a command line on a :class:`~rollviz.simulator.Cluster`, :func:`stream` does so
line by line while virtual time runs, and :func:`answer` says what a reading command prints for a
:class:`View`: a snapshot of a simulated, recorded or live rollout.

>>> from rollviz.simulator import Cluster
>>> run("kubectl get deployments", Cluster())
Answer(exit_code=0, stdout='', stderr='No resources found in default namespace.\n', known=())

The words and the behaviour are those of kubectl v1.37.1 on Kubernetes v1.36.2, as recorded in
``tests/data``; the text of ``explain`` and ``help`` is ours.
"""

from __future__ import annotations

import shlex
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from rollviz.kubectl.arguments import GLOBAL, UnknownFlag, parse
from rollviz.kubectl.commands import (
    COMMANDS,
    ELSEWHERE,
    FOLLOWING_ELSEWHERE,
    GROUPS,
    Command,
    flags_elsewhere,
    help_text,
)
from rollviz.kubectl.errors import KubectlError, ServerError, UnknownCommand
from rollviz.kubectl.session import Line, Lines, Session
from rollviz.kubectl.suggestions import FAR, did_you_mean, distance
from rollviz.kubectl.view import View
from rollviz.manifest import ManifestError
from rollviz.objects import Json
from rollviz.simulator import ApiError, Cluster

__all__ = [
    "COMMANDS",
    "Answer",
    "KubectlError",
    "Line",
    "View",
    "answer",
    "check",
    "last",
    "run",
    "stream",
]

Whole = TypeVar("Whole")
Files = Mapping[str, str | Json]
NO_FILES: Files = {}
REQUIRED = {"create deployment": ("image",), "scale": ("replicas",)}
RECORD_IS_DEPRECATED = "Flag --record has been deprecated, --record will be removed in the future\n"


@dataclass(frozen=True)
class Answer:
    """What a command came to.

    Attributes:
        exit_code: 0, or 1 where it failed (``diff``: where something differs; 2 where it failed).
        stdout: what it printed.
        stderr: its warnings and errors.
        known: the commands there are, where it asked for one that is not among them; else ().
    """

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    known: tuple[str, ...] = ()


def run(line: str, cluster: Cluster, files: Files = NO_FILES) -> Answer:
    """Run one kubectl command line on a simulated cluster.

    Commands that wait (``rollout status``, ``get -w``, ``delete pod``) let virtual time pass;
    all others take none.

    Args:
        line: the command line, with or without ``kubectl`` in front, quoted as for a shell.
        cluster: what it is run on.
        files: contents of files by name, as text or API JSON, for ``-f``; a name that is not
            among them is a path on disk.

    Returns:
        The answer. A command that fails or is not known is one too, never an exception.
    """
    return last(stream(line, cluster, files))


def answer(line: str, view: View) -> Answer:
    """What a reading command prints for a view; one that would change anything is refused.

    >>> from rollviz.timeline import Timeline
    >>> answer("kubectl scale deployment/web --replicas=3", View.at(Timeline(), 0)).exit_code
    1
    """
    return last(stream(line, view))


def stream(
    line: str, target: Cluster | View, files: Files = NO_FILES
) -> Generator[Line, None, Answer]:
    """Run a command line and give what it prints piece by piece, each with its virtual time.

    The generator returns the whole :class:`Answer`. Virtual time passes only as far as pieces
    are asked for.
    """
    printed: dict[str, list[str]] = {"stdout": [], "stderr": []}
    exit_code = 0
    known: tuple[str, ...] = ()
    try:
        for piece in _pieces(line, target, files):
            printed[piece.stream].append(piece.text)
            yield piece
    except ManifestError as refusal:
        text = refusal.kubectl() + "\n"
        exit_code = 1
        printed["stderr"].append(text)
        yield Line(target.now, text, "stderr")
    except (KubectlError, ApiError) as refusal:
        error = as_printed(refusal)
        exit_code, known = error.exit_code, error.known
        printed["stderr"].append(error.text)
        if error.text:
            yield Line(target.now, error.text, "stderr")
    return Answer(exit_code, "".join(printed["stdout"]), "".join(printed["stderr"]), known)


def as_printed(error: KubectlError | ApiError) -> KubectlError:
    """The error as kubectl prints it; what the API server refuses begins with its reason."""
    return error if isinstance(error, KubectlError) else ServerError(error.reason, error.message)


def last(pieces: Generator[Line, None, Whole]) -> Whole:
    """What a generator such as :func:`stream` returns once all of its pieces are taken."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            whole: Whole = end.value
            return whole


def _pieces(line: str, target: Cluster | View, files: Files) -> Lines:
    name, rest = command_of(_words(line))
    if name not in COMMANDS:
        yield Line(target.now, help_text(name))
        if name and not {"-h", "--help"} & set(rest):
            raise KubectlError("", verbatim=True)  # a group alone is help, and a failure
        return
    session = _session(name, rest, target, files)
    if session.flags["help"]:
        yield session.out(help_text(name))
        return
    if all(session.parsed.has(flag) for flag in REQUIRED.get(name, ())):  # else it says so first
        _ = session.dry_run
    if ("dry-run", "unchanged") in session.parsed.given:
        yield session.err(_bare_dry_run(target))
    if session.parsed.has("record"):
        yield session.err(RECORD_IS_DEPRECATED)
    yield from COMMANDS[name].run(session)


def check(line: str) -> None:
    """Read a command line without running it: is its command or one of its flags misspelt?

    What kubectl has and this has not is no mistake: running it says so.

    Raises:
        KubectlError: there is no such command, with those there are as ``known``; or a flag
            that is all but one that the command has.
    """
    words = _words(line)
    if ELSEWHERE.intersection(_leading_flags(words)[1][:1]):
        return
    name, rest = command_of(words)
    flags = {**GLOBAL, **COMMANDS[name].flags} if name in COMMANDS else GLOBAL
    for word in rest:
        given = word.removeprefix("--").partition("=")[0]
        if word.startswith("--") and given not in flags:
            meant = [flag for flag in flags if distance(given, flag) <= min(FAR, len(flag) // 3)]
            if meant:
                raise KubectlError(f"unknown flag: --{given}: did you mean --{meant[0]}?")


def _bare_dry_run(target: Cluster | View) -> str:
    """A warning as klog heads it: when, which thread, which line of kubectl's code."""
    when = datetime.fromtimestamp(target.epoch + target.now, UTC)
    words = "--dry-run is deprecated and can be replaced with --dry-run=client."
    return f"W{when:%m%d %H:%M:%S.%f}       1 helpers.go:714] {words}\n"


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise KubectlError(f"{error} in this command line: {line}") from error
    return words[1:] if words[:1] == ["kubectl"] else words


def command_of(words: list[str]) -> tuple[str, list[str]]:
    """The command that words begin with (``rollout undo``), and the words after it.

    A group alone (``rollout``), or nothing (""), stands for its help.

    Raises:
        UnknownCommand: there is none of that name.
    """
    flags, rest = _leading_flags(words)
    if rest and (unknown := _unknown_flag(flags)):
        message = f"Error: flags cannot be placed before plugin name: {unknown}"
        raise KubectlError(message, verbatim=True)
    if not rest:
        _check_global(flags, "kubectl")
        return "", flags
    verb, *rest = rest
    if set(rest[:1]) & FOLLOWING_ELSEWHERE.get(verb, frozenset()):
        known = tuple(name for name in COMMANDS if name.startswith(f"{verb} ") or name == verb)
        raise _not_here(f"{verb} {rest[0]}", known)
    if verb == "create" and rest[:1] == ["deploy"]:
        rest[0] = "deployment"
    if verb in GROUPS and not (verb in COMMANDS and f"{verb} {' '.join(rest[:1])}" not in COMMANDS):
        between, rest = _leading_flags(rest)
        flags += between
        if not rest:
            _check_global(between, f"kubectl {verb}")
            return verb, flags
        if f"{verb} {rest[0]}" not in COMMANDS:
            raise _unknown_in(verb, rest)
        verb, rest = f"{verb} {rest[0]}", rest[1:]
    if verb not in COMMANDS:
        raise _unknown(verb)
    return verb, flags + rest


def _leading_flags(words: list[str]) -> tuple[list[str], list[str]]:
    """Flags such as ``-n web`` that stand before the command, and the rest."""
    flags, rest = [], list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        flags.append(word)
        name = word.lstrip("-")
        takes_value = any(
            flag.bare is None for key, flag in GLOBAL.items() if name in (key, flag.short)
        )
        if takes_value and rest:
            flags.append(rest.pop(0))
    return flags, rest


def _check_global(flags: list[str], command: str) -> None:
    """Flags without a command: help is what they come to, unless kubectl can't read them.

    Raises:
        KubectlError: it can't.
    """
    try:
        parse([flag for flag in flags if flag not in ("-h", "--help")], {})
    except KubectlError as error:
        raise KubectlError(f"{error}\nSee '{command} --help' for usage.") from None


def _unknown_flag(flags: list[str]) -> str:
    """The first flag that is none of those that every command takes, or ""."""
    names = {*GLOBAL, *(flag.short for flag in GLOBAL.values())}
    given = [flag for flag in flags if flag.startswith("-")]
    return next((f for f in given if f.lstrip("-").partition("=")[0] not in names), "")


def _unknown(verb: str) -> UnknownCommand:
    known = tuple(COMMANDS)
    if verb in ELSEWHERE:
        return _not_here(verb, known)
    top = sorted({name.split()[0] for name in known} | ELSEWHERE)
    return UnknownCommand(f'unknown command "{verb}" for "kubectl"{did_you_mean(verb, top)}', known)


def _not_here(name: str, known: tuple[str, ...]) -> UnknownCommand:
    return UnknownCommand(f'rollviz has no "kubectl {name}". It knows: {", ".join(known)}', known)


def _unknown_in(group: str, rest: list[str]) -> UnknownCommand:
    args = " ".join(word for word in rest if not word.startswith("-"))
    known = tuple(name for name in COMMANDS if name.startswith(f"{group} "))
    return UnknownCommand(
        f"unknown command \"{args}\"\nSee 'kubectl {group} -h' for help and examples", known
    )


def _with_usage(error: KubectlError, name: str) -> KubectlError:
    if name == "diff":  # which has words of its own for this, and an exit code
        error = KubectlError(f"{error}\nSee 'kubectl diff -h' for help and examples")
        error.exit_code = 2
        return error
    return KubectlError(f"{error}\nSee 'kubectl {name} --help' for usage.")


def _session(name: str, rest: list[str], target: Cluster | View, files: Files) -> Session:
    command: Command = COMMANDS[name]
    try:
        parsed = parse(rest, command.flags)
    except UnknownFlag as error:
        if error.name in flags_elsewhere(name):
            dashes = "-" if len(error.name) == 1 else "--"
            words = f'rollviz has no {dashes}{error.name} for "kubectl {name}"'
            raise KubectlError(words) from None
        raise _with_usage(error, name) from None
    except KubectlError as error:
        raise _with_usage(error, name) from None
    if isinstance(target, View):
        return Session(name, parsed, None, target, files)
    return Session(name, parsed, target, None, files)
