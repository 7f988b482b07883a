"""``kubectl create -f``, ``apply -f`` and ``diff -f``: what manifests say, and the cluster."""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import unified_diff

from rollviz import manifest
from rollviz.kubectl.apply import three_way, with_last_applied
from rollviz.kubectl.errors import KubectlError, ServerError
from rollviz.kubectl.output import to_yaml
from rollviz.kubectl.resources import DEPLOYMENT
from rollviz.kubectl.session import Lines, Session, raise_all
from rollviz.objects import LAST_APPLIED, Deployment, Json, to_rfc3339
from rollviz.simulator import ApiError
from rollviz.simulator.cluster import prepared_for_update

NO_LAST_APPLIED = (
    "Warning: resource deployments/{name} is missing the "
    f"{LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be "
    "used on resources created declaratively by either kubectl create --save-config or kubectl "
    "apply. The missing annotation will be patched automatically.\n"
)

NO_FILES = "must specify one of -f and -k"

LIVE, MERGED = "/tmp/LIVE-1804289383", "/tmp/MERGED-1681692777"
"""Folders that ``kubectl diff`` names; the numbers are drawn anew each time by a real one."""

OneObject = Callable[[Session, str, Json], Lines]


def create(session: Session) -> Lines:
    """``kubectl create -f``: a new Deployment; one that is there already is an error."""
    session.writable()
    yield from _each_file(session, _create)


def apply(session: Session) -> Lines:
    """``kubectl apply -f``: make the Deployment what the file says, and leave the rest alone."""
    session.writable()
    yield from _each_file(session, _apply)


def diff(session: Session) -> Lines:
    """``kubectl diff -f``: what applying a file would change; exit code 1 if it would anything."""
    differs = False
    for line in _each_file(session, _diff):
        differs = True
        yield line
    if differs:
        raise KubectlError("", verbatim=True)


def _each_file(session: Session, do: OneObject) -> Lines:
    verb, filenames = session.verb, session.flags["filename"]
    if session.args:
        raise KubectlError(f"rollviz makes Deployments from files: kubectl {verb} -f FILENAME")
    if not filenames:
        raise KubectlError(NO_FILES)
    errors: list[KubectlError] = []
    for filename in filenames:
        try:
            yield from _one_file(session, filename, do)
        except manifest.ManifestError as error:
            errors.append(KubectlError(error.kubectl(verb, filename), verbatim=True))
        except KubectlError as error:
            errors.append(error)
    raise_all(errors)


def _one_file(session: Session, filename: str, do: OneObject) -> Lines:
    for document in manifest.documents(session.source(filename), name=filename):
        if document.is_deployment:
            yield from do(session, filename, _in_namespace(session, document.json))
        else:
            yield session.err(f"rollviz has Deployments only: {document.name} is left out\n")


def _apply(session: Session, filename: str, item: Json) -> Lines:
    if current := _current(session, item):
        yield from _update(session, filename, item, current)
    else:
        yield from _create(session, filename, item)


def _current(session: Session, item: Json) -> Deployment | None:
    """The Deployment that a file's object is about, where it is there."""
    return session.view.snapshot.deployments.get(item["metadata"].get("name") or "")


def _diff(session: Session, filename: str, item: Json) -> Lines:
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
        return [], _lines(Deployment.from_api(manifest.defaulted(item)), epoch)
    item = {**item, "metadata": {"annotations": {}, **item["metadata"]}}  # as kubectl does
    merged = _merged(filename, item, _without_status(current, epoch))
    changed = Deployment.from_api(manifest.defaulted(merged), epoch)
    return _lines(current, epoch), _lines(prepared_for_update(changed, current), epoch)


def _lines(deployment: Deployment, epoch: float) -> list[str]:
    return to_yaml(deployment.to_api(epoch)).splitlines(keepends=True)


def _in_namespace(session: Session, item: Json) -> Json:
    """The namespace is written into what is sent; this cluster has one.

    Raises:
        KubectlError: the manifest or ``-n`` names another.
    """
    asked, said = session.flags["namespace"], item["metadata"].get("namespace")
    here = session.view.namespace
    if asked and said and asked != said:
        raise KubectlError(
            f'the namespace from the provided object "{said}" does not match the namespace '
            f"\"{asked}\". You must pass '--namespace={said}' to perform this operation."
        )
    wanted = asked or said or here
    if wanted != here:
        raise ServerError("NotFound", f'namespaces "{wanted}" not found')
    return {**item, "metadata": {**item["metadata"], "namespace": wanted}}


def _create(session: Session, filename: str, item: Json) -> Lines:
    cluster = session.writable()
    if session.verb == "apply" or session.flags["save-config"]:
        item = with_last_applied(item)
    manifest.check(item)
    for warning in manifest.warnings(item):
        yield session.err(f"Warning: {warning}\n")
    deployment = session.recorded(Deployment.from_api(manifest.defaulted(item)))
    if session.dry_run == "none" or deployment.name in cluster.snapshot.deployments:
        try:
            deployment = cluster.create(deployment)
        except ApiError as error:
            message = f'error when creating "{filename}": {error.message}'
            raise ServerError(error.reason, message) from error
    yield session.done(DEPLOYMENT, deployment.to_api(cluster.epoch), "created")


def _update(session: Session, filename: str, item: Json, current: Deployment) -> Lines:
    cluster = session.writable()
    if LAST_APPLIED not in current.metadata.annotations:
        yield session.err(NO_LAST_APPLIED.format(name=current.name))
    has = _without_status(current, cluster.epoch)
    merged = _merged(filename, with_last_applied(item), has)
    changed = session.recorded(Deployment.from_api(manifest.defaulted(merged)))
    if session.dry_run == "none":
        changed = cluster.replace(changed)
    else:
        changed = prepared_for_update(changed, current)
    word = "unchanged" if merged == has else "configured"
    yield session.done(DEPLOYMENT, changed.to_api(cluster.epoch), word)


def _without_status(deployment: Deployment, epoch: float) -> Json:
    return {key: value for key, value in deployment.to_api(epoch).items() if key != "status"}


def _merged(filename: str, item: Json, has: Json) -> Json:
    """The three-way merge of what was applied last, what the file says and what is there."""
    annotations = has["metadata"].get("annotations") or {}
    original = json.loads(annotations.get(LAST_APPLIED, "{}"))
    merged = three_way(original, item, has)
    _check_update(filename, has, merged)
    return merged


def _check_update(filename: str, has: Json, merged: Json) -> None:
    try:
        manifest.check_update(has, merged)
    except manifest.ManifestError as error:
        if error.reason != "BadRequest":
            raise
        message = f'error when patching "{filename}": {error.message}'
        raise ServerError(error.reason, message) from error
