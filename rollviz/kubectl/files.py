"""``kubectl create -f``, ``apply -f`` and ``diff -f``: what manifests say, and the cluster."""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import unified_diff
from typing import Any

from rollviz import manifest
from rollviz.kubectl.apply import PatchError, patch, three_way, with_last_applied
from rollviz.kubectl.errors import KubectlError, ServerError
from rollviz.kubectl.output import to_yaml
from rollviz.kubectl.resources import DEPLOYMENT
from rollviz.kubectl.session import NO_NAME, SYSTEM_NAMESPACES, Lines, Session, raise_all
from rollviz.kubectl.text import to_json
from rollviz.objects import CHANGE_CAUSE, LAST_APPLIED, Deployment, Json, to_rfc3339
from rollviz.simulator import ApiError
from rollviz.simulator.cluster import prepared_for_update

NO_LAST_APPLIED = (
    "Warning: resource deployments/{name} is missing the "
    f"{LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be "
    "used on resources created declaratively by either kubectl create --save-config or kubectl "
    "apply. The missing annotation will be patched automatically.\n"
)

NO_FILES = "must specify one of -f and -k"

_GENERATORS = (
    "clusterrole clusterrolebinding configmap cronjob ingress job namespace poddisruptionbudget "
    "priorityclass quota role rolebinding secret service serviceaccount token"
)
GENERATORS = frozenset(_GENERATORS.split())
"""What else ``kubectl create`` makes without a file."""

LIVE, MERGED = "/tmp/LIVE-1804289383", "/tmp/MERGED-1681692777"
"""Folders that ``kubectl diff`` names; the numbers are drawn anew each time by a real one."""

OneObject = Callable[[Session, str, Json], Lines]


def create(session: Session) -> Lines:
    """``kubectl create -f``: a new Deployment; one that is there already is an error."""
    session.writable()
    if session.args[:1] and session.args[0] in GENERATORS:
        raise KubectlError(f'rollviz has no "kubectl create {session.args[0]}"')
    yield from _each_file(session, _create)


def create_deployment(session: Session) -> Lines:
    """``kubectl create deployment NAME --image=IMAGE``: without a file."""
    session.writable()
    item = _generated(session)
    if session.dry_run == "client":
        yield session.done(DEPLOYMENT, item, "created", typed=True)
        return
    try:
        yield from _create(session, "", _in_namespace(session, "", item))
    except manifest.ManifestError as error:
        raise KubectlError(f"failed to create deployment: {error.message}") from error
    except ServerError as error:
        message = str(error).partition('error when creating "": ')[2]
        raise KubectlError(f"failed to create deployment: {message}") from error


def _generated(session: Session) -> Json:
    """The Deployment of a name and images (``create_deployment.go``)."""
    flags, images = session.flags, session.flags["image"] or []
    if not session.parsed.has("image"):
        raise KubectlError('required flag(s) "image" not set')
    name, command = session.args[0] if session.args else "", session.parsed.after_dashes
    names = session.args[: len(session.args) - len(command)]
    if len(names) != 1:
        words = f"exactly one NAME is required, got {len(names)}"
        raise KubectlError(f"{words}\nSee 'kubectl create deployment -h' for help and examples")
    if command and len(images) > 1:
        raise KubectlError("cannot specify multiple --image options and command")
    container: Json = {"resources": {}}
    if flags["port"] >= 0:
        container["ports"] = [{"containerPort": flags["port"]}]
    if command:
        container["command"] = command
    containers = [{**container, "image": i, "name": _name_of(i)} for i in images]
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"labels": labels, "name": name},
        "spec": {
            "replicas": flags["replicas"],
            "selector": {"matchLabels": labels},
            "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
        "status": {},
    }


def _name_of(image: str) -> str:
    """A container's name: the image's, without registry, tag and digest."""
    return image.rpartition("/")[2].partition(":")[0].partition("@")[0]


def apply(session: Session) -> Lines:
    """``kubectl apply -f``: make the Deployment what the file says, and leave the rest alone."""
    session.writable()
    yield from _each_file(session, _apply)


def diff(session: Session) -> Lines:
    """``kubectl diff -f``: what applying a file would change.

    The exit code is 1 if it would change anything, and 2 where that can't be told.
    """
    differs = False
    try:
        for line in _each_file(session, _diff):
            differs = True
            yield line
    except KubectlError as error:
        error.exit_code = 2
        raise
    if differs:
        raise KubectlError("", verbatim=True)


def _each_file(session: Session, do: OneObject) -> Lines:
    verb, filenames = session.verb, session.flags["filename"]
    if session.args:
        words = f"Unexpected args: [{' '.join(session.args)}]"
        raise KubectlError(f"{words}\nSee 'kubectl {verb} -h' for help and examples")
    if not filenames:
        raise KubectlError(NO_FILES)
    errors: list[KubectlError] = []
    found, unreadable = session.documents()
    if not found and not unreadable:
        raise KubectlError(f"no objects passed to {verb}")
    for filename, document in found:
        try:
            yield from _one_object(session, filename, document, do)
        except manifest.ManifestError as error:
            message = f'error when creating "{filename}": {error.message}'
            alone = error.kubectl(verb, filename)
            errors.append(ServerError(error.reason, message, alone=alone))
        except KubectlError as error:
            errors.append(error)
    if errors and len(unreadable) > 1:
        unreadable = [KubectlError(f"[{', '.join(map(str, unreadable))}]")]
    # apply reads every file before it sends anything
    raise_all([*unreadable, *errors] if verb == "apply" else [*errors, *unreadable])


def _one_object(
    session: Session, filename: str, document: manifest.Document, do: OneObject
) -> Lines:
    if document.is_deployment:
        yield from do(session, filename, _in_namespace(session, filename, document.json))
    else:
        yield session.err(f"rollviz has Deployments only: {document.name} is left out\n")


def _apply(session: Session, filename: str, item: Json) -> Lines:
    if not item["metadata"].get("name"):
        raise manifest.ManifestError(NO_NAME)
    item = _with_change_cause(session, item)  # which is then kept as part of the file
    if current := _current(session, item):
        yield from _update(session, filename, item, current)
    else:
        yield from _create(session, filename, item)


def _current(session: Session, item: Json) -> Deployment | None:
    """The Deployment that a file's object is about, where it is there."""
    return session.view.snapshot.deployments.get(item["metadata"].get("name") or "")


def _diff(session: Session, filename: str, item: Json) -> Lines:
    if not item["metadata"].get("name"):
        raise KubectlError(NO_NAME)
    live, merged = _live_and_merged(session, filename, item)
    file = f"apps.v1.Deployment.{item['metadata']['namespace']}.{item['metadata']['name']}"
    paths = f"{LIVE}/{file}", f"{MERGED}/{file}"
    written = to_rfc3339(session.view.now, session.view.epoch)
    written = written.replace("T", " ").replace("Z", ".000000000 +0000")
    lines = list(unified_diff(live, merged, *paths, written, written))
    if lines:
        yield session.out("".join([f"diff -u -N {' '.join(paths)}\n", *lines]))


def _live_and_merged(session: Session, filename: str, item: Json) -> tuple[list[str], list[str]]:
    """The object that is there, and the one that applying would make, as lines of YAML."""
    current, epoch = _current(session, item), session.view.epoch
    if not current:
        manifest.check(item)
        return [], _lines(session, Deployment.from_api(manifest.defaulted(item)))
    item = {**item, "metadata": {"annotations": {}, **item["metadata"]}}  # as kubectl does
    merged = _merged(session, filename, item, _without_status(current, epoch))
    changed = Deployment.from_api(manifest.defaulted(merged), epoch)
    return _lines(session, current), _lines(session, prepared_for_update(changed, current))


def _lines(session: Session, deployment: Deployment) -> list[str]:
    return to_yaml(_shown(session, deployment)).splitlines(keepends=True)


def _in_namespace(session: Session, filename: str, item: Json) -> Json:
    """The namespace is written into what is sent; this cluster has one.

    Raises:
        KubectlError: the manifest or ``-n`` names another, or ``apply`` can't ask for the name.
    """
    if session.verb == "apply" and (words := manifest.not_asked_for(item)):
        raise KubectlError(words.replace("{file}", filename))
    asked, said = session.flags["namespace"], item["metadata"].get("namespace")
    here = session.view.namespace
    if asked and said and asked != said:
        raise KubectlError(
            f'the namespace from the provided object "{said}" does not match the namespace '
            f"\"{asked}\". You must pass '--namespace={said}' to perform this operation."
        )
    wanted = asked or said or here
    if wanted in ("default", *SYSTEM_NAMESPACES) and wanted != here:
        raise KubectlError(f"rollviz keeps Deployments in one namespace: {here}, not {wanted}")
    if wanted != here:
        _check_types(session, item)
        message = f'error when creating "{filename}": namespaces "{wanted}" not found'
        raise ServerError("NotFound", message)
    return {**item, "metadata": {**item["metadata"], "namespace": wanted}}


def _without_nulls(item: Any) -> Any:
    """A new object as ``apply`` sends it: a key without a value is left out."""
    if isinstance(item, dict):
        return {k: _without_nulls(v) for k, v in item.items() if v is not None}
    return [_without_nulls(v) for v in item] if isinstance(item, list) else item


def _check_types(session: Session, item: Json) -> None:
    """What can't be decoded is refused before anyone looks for the namespace."""
    try:
        manifest.check(_without_nulls(item) if session.verb == "apply" else item)
    except manifest.ManifestError as error:
        if error.reason != "Invalid":
            raise


def _create(session: Session, filename: str, item: Json) -> Lines:
    cluster = session.writable()
    if session.verb == "apply" or session.flags["save-config"]:
        item = with_last_applied(item)
    if session.verb == "apply":
        item = _without_nulls(item)
    if session.dry_run == "client":
        yield session.done(DEPLOYMENT, _with_change_cause(session, item), "created")
        return
    manifest.check(item)
    for warning in manifest.warnings(item):
        yield session.err(f"Warning: {warning}\n")
    deployment = session.recorded(Deployment.from_api(manifest.defaulted(item)))
    if session.dry_run == "server":
        cluster = cluster.fork()
    try:
        deployment = cluster.create(deployment)
    except ApiError as error:
        message = f'error when creating "{filename}": {error.message}'
        raise ServerError(error.reason, message) from error
    yield session.done(DEPLOYMENT, _shown(session, deployment), "created")


def _update(session: Session, filename: str, item: Json, current: Deployment) -> Lines:
    cluster = session.writable()
    if LAST_APPLIED not in current.metadata.annotations:
        yield session.err(NO_LAST_APPLIED.format(name=current.name))
    has = _without_status(current, cluster.epoch)
    merged = _merged(session, filename, with_last_applied(item), has)
    word = "unchanged" if merged == has else "configured"
    if session.dry_run == "client":
        whole = {**merged, "status": _status(current, cluster.epoch)}
        yield session.done(DEPLOYMENT, session.versioned(whole), word)
        return
    changed = Deployment.from_api(manifest.defaulted(merged))
    if session.dry_run == "server":
        changed = prepared_for_update(changed, current)
    else:
        changed = cluster.replace(changed)
    yield session.done(DEPLOYMENT, _shown(session, changed), word)


def _status(deployment: Deployment, epoch: float) -> Json:
    status: Json = deployment.to_api(epoch)["status"]
    return status


def _shown(session: Session, deployment: Deployment) -> Json:
    return session.versioned(deployment.to_api(session.view.epoch))


def _with_change_cause(session: Session, item: Json) -> Json:
    """What ``--record`` makes of an object that is not sent anywhere."""
    if not session.flags.get("record"):
        return item
    annotations = item["metadata"].get("annotations") or {}
    annotations = {**annotations, CHANGE_CAUSE: session.change_cause}
    return {**item, "metadata": {**item["metadata"], "annotations": annotations}}


def _without_status(deployment: Deployment, epoch: float) -> Json:
    return {key: value for key, value in deployment.to_api(epoch).items() if key != "status"}


def _merged(session: Session, filename: str, item: Json, has: Json) -> Json:
    """The three-way merge of what was applied last, what the file says and what is there."""
    annotations = has["metadata"].get("annotations") or {}
    original = json.loads(annotations.get(LAST_APPLIED, "{}"))
    try:
        merged = three_way(original, item, has)
    except PatchError as error:
        raise KubectlError(_no_patch(session, filename, item, str(error))) from error
    if session.flags.get("dry-run") and session.dry_run == "client":
        return merged  # the API server is not asked
    try:
        manifest.check_update(has, merged)
    except manifest.ManifestError as error:
        message = f'error when patching "{filename}": {error.message}'
        if session.verb == "apply":
            patched = to_json(patch(original, item, has))
            message = _patch_refused(filename, item["metadata"], patched, message)
        alone = error.kubectl("apply", filename) if error.reason == "Invalid" else ""
        raise ServerError(error.reason, message, alone=alone) from error
    return merged


def _no_patch(session: Session, filename: str, item: Json, why: str) -> str:
    """What is said where the file and what is there can't be made into a patch."""
    current = _current(session, item)
    assert current is not None
    whole = current.to_api(session.view.epoch)
    version = session.view.resource_versions()[current.kind, current.name]
    whole["metadata"]["resourceVersion"] = version
    words = f"creating patch with:\noriginal:\n{current.metadata.annotations.get(LAST_APPLIED, '')}"
    words += f"\nmodified:\n{to_json(item)}\n\ncurrent:\n{to_json(whole)}\n\nfor: {why}"
    if session.verb == "diff" or session.dry_run != "client":
        words = f'error when patching "{filename}": {words}'
    return (
        words if session.verb == "diff" else _patch_refused(filename, item["metadata"], "", words)
    )


def _patch_refused(filename: str, metadata: Json, patched: str, message: str) -> str:
    return (
        f"error when applying patch:\n{patched}\nto:\n"
        'Resource: "apps/v1, Resource=deployments", GroupVersionKind: "apps/v1, Kind=Deployment"\n'
        f'Name: "{metadata["name"]}", Namespace: "{metadata["namespace"]}"\n'
        f'for: "{filename}": {message}'
    )
