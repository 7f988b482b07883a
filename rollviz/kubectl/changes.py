"""``kubectl set image``, ``scale``, ``annotate`` and ``delete``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from rollviz import manifest, rollout
from rollviz.kubectl.errors import KubectlError, ServerError
from rollviz.kubectl.resources import DEPLOYMENT, NO_RESOURCE, POD
from rollviz.kubectl.session import Found, Lines, Session, raise_all
from rollviz.objects import Deployment, Json
from rollviz.simulator import ApiError, Cluster
from rollviz.simulator.cluster import prepared_for_update

Changed = TypeVar("Changed")

NO_RESOURCES = "one or more resources must be specified as <resource> <name> or <resource>/<name>"


def set_image(session: Session) -> Lines:
    """``kubectl set image``: other images by container name; ``*`` is every container."""
    cluster = session.writable()
    resources, pairs = _resources_and_pairs(session.args, "image")
    if not resources and not session.flags["filename"]:
        raise KubectlError(NO_RESOURCE)
    images = dict(_pair(pair, "image") for pair in pairs)
    found, missing = _found(session, resources)
    raise_all(missing)
    _check_images(images)
    errors: list[KubectlError] = []
    for one in found:
        deployment = session.deployment(one)
        names = rollout.container_names(deployment.spec.template) | {rollout.EVERY_CONTAINER}
        known = {name: image for name, image in images.items() if name in names}
        for name in images:
            if name not in known:
                errors.append(KubectlError(f'unable to find container named "{name}"'))
        changed = session.recorded(rollout.set_image(deployment, known))
        if changed == deployment:
            continue
        try:
            yield from _store(session, cluster, one, changed, "image updated", typed=True)
        except manifest.ManifestError as error:
            doing = "failed to patch image update to pod template"
            errors.append(KubectlError(f"{doing}: {error.message}"))
    raise_all(errors, prefixed=True)


def _check_images(images: dict[str, str]) -> None:
    if not images:
        raise KubectlError("at least one image update is required")
    if len(images) > 1 and rollout.EVERY_CONTAINER in images:
        raise KubectlError(
            "all containers are already specified by *, but saw more than one "
            "container_name=container_image pairs"
        )


def scale(session: Session) -> Lines:
    """``kubectl scale``: another number of pods."""
    cluster, flags = session.writable(), session.flags
    if not session.parsed.has("replicas"):
        raise KubectlError('required flag(s) "replicas" not set')
    replicas, current = flags["replicas"], flags["current-replicas"]
    _try(rollout.check_scale, replicas, current)
    found, errors = _found(session, session.args)
    if not found and not errors:
        raise KubectlError("no objects passed to scale")
    if session.dry_run == "client":
        current = -1  # nothing is asked of the cluster
    for one in found:
        changed = _try(rollout.scale, session.deployment(one), replicas, current)
        yield from _store(session, cluster, one, session.recorded(changed), "scaled", as_sent=True)
    raise_all(errors)


def annotate(session: Session) -> Lines:
    """``kubectl annotate``: ``KEY=VALUE`` sets, ``KEY-`` removes."""
    cluster, flags = session.writable(), session.flags
    resources, pairs = _resources_and_pairs(session.args, "annotation")
    new = dict(_pair(pair, "annotation") for pair in pairs if "=" in pair)
    removed = [pair[:-1] for pair in pairs if "=" not in pair]
    if not resources and not flags["filename"]:
        raise KubectlError(NO_RESOURCES)
    if not pairs and not flags["list"]:
        raise KubectlError("at least one annotation update is required")
    if both := [key for key in removed if key in new]:
        raise KubectlError(
            "can not both modify and remove the following annotation(s) in the same command: "
            + ", ".join(both)
        )
    found, errors = _found(session, resources)
    for one in found:
        deployment = session.recorded(session.deployment(one))
        changed = _try(rollout.annotate, deployment, new, removed, flags["overwrite"])
        if flags["list"]:
            yield session.out(
                _annotations(changed, alone=len(found) == 1 and not _in_bulk(session))
            )
        else:
            yield from _store(session, cluster, one, changed, "annotated")
    raise_all(errors)


def _annotations(deployment: Deployment, *, alone: bool) -> str:
    """What ``--list`` shows; nothing is changed then."""
    heading, indent = f"Listing annotations for Deployment.apps/{deployment.name}:\n", " "
    if alone:
        heading = indent = ""
    listed = sorted(deployment.metadata.annotations.items())
    return heading + "".join(f"{indent}{key}={value}\n" for key, value in listed)


# --- delete --------------------------------------------------------------------------------------


def delete(session: Session) -> Lines:
    """``kubectl delete``: Deployments and pods; pods are waited for, as kubectl does."""
    cluster = session.writable()
    if session.flags["output"] not in ("", "name"):
        words = f"unexpected -o output mode: {session.flags['output']}. We only support '-o name'"
        raise KubectlError(words)
    deleted: list[Found] = []
    errors: list[KubectlError] = []
    for source, found in _to_delete(session, errors):
        try:
            yield session.out(_delete_one(session, cluster, found))
        except ApiError as error:
            doing = f'error when deleting "{source}": ' if source else ""
            errors.append(ServerError(error.reason, f"{doing}{error.message}"))
        else:
            deleted.append(found)
    if not deleted and not errors:
        yield session.out("No resources found\n")
    raise_all(session.counted(errors))
    if session.flags["wait"] and session.dry_run == "none":
        gone = {found.name for found in deleted if found.resource is POD}
        cluster.run_until(lambda c: not gone & c.snapshot.pods.keys())


def _to_delete(session: Session, errors: list[KubectlError]) -> Iterator[tuple[str, Found]]:
    """What is to go, each with the file that named it or ""."""
    if session.flags["filename"] and not session.args and not session.flags["selector"]:
        for filename, (resource, name) in session.named_in_files():
            yield filename, Found(resource, {"metadata": {"name": name}})
        return
    targets = session.targets(session.args, everything=_in_bulk(session))
    found, missing = session.find_all(targets)
    errors += missing
    yield from (("", one) for one in found)


def _in_bulk(session: Session) -> bool:
    """Whether objects are meant by what they are like, not by name."""
    return bool(session.flags["all"] or session.flags["selector"])


def _delete_one(session: Session, cluster: Cluster, found: Found) -> str:
    resource, name = found.resource, found.name
    if resource not in (DEPLOYMENT, POD):
        raise KubectlError(f"rollviz deletes deployments and pods, not {resource.plural}")
    if session.dry_run == "none":
        (cluster.delete_pod if resource is POD else cluster.delete_deployment)(name)
    elif resource is DEPLOYMENT:
        cluster.deployment(name)  # refuses what is not there
    if session.flags["output"] == "name":
        return f"{resource.qualified}/{name}\n"
    where = f"from {session.namespace} namespace{session.dry_run_suffix}"
    return f'{resource.qualified} "{name}" deleted {where}\n'


# --- what they share -----------------------------------------------------------------------------


def _found(session: Session, args: Sequence[str]) -> tuple[list[Found], list[KubectlError]]:
    """The Deployments that were named, and errors; nothing else can be changed here."""
    found, errors = session.find_all(session.targets(args, everything=_in_bulk(session)))
    for one in found:
        if one.resource is not DEPLOYMENT:
            raise KubectlError(
                f"rollviz changes Deployments only: {one.resource.plural} belong to controllers, "
                "and can be read here"
            )
    return found, errors


def _store(
    session: Session,
    cluster: Cluster,
    found: Found,
    changed: Deployment,
    word: str,
    *,
    typed: bool = False,
    as_sent: bool = False,
) -> Lines:
    """Have the API server take the change, and say so; ``as_sent``: show it as it was sent.

    Raises:
        ManifestError: the API server refuses it.
    """
    item = sent = session.versioned(changed.to_api(cluster.epoch))
    if session.dry_run != "client":
        manifest.check_update(_specified(found.item), _specified(item))
        current = session.deployment(found)
        dry = session.dry_run == "server"
        changed = prepared_for_update(changed, current) if dry else cluster.replace(changed)
        item = session.versioned(changed.to_api(cluster.epoch))
    yield session.done(found.resource, sent if as_sent else item, word, typed=typed)


def _specified(item: Json) -> Json:
    return {key: value for key, value in item.items() if key != "status"}


def _try(change: Callable[..., Changed], *args: Any) -> Changed:
    try:
        return change(*args)
    except rollout.RolloutError as error:
        raise KubectlError(str(error)) from error


def _resources_and_pairs(args: Sequence[str], kind: str) -> tuple[list[str], list[str]]:
    """Resources first, then ``KEY=VALUE`` and ``KEY-`` (``GetResourcesAndPairs``)."""
    resources: list[str] = []
    pairs: list[str] = []
    for arg in args:
        if ("=" in arg and not arg.startswith("=")) or (arg.endswith("-") and arg != "-"):
            pairs.append(arg)
        elif pairs:
            raise KubectlError(f"all resources must be specified before {kind} changes: {arg}")
        else:
            resources.append(arg)
    return resources, pairs


def _pair(pair: str, kind: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not equals or not key:
        raise KubectlError(f"invalid {kind} format: {pair}")
    return key, value
