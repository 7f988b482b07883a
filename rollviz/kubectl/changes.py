"""``kubectl set image``, ``scale``, ``annotate`` and ``delete``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from rollviz import manifest, rollout
from rollviz.kubectl.errors import KubectlError, ServerError
from rollviz.kubectl.resources import DEPLOYMENT, NO_RESOURCE, POD, REPLICA_SET, SERVICE
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
    _check_all(session)
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
        except ServerError as error:
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
        yield from _store(session, cluster, one, changed, "scaled", as_sent=True)
        if session.dry_run == "none":  # kubectl notes the command in a change of its own
            cluster.replace(session.recorded(session.deployment(one)))
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
    _check_all(session)
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
    """``kubectl delete``: Deployments, ReplicaSets and pods; it waits until pods are gone."""
    cluster, in_bulk = session.writable(), _in_bulk(session)
    orphan = _cascade(session) in ("orphan", "false")
    grace = _grace_period(session)
    _check_deleting(session, grace)
    if session.flags["cascade"] in ("false", "true"):
        given, meant = session.flags["cascade"], _cascade(session)
        yield session.err(f"warning: --cascade={given} {_BOOLEAN} --cascade={meant}.\n")
    if grace == 0:
        yield session.err(NOT_CONFIRMED)
    if orphan:
        raise KubectlError("rollviz has no --cascade=orphan: what was owned goes too")
    deleted: list[Found] = []
    errors: list[KubectlError] = []
    for source, found in _to_delete(session, errors):
        try:
            yield session.out(_delete_one(session, cluster, found, grace))
        except ApiError as error:
            doing = f'error when deleting "{source}": ' if source else ""
            errors.append(ServerError(error.reason, f"{doing}{error.message}"))
        else:
            deleted.append(found)
    if not deleted and not errors and (in_bulk or not session.args):
        yield session.out("No resources found\n")
    raise_all(session.counted(errors))
    if session.flags["wait"] and session.dry_run == "none":
        _wait_until_gone(session, cluster, [one.name for one in deleted if one.resource is POD])


NOT_CONFIRMED = (
    "Warning: Immediate deletion does not wait for confirmation that the running resource has been "
    "terminated. The resource may continue to run on the cluster indefinitely.\n"
)

_BOOLEAN = "is deprecated (boolean value) and can be replaced with"


def _cascade(session: Session) -> str:
    """``background``, ``foreground`` or ``orphan``.

    Raises:
        KubectlError: the flag has another value.
    """
    value = str(session.flags["cascade"])
    if value not in ("background", "foreground", "orphan", "true", "false"):
        words = 'Must be "background", "foreground", or "orphan"'
        raise KubectlError(f"invalid cascade value ({value}). {words}")
    return {"true": "background", "false": "orphan"}.get(value, value)


def _grace_period(session: Session) -> int | None:
    """The seconds that pods get to end; None where each has its own, 0 for none at all."""
    now, force, grace = (session.flags[name] for name in ("now", "force", "grace-period"))
    if now and grace != -1:
        raise KubectlError("--now and --grace-period cannot be specified together")
    if now or (grace == 0 and not force):
        return 1
    if force:
        grace = max(grace, 0)
    return None if grace < 0 else int(grace)


def _check_deleting(session: Session, grace: int | None) -> None:
    flags = session.flags
    if flags["output"] not in ("", "name"):
        words = f"unexpected -o output mode: {flags['output']}. We only support '-o name'"
        raise KubectlError(words)
    if flags["all"] and (flags["selector"] or flags["field-selector"]):
        raise KubectlError("setting 'all' parameter but found a non empty selector. ")
    if flags["force"] and grace:
        words = "--force and --grace-period greater than 0 cannot be specified together"
        raise KubectlError(words)


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
    flags = session.flags
    return bool(flags["all"] or flags["selector"] or flags.get("field-selector"))


def _delete_one(session: Session, cluster: Cluster, found: Found, grace: int | None) -> str:
    resource, name = found.resource, found.name
    if resource not in (DEPLOYMENT, REPLICA_SET, POD, SERVICE):
        words = "rollviz deletes deployments, replicasets and pods"
        raise KubectlError(f"{words}, not {resource.plural}")
    if session.dry_run != "none":
        if resource is DEPLOYMENT:
            cluster.deployment(name)  # refuses what is not there
    elif resource is POD:
        cluster.delete_pod(name, grace)
    elif resource is REPLICA_SET:
        cluster.delete_replica_set(name)
    elif resource is DEPLOYMENT:  # the API server makes its own service anew at once
        cluster.delete_deployment(name)
    if session.flags["output"] == "name":
        return f"{resource.qualified}/{name}\n"
    word = "force deleted" if grace == 0 else "deleted"
    namespace = session.view.namespace if session.everywhere else session.namespace
    where = f"from {namespace} namespace{session.dry_run_suffix}"
    return f'{resource.qualified} "{name}" {word} {where}\n'


def _wait_until_gone(session: Session, cluster: Cluster, names: list[str]) -> None:
    timeout = session.flags["timeout"]
    known = {name: cluster.snapshot.pods.get(name) for name in names}
    waits_for = {pod.metadata.uid for pod in known.values() if pod}

    def gone(c: Cluster) -> bool:
        return not waits_for & {pod.metadata.uid for pod in c.snapshot.pods.values()}

    if not cluster.run_until(gone, limit=timeout or 3600.0) and timeout:
        left = next(name for name in names if name in cluster.snapshot.pods)
        raise KubectlError(f"timed out waiting for the condition on pods/{left}")


# --- what they share -----------------------------------------------------------------------------


def _check_all(session: Session) -> None:
    if session.flags["all"] and session.flags["selector"]:
        raise KubectlError("cannot set --all and --selector at the same time")


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
        ServerError: the API server refuses it.
    """
    item = sent = session.versioned(changed.to_api(cluster.epoch))
    if session.dry_run != "client":
        try:
            manifest.check_update(_specified(found.item), _specified(item))
        except manifest.ManifestError as error:
            alone = error.kubectl() if error.reason == "Invalid" else ""
            raise ServerError(error.reason, error.message, alone=alone) from error
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
