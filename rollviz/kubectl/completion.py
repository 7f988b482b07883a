"""What the Tab key offers after the beginning of a kubectl command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rollviz import rollout
from rollviz.kubectl.arguments import GLOBAL
from rollviz.kubectl.commands import COMMANDS, GROUPS, Command
from rollviz.kubectl.errors import KubectlError
from rollviz.kubectl.explain import DEPLOYMENT_FIELDS
from rollviz.kubectl.output import HERE
from rollviz.kubectl.resources import DEPLOYMENT, resource_named
from rollviz.kubectl.view import View
from rollviz.objects import Deployment

MANIFESTS = (".yaml", ".yml", ".json")


def complete(text: str, view: View | None = None) -> list[str]:
    """The words that the last word of ``text`` can become, with what is there in the view.

    >>> complete("kubectl rollout un")
    ['undo']
    >>> complete("get pods -o ")
    ['custom-columns', 'json', 'jsonpath', 'jsonpath-as-json', 'name', 'wide', 'yaml']
    >>> complete("kubectl create d")
    ['deployment']
    """
    words = text.split()
    last = "" if not words or text[-1].isspace() else words.pop()
    words = words[1:] if words[:1] == ["kubectl"] else words
    return sorted({word for word in _candidates(words, last, view) if word.startswith(last)})


def _candidates(words: list[str], last: str, view: View | None) -> Iterable[str]:
    verb, rest = _verb(words)
    if verb not in COMMANDS:
        return _next_verbs(verb, rest)
    before = rest[-1] if rest else ""
    if before in ("-o", "--output"):
        return _formats(verb)
    if before in ("-f", "--filename"):
        return _files(last)
    if last.startswith("-"):
        return _flags(verb, last, rest, view)
    if verb in GROUPS and not rest:
        return _next_verbs(verb, rest)
    args = [word for word in rest if not word.startswith("-")]
    if verb == "explain":
        return _fields(last)
    return _arguments(verb, args, last, view)


def _verb(words: list[str]) -> tuple[str, list[str]]:
    size = 2 if words[:1] and words[0] in GROUPS and " ".join(words[:2]) in COMMANDS else 1
    return " ".join(words[:size]), words[size:]


def _next_verbs(begun: str, rest: list[str]) -> list[str]:
    if rest or (begun and begun not in GROUPS):
        return []
    at, beginning = len(begun.split()), f"{begun} ".lstrip()
    return [name.split()[at] for name in COMMANDS if name.startswith(beginning)]


def _flags(verb: str, last: str, rest: list[str], view: View | None) -> list[str]:
    if last.startswith("--output="):
        return [f"--output={name}" for name in _formats(verb)]
    if last.startswith("--to-revision=") or last.startswith("--revision="):
        flag = last.partition("=")[0]
        return [f"{flag}={number}" for number in _revisions(rest, view)]
    flags = {**GLOBAL, **COMMANDS[verb].flags}
    return [f"--{name}" if flag.bare else f"--{name}=" for name, flag in flags.items()]


def _formats(verb: str) -> list[str]:
    """What ``-o`` takes there: tables are for ``get``."""
    tables = ("custom-columns", "wide")
    return [name for name in HERE if verb == "get" or name not in tables]


def _arguments(verb: str, args: list[str], last: str, view: View | None) -> list[str]:
    """Kinds, then names; for ``set image`` the containers after them."""
    command = COMMANDS[verb]
    if "/" in last:
        kind = last.partition("/")[0]
        return [f"{kind}/{name}" for name in _names(kind, view)]
    if not args:
        named = [f"deployment/{name}" for name in _names("deployment", view)]
        return [*_kinds(command), *(named if command.kinds == ("deployment",) else ())]
    if "/" not in args[0] and len(args) == 1:
        return _names(args[0], view)
    return _containers(args, view) if verb == "set image" else []


def _kinds(command: Command) -> list[str]:
    words: list[str] = []
    for kind in command.kinds:
        words += [kind] if kind == "all" else resource_named(kind).words
    return words


def _names(kind: str, view: View | None) -> list[str]:
    try:
        resource = resource_named(kind)
    except KubectlError:
        return []
    return [item["metadata"]["name"] for item in view.items(resource)] if view else []


def _named(args: list[str], view: View | None) -> Deployment | None:
    """The Deployment that the arguments name so far."""
    kind, _, name = args[0].partition("/") if args else ("", "", "")
    name = name or (args[1] if len(args) > 1 else "")
    if view is None or kind not in DEPLOYMENT.words:
        return None
    return view.snapshot.deployments.get(name)


def _containers(args: list[str], view: View | None) -> list[str]:
    found = _named(args, view)
    return [f"{name}=" for name in rollout.container_names(found.spec.template)] if found else []


def _revisions(rest: list[str], view: View | None) -> list[int]:
    found = _named([word for word in rest if not word.startswith("-")], view)
    if found is None or view is None:
        return []
    return list(rollout.history(view.snapshot.replica_sets_of(found)))


def _fields(last: str) -> list[str]:
    kind, *path = last.split(".")
    if not path:
        return list(DEPLOYMENT.words)
    about = DEPLOYMENT_FIELDS
    for name in path[:-1]:
        if kind not in DEPLOYMENT.words or name not in about.fields:
            return []
        about = about.fields[name]
    parents = ".".join([kind, *path[:-1]])
    return [f"{parents}.{name}" for name in about.fields]


def _files(last: str) -> list[str]:
    folder = Path(last).parent if "/" in last else Path()
    prefix = f"{folder}/" if "/" in last else ""
    return [f"{prefix}{path.name}" for path in folder.glob("*") if path.suffix in MANIFESTS]
