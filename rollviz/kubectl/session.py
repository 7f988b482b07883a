"""One command at work: its arguments, the objects it sees, the lines it prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from rollviz import manifest, rollout
from rollviz.kubectl import selectors
from rollviz.kubectl.arguments import Parsed
from rollviz.kubectl.errors import KubectlError, ServerError, not_found
from rollviz.kubectl.output import printer
from rollviz.kubectl.resources import DEPLOYMENT, Resource, Target, targets
from rollviz.kubectl.view import View
from rollviz.manifest.errors import quote
from rollviz.objects import CHANGE_CAUSE, Deployment, Json
from rollviz.simulator import Cluster

SYSTEM_NAMESPACES = ("kube-node-lease", "kube-public", "kube-system")
"""Namespaces that every cluster has, beside ``default``."""

NO_NAME = "resource name may not be empty"
"""What kubectl says of a file's object that it needs the name of."""

UNKNOWN = "<unknown>"
"""What kubectl calls an object without a name."""

EXTENSIONS = (".json", ".yaml", ".yml")
"""The files of a directory that kubectl reads."""


class Line(NamedTuple):
    """A piece of what a command prints, and when, in seconds on the timeline's clock."""

    t: float
    text: str
    stream: str = "stdout"


Lines = Iterator[Line]


class Found(NamedTuple):
    """An object that a command line named."""

    resource: Resource
    item: Json

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return str(self.item["metadata"]["name"])


@dataclass
class Session:
    """What a command's function gets.

    Attributes:
        verb: which command it is, such as ``rollout undo``.
        parsed: its arguments and flags.
        cluster: the simulated cluster, or None where there is only a view to read.
        fixed_view: that view.
        files: contents of files by name, as text or as API JSON; others are read from disk.
    """

    verb: str
    parsed: Parsed
    cluster: Cluster | None
    fixed_view: View | None
    files: Mapping[str, str | Json]
    _counted: tuple[Any, Mapping[Any, str]] = field(default=(None, {}), repr=False)

    @property
    def args(self) -> list[str]:
        """The arguments, flags taken out."""
        return self.parsed.args

    @property
    def flags(self) -> dict[str, Any]:
        """Every flag's value."""
        return self.parsed.flags

    @property
    def view(self) -> View:
        """The objects as they are now."""
        if self.cluster is not None:
            return View.of(self.cluster)
        assert self.fixed_view is not None
        return self.fixed_view

    @property
    def namespace(self) -> str:
        """The namespace that was asked for, or the one there is."""
        return self.flags["namespace"] or self.view.namespace

    @property
    def everywhere(self) -> bool:
        """Whether ``-A`` was given, which goes before ``-n``."""
        return bool(self.flags.get("all-namespaces"))

    def writable(self) -> Cluster:
        """The cluster, for a command that changes it.

        Raises:
            KubectlError: there is only a view.
        """
        if self.cluster is None:
            raise KubectlError("this is a view of what happened: only reading commands work here")
        return self.cluster

    # --- what it prints -----------------------------------------------------------------------

    def out(self, text: str) -> Line:
        """A piece for standard output."""
        return Line(self.view.now, text)

    def err(self, text: str) -> Line:
        """A piece for standard error."""
        return Line(self.view.now, text, "stderr")

    def done(self, resource: Resource, item: Json, operation: str, *, typed: bool = False) -> Line:
        """What a changing command says about an object: a word, or as ``-o`` asks for it.

        ``typed``: kubectl has it as a Go struct, whose fields JSON shows in their own order.
        """
        output = self.flags.get("output")
        if output:
            return self.out(printer(output, typed=typed)(item))
        name = item["metadata"].get("name", UNKNOWN)
        return self.out(f"{resource.qualified}/{name} {operation}{self.dry_run_suffix}\n")

    def versioned(self, item: Json) -> Json:
        """The object with its ``resourceVersion``, where it has been stored and is shown whole."""
        if self.verb != "diff" and not self.flags["output"]:
            return item
        other = "1" if item["kind"] in ("Event", "Node", "Service") else None  # made by the view
        version = self._versions().get((item["kind"], item["metadata"].get("name")), other)
        if version is None or "uid" not in item["metadata"]:
            return item
        return {**item, "metadata": {**item["metadata"], "resourceVersion": version}}

    def _versions(self) -> Mapping[tuple[str, str | None], str]:
        """Every object's, counted once for as long as nothing changes."""
        view = self.view
        moment = view.now, len(view.timeline.changes) if view.timeline else 0
        if self._counted[0] != moment:
            self._counted = moment, view.resource_versions()
        return self._counted[1]

    # --- flags that several commands share ------------------------------------------------------

    @property
    def dry_run(self) -> str:
        """``none``, ``client`` or ``server``.

        Raises:
            KubectlError: the flag has another value.
        """
        value = self.flags.get("dry-run", "none")
        if value in ("unchanged", "true"):
            return "client"
        if value not in ("none", "client", "server", "false"):
            raise KubectlError(
                f'Invalid dry-run value ({value}). Must be "none", "server", or "client".'
            )
        return "none" if value == "false" else str(value)

    @property
    def dry_run_suffix(self) -> str:
        """What is added to the word for what was done."""
        return {"none": "", "client": " (dry run)", "server": " (server dry run)"}[self.dry_run]

    def recorded(self, deployment: Deployment) -> Deployment:
        """The Deployment with this command as its change-cause, where ``--record`` was given."""
        if not self.flags.get("record"):
            return deployment
        return rollout.annotate(deployment, {CHANGE_CAUSE: self.change_cause})

    @property
    def change_cause(self) -> str:
        """This command line, as ``--record`` notes it."""
        given = "".join(f" --{name}={value}" for name, value in self.parsed.given)
        return " ".join(["kubectl", self.verb, *self.args]) + given

    # --- the objects it is about ------------------------------------------------------------------

    def targets(self, args: Sequence[str], *, everything: bool) -> list[Target]:
        """What the arguments and ``-f`` ask for; see :func:`rollviz.kubectl.resources.targets`."""
        if not self.flags.get("filename"):
            self._check_selecting(args)
            wanted = targets(args, everything=everything)
            if self.everywhere and any(t.name and t.resource.namespaced for t in wanted):
                raise KubectlError("a resource cannot be retrieved by name across all namespaces")
            return wanted
        if args:
            raise KubectlError(
                "when paths, URLs, or stdin is provided as input, you may not specify resource "
                "arguments as well"
            )
        return [target for _, target in self.named_in_files()]

    def _check_selecting(self, args: Sequence[str]) -> None:
        """Objects are selected by ``-l`` (for delete by ``--all`` too) or named, not both."""
        selector = self.flags.get("selector") or self.flags.get("field-selector")
        if not (selector or (self.verb == "delete" and self.flags["all"])):
            return
        if not args:
            raise KubectlError("at least one resource must be specified to use a selector")
        if any("/" in arg for arg in args):
            raise KubectlError(
                "selectors and the all flag cannot be used when passing resource/name arguments"
            )
        if len(args) > 1:
            raise KubectlError("name cannot be provided when a selector is specified")

    def named_in_files(self) -> Iterator[tuple[str, Target]]:
        """The Deployments that ``-f`` files hold, each with its file's name.

        Raises:
            KubectlError: a file can't be read, or holds what kubectl refuses.
        """
        found, errors = self.documents()
        for filename, document in found:
            if not document.is_deployment:
                continue
            if name := document.json["metadata"].get("name"):
                yield filename, Target(DEPLOYMENT, name)
            else:
                doing = f'error when deleting "{filename}": ' if self.verb == "delete" else ""
                errors.append(KubectlError(f"{doing}{NO_NAME}"))
        if errors and self.verb == "get":  # which always has a list of them
            raise KubectlError("".join(error.listed for error in errors), verbatim=True)
        raise_all(errors)

    def documents(self) -> tuple[list[tuple[str, manifest.Document]], list[KubectlError]]:
        """Every object in the ``-f`` files with its file's name, and what can't be read.

        Raises:
            KubectlError: some file is not there; then kubectl looks at none.
        """
        found: list[tuple[str, manifest.Document]] = []
        missing: list[KubectlError] = []
        broken: list[KubectlError] = []
        for filename in self._filenames():
            try:
                documents = manifest.documents(self.source(filename), name=filename)
            except manifest.ManifestError as error:
                if error.message == manifest.NO_SUCH_FILE:
                    missing.append(KubectlError(f'the path "{filename}" does not exist'))
                elif error.message != manifest.NOTHING_IN_IT:
                    for refused in (error, *error.others):
                        text = refused.kubectl(self.verb, filename)
                        broken.append(KubectlError(text.removeprefix("error: ")))
                    found += ((filename, document) for document in error.beside)
            else:
                found += ((filename, document) for document in documents)
        raise_all(missing)
        return found, broken

    def _filenames(self) -> Iterator[str]:
        """What ``-f`` names; of a directory, the files in it (with ``-R``, and below it).

        Raises:
            KubectlError: there are none.
        """
        for filename in self.flags["filename"]:
            if filename in self.files or not Path(filename).is_dir():
                yield filename
                continue
            pattern = "**/*" if self.flags["recursive"] else "*"
            inside = sorted(str(path) for path in Path(filename).glob(pattern))
            known = [path for path in inside if path.endswith(EXTENSIONS)]
            if not known:
                words = f"recognized file extensions are [{' '.join(EXTENSIONS)}]"
                raise KubectlError(f"error reading [{filename}]: {words}")
            yield from known

    def source(self, filename: str) -> manifest.Source:
        """What a file's name stands for: contents that were given along, or the file itself."""
        return self.files[filename] if filename in self.files else Path(filename)

    def find(self, target: Target) -> list[Found]:
        """The objects that a target means, those without a name filtered by ``-l``.

        Raises:
            KubectlError: the named one is not there, or the selector can't be read.
        """
        resource, name = target
        view = self.view
        here = not resource.namespaced or self.everywhere or self.namespace == view.namespace
        if name is not None:
            item = view.get(resource, name) if here else None
            if item is None:
                raise not_found(resource, name) if here else self._not_found_there(resource, name)
            return [Found(resource, item)]
        matches = self.selected(resource)
        items = view.items(resource) if here else []
        return [Found(resource, item) for item in items if matches(item)]

    def _not_found_there(self, resource: Resource, name: str) -> ServerError:
        """What is said of an object in another namespace; where there is none, kubectl asks."""
        if self.verb == "delete" or self.namespace in ("default", *SYSTEM_NAMESPACES):
            return not_found(resource, name)
        return ServerError("NotFound", f'namespaces "{self.namespace}" not found')

    def selected(self, resource: Resource) -> Callable[[Json], bool]:
        """Whether ``-l`` and ``--field-selector`` mean an object.

        Raises:
            ServerError: a selector can't be read.
        """
        labels, fields = (self.flags.get(name) or "" for name in ("selector", "field-selector"))
        try:
            by_label = selectors.parse(labels)
            by_field = selectors.parse_fields(fields, resource.kind)
        except selectors.SelectorError as error:
            what = f'"{resource.group}/{resource.version}, Resource={resource.plural}"'
            raise ServerError(
                "BadRequest",
                f"Unable to find {what} that match label selector {quote(labels)}, field "
                f"selector {quote(fields)}: {error}",
            ) from error
        return lambda item: by_label(item["metadata"].get("labels") or {}) and by_field(item)

    def find_all(self, wanted: Sequence[Target]) -> tuple[list[Found], list[KubectlError]]:
        """Everything that is there, and an error for everything that is not."""
        found: list[Found] = []
        errors: list[KubectlError] = []
        for target in wanted:
            try:
                found += self.find(target)
            except KubectlError as error:
                errors.append(error)
        return found, self.counted(errors)

    def counted(self, errors: Sequence[KubectlError]) -> list[KubectlError]:
        """The errors, without those about what is not there if they are to be ignored."""
        if not self.flags.get("ignore-not-found"):
            return list(errors)
        return [e for e in errors if not isinstance(e, ServerError) or e.reason != "NotFound"]

    def deployment(self, found: Found) -> Deployment:
        """The Deployment behind what was found."""
        return self.view.snapshot.deployments[found.name]


def raise_all(errors: Sequence[KubectlError], *, prefixed: bool = False) -> None:
    """Fail with every error there was, each on its own line.

    ``prefixed``: with ``error:`` in front of each, which some commands write themselves.

    Raises:
        KubectlError: there was at least one.
    """
    if len(errors) == 1:
        raise errors[0]
    if errors:
        texts = (error.text if prefixed else error.listed for error in errors)
        raise KubectlError("".join(texts), verbatim=True)
