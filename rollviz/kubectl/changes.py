"""``kubectl set image``, ``scale``, ``annotate`` and ``delete``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from rollviz import rollout
from rollviz.kubectl.errors import KubectlError, ServerError
from rollviz.kubectl.resources import DEPLOYMENT, POD
from rollviz.kubectl.session import Found, Lines, Session, raise_all
from rollviz.objects import Deployment
from rollviz.simulator import ApiError, Cluster

Changed = TypeVar("Changed")

NO_RESOURCES = "one or more resources must be specified as <resource> <name> or <resource>/<name>"


def set_image(session: Session) -> Lines:
    """``kubectl set image``: other images by container name; ``*`` is every container."""
    cluster = session.writable()
    resources, pairs = _resources_and_pairs(session.args, "image")
    images = dict(_pair(pair, "image") for pair in pairs)
    found = _found(session, resources)
    _check_images(session, resources, images)
    errors: list[KubectlError] = []
    for one in found:
        deployment = session.deployment(one)
        names = rollout.container_names(deployment.spec.template) | {rollout.EVERY_CONTAINER}
        known = {name: image for name, image in images.items() if name in names}
        for name in images:
            if name not in known:
                errors.append(KubectlError(f'unable to find container named "{name}"'))
        changed = session.recorded(rollout.set_image(deployment, known))
        if changed != deployment:
            yield from _store(session, cluster, one, changed, "image updated")
    raise_all(errors)


def _check_images(session: Session, resources: Sequence[str], images: dict[str, str]) -> None:
    errors = []
    if not resources and not session.flags["filename"]:
        errors.append(KubectlError(NO_RESOURCES))
    if not images:
        errors.append(KubectlError("at least one image update is required"))
    elif len(images) > 1 and rollout.EVERY_CONTAINER in images:
        errors.append(
            KubectlError(
                "all containers are already specified by *, but saw more than one "
                "container_name=container_image pairs"
            )
        )
    raise_all(errors)


def scale(session: Session) -> Lines:
    """``kubectl scale``: another number of pods."""
    cluster, flags = session.writable(), session.flags
    if not session.parsed.has("replicas"):
        raise KubectlError('required flag(s) "replicas" not set')
    replicas, current = flags["replicas"], flags["current-replicas"]
    _try(rollout.check_scale, replicas, current)
    found = _found(session, session.args)
    if not found:
        raise KubectlError("no objects passed to scale")
    for one in found:
        changed = _try(rollout.scale, session.deployment(one), replicas, current)
        yield from _store(session, cluster, one, session.recorded(changed), "scaled")


def annotate(session: Session) -> Lines:
    """``kubectl annotate``: ``KEY=VALUE`` sets, ``KEY-`` removes."""
    cluster, flags = session.writable(), session.flags
    resources, pairs = _resources_and_pairs(session.args, "annotation")
    new = dict(_pair(pair, "annotation") for pair in pairs if "=" in pair)
    removed = [pair[:-1] for pair in pairs if "=" not in pair]
    if not resources and not flags["filename"]:
        raise KubectlError(NO_RESOURCES)
    if not pairs:
        raise KubectlError("at least one annotation update is required")
    if both := [key for key in removed if key in new]:
        raise KubectlError(
            "can not both modify and remove the following annotation(s) in the same command: "
            + ", ".join(both)
        )
    for one in _found(session, resources):
        deployment = session.recorded(session.deployment(one))
        changed = _try(rollout.annotate, deployment, new, removed, flags["overwrite"])
        yield from _store(session, cluster, one, changed, "annotated")


# --- delete --------------------------------------------------------------------------------------


def delete(session: Session) -> Lines:
    """``kubectl delete``: Deployments and pods; pods are waited for, as kubectl does."""
    cluster = session.writable()
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
    if _in_bulk(session) and not deleted and not errors:
        yield session.out("No resources found\n")
    raise_all(session.counted(errors))
    if session.flags["wait"] and session.dry_run == "none":
        gone = {found.name for found in deleted if found.resource is POD}
        cluster.run_until(lambda c: not gone & c.snapshot.pods.keys())


def _to_delete(session: Session, errors: list[KubectlError]) -> Iterator[tuple[str, Found]]:
    """What is to go, each with the file that named it or ""."""
    if session.flags["filename"]:
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


def _found(session: Session, args: Sequence[str]) -> list[Found]:
    """The Deployments that were named; nothing else can be changed here."""
    if not args and not session.flags["filename"]:
        return []
    found, errors = session.find_all(session.targets(args, everything=_in_bulk(session)))
    raise_all(errors)
    for one in found:
        if one.resource is not DEPLOYMENT:
            raise KubectlError(
                f"rollviz changes Deployments only: {one.resource.plural} belong to controllers, "
                "and can be read here"
            )
    return found


def _store(
    session: Session, cluster: Cluster, found: Found, changed: Deployment, word: str
) -> Lines:
    if session.dry_run == "none":
        changed = cluster.replace(changed)
    yield session.done(found.resource, changed.to_api(cluster.epoch), word)


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
