"""Every command that is known here: its flags, its function, a line about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rollviz.kubectl import changes, explain, files, get, rollouts
from rollviz.kubectl.arguments import (
    ALL,
    DRY_RUN,
    FIELD_SELECTOR,
    FILENAME,
    OUTPUT,
    RECORD,
    SELECTOR,
    Flag,
    boolean,
)
from rollviz.kubectl.errors import KubectlError
from rollviz.kubectl.session import Lines, Session

KUBECTL_VERSION, KUSTOMIZE_VERSION, SERVER_VERSION = "v1.37.1", "v5.8.1", "v1.36.2"
"""The kubectl and the control plane that this was recorded from."""


@dataclass(frozen=True)
class Command:
    """A kubectl command. ``kinds`` are the kinds of objects that it takes, for completion."""

    run: Callable[[Session], Lines]
    about: str
    flags: Mapping[str, Flag]
    kinds: tuple[str, ...] = ("deployment",)


def version(session: Session) -> Lines:
    """``kubectl version``."""
    yield session.out(f"Client Version: {KUBECTL_VERSION}\n")
    yield session.out(f"Kustomize Version: {KUSTOMIZE_VERSION}\n")
    if not session.flags["client"]:
        yield session.out(f"Server Version: {SERVER_VERSION}\n")


def help_command(session: Session) -> Lines:
    """``kubectl help``: what is known, or about one command."""
    yield session.out(help_text(" ".join(session.args)))


def help_text(verb: str = "") -> str:
    """The commands whose names begin with these words, and what they do; all of them for "".

    Raises:
        KubectlError: none does.
    """
    shown = {name: c for name, c in COMMANDS.items() if f"{name} ".startswith(f"{verb} ".lstrip())}
    if not shown:
        raise KubectlError(f'unknown command "{verb}" for "kubectl"')
    width = max(map(len, shown))
    text = "".join(f"  kubectl {name.ljust(width)}  {c.about}\n" for name, c in shown.items())
    if len(shown) == 1:
        flags = sorted(next(iter(shown.values())).flags)
        text += f"\nFlags: {' '.join(f'--{flag}' for flag in flags)}\n" if flags else ""
    return text


_EXISTING = {**FILENAME, **SELECTOR}
_CHANGING = {**_EXISTING, **ALL, **DRY_RUN, **OUTPUT, **RECORD}
_EVERYWHERE = {"all-namespaces": boolean("A")}
_READABLE = ("deployment", "replicaset", "pod")

COMMANDS: dict[str, Command] = {
    "annotate": Command(
        changes.annotate,
        "Set or remove annotations: KEY=VALUE, KEY-",
        {**_CHANGING, "list": boolean(), "overwrite": boolean()},
    ),
    "apply": Command(
        files.apply,
        "Make what a file says",
        {**FILENAME, **DRY_RUN, **OUTPUT, **RECORD},
        (),
    ),
    "create": Command(
        files.create,
        "Make what a file says, which must not be there yet",
        {**FILENAME, **DRY_RUN, **OUTPUT, **RECORD, "save-config": boolean()},
        (),
    ),
    "create deployment": Command(
        files.create_deployment,
        "Make a Deployment of a name and an image",
        {
            **DRY_RUN,
            **OUTPUT,
            "image": Flag("strings"),
            "port": Flag("int", default=-1),
            "replicas": Flag("int", short="r", default=1),
            "save-config": boolean(),
        },
        (),
    ),
    "delete": Command(
        changes.delete,
        "Delete Deployments, ReplicaSets or pods",
        {
            **_EXISTING,
            **FIELD_SELECTOR,
            **ALL,
            **DRY_RUN,
            **OUTPUT,
            **_EVERYWHERE,
            "cascade": Flag(default="background", bare="background"),
            "force": boolean(),
            "grace-period": Flag("int", default=-1),
            "ignore-not-found": boolean(),
            "now": boolean(),
            "timeout": Flag("duration", default=0.0),
            "wait": boolean(default=True),
        },
        _READABLE,
    ),
    "describe": Command(
        get.describe_command,
        "Show objects in full, with their events",
        {**_EXISTING, **_EVERYWHERE, "show-events": boolean(default=True)},
        _READABLE,
    ),
    "diff": Command(
        files.diff, "Show what applying a file would change: exit code 1 if it would", FILENAME, ()
    ),
    "explain": Command(explain.explain, "Say what a field of a Deployment means", OUTPUT),
    "get": Command(
        get.get,
        "List objects",
        {
            **_EXISTING,
            **FIELD_SELECTOR,
            **_EVERYWHERE,
            **OUTPUT,
            "ignore-not-found": boolean(),
            "label-columns": Flag("strings", "L"),
            "no-headers": boolean(),
            "show-kind": boolean(),
            "show-labels": boolean(),
            "sort-by": Flag(default=""),
            "watch": boolean("w"),
            "watch-only": boolean(),
        },
        (*_READABLE, "event", "node", "service", "all"),
    ),
    "help": Command(help_command, "List these commands", {}, ()),
    "rollout history": Command(
        rollouts.history,
        "List the revisions, or show one",
        {**_EXISTING, **OUTPUT, "revision": Flag("int", default=0)},
    ),
    "rollout pause": Command(
        rollouts.pause, "Let changes of the template wait", {**_EXISTING, **OUTPUT}
    ),
    "rollout restart": Command(
        rollouts.restart, "Replace the pods by new ones of the same kind", {**_EXISTING, **OUTPUT}
    ),
    "rollout resume": Command(rollouts.resume, "Go on after a pause", {**_EXISTING, **OUTPUT}),
    "rollout status": Command(
        rollouts.status,
        "Follow a rollout to its end",
        {
            **_EXISTING,
            "revision": Flag("int", default=0),
            "timeout": Flag("duration", default=0.0),
            "watch": boolean("w", default=True),
        },
    ),
    "rollout undo": Command(
        rollouts.undo,
        "Go back to the revision before, or to another",
        {**_EXISTING, **DRY_RUN, **OUTPUT, "to-revision": Flag("int", default=0)},
    ),
    "scale": Command(
        changes.scale,
        "Set the number of pods",
        {
            **_CHANGING,
            "current-replicas": Flag("int", default=-1),
            "replicas": Flag("int", default=0),
        },
    ),
    "set image": Command(
        changes.set_image, "Change the images of containers: NAME=IMAGE", _CHANGING
    ),
    "version": Command(version, "Print the versions", {"client": boolean()}, ()),
}
"""By name, in the order of help."""

GROUPS = frozenset(name.split()[0] for name in COMMANDS if " " in name)
"""Words that are followed by a second one: ``rollout``, ``set``."""

_ELSEWHERE = (
    "api-resources api-versions attach auth autoscale certificate cluster-info completion config "
    "cordon cp debug drain edit events exec expose kuberc kustomize label logs options patch "
    "plugin port-forward proxy replace run taint top uncordon wait"
)
ELSEWHERE = frozenset(_ELSEWHERE.split())
"""Commands that kubectl has and this has not."""

FOLLOWING_ELSEWHERE = {
    "apply": frozenset(["edit-last-applied", "set-last-applied", "view-last-applied"]),
    "set": frozenset(["env", "resources", "selector", "serviceaccount", "subject"]),
}
"""What follows a word there and not here."""

_FLAGS_OF_ALL = "allow-missing-template-keys field-manager k kustomize show-managed-fields template"
_FLAGS_ELSEWHERE = {
    "annotate": "A all-namespaces field-selector local resource-version",
    "apply": "all cascade force force-conflicts grace-period l openapi-patch overwrite prune "
    "prune-allowlist selector server-side subresource timeout validate wait",
    "create": "edit l raw selector validate windows-line-endings",
    "create deployment": "validate",
    "delete": "i interactive raw",
    "describe": "chunk-size",
    "diff": "concurrency force-conflicts l prune prune-allowlist selector server-side show-secrets",
    "explain": "api-version max-depth recursive",
    "get": "chunk-size output-watch-events raw server-print subresource",
    "scale": "resource-version timeout",
    "set image": "local",
    "version": "output",
}


def flags_elsewhere(name: str) -> set[str]:
    """The flags that a command has in kubectl and not here, as words and letters."""
    return set(f"{_FLAGS_OF_ALL} {_FLAGS_ELSEWHERE.get(name, '')}".split())
