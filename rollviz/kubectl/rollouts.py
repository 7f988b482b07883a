"""``kubectl rollout``: status, history, undo, pause, resume, restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from rollviz import rollout
from rollviz.kubectl.describe import pod_template
from rollviz.kubectl.errors import KubectlError
from rollviz.kubectl.output import printer
from rollviz.kubectl.resources import DEPLOYMENT, POD, REPLICA_SET, Resource, Target
from rollviz.kubectl.session import Found, Line, Lines, Session, raise_all
from rollviz.kubectl.text import escaped, tabbed
from rollviz.objects import CHANGE_CAUSE, LAST_APPLIED, Deployment, Json, ReplicaSet
from rollviz.simulator import Cluster

STATUS_LIMIT_SECONDS = 3600.0
"""``rollout status`` gives up after so many virtual seconds; kubectl would wait for ever."""

PAUSED_PATIENCE_SECONDS = 60.0
"""Or after so many without any change, where the Deployment is paused: it can't get on."""

NO_SUCH_REVISION = "unable to find the specified revision"

MANAGED_BY_APPLY = (
    "Warning: resource deployments/{name} was previously managed with 'kubectl apply'. Rolling "
    f"back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on "
    "future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous "
    "configuration file instead.\n"
)


# --- status --------------------------------------------------------------------------------------


class Status(NamedTuple):
    """What ``rollout status`` says at one moment, and whether that is the end."""

    text: str
    done: bool


def status_of(deployment: Deployment, revision: int = 0) -> Status:
    """How far a rollout is (``DeploymentStatusViewer`` in ``rollout_status.go``).

    Raises:
        KubectlError: the progress deadline has passed, or another revision is running.
    """
    name, status, wanted = deployment.name, deployment.status, deployment.spec.replicas
    if revision not in (0, deployment.revision):
        raise KubectlError(
            f"desired revision ({revision}) is different from the running revision "
            f"({deployment.revision})"
        )
    if deployment.metadata.generation > status.observed_generation:
        return Status("Waiting for deployment spec update to be observed...\n", False)
    progressing = status.condition("Progressing")
    if progressing and progressing.reason == "ProgressDeadlineExceeded":
        raise KubectlError(f'deployment "{name}" exceeded its progress deadline')
    updated, available = status.updated_replicas, status.available_replicas
    if updated < wanted:
        waits_for = f"{updated} out of {wanted} new replicas have been updated"
    elif status.replicas > updated:
        waits_for = f"{status.replicas - updated} old replicas are pending termination"
    elif available < updated:
        waits_for = f"{available} of {updated} updated replicas are available"
    else:
        return Status(f'deployment "{name}" successfully rolled out\n', True)
    return Status(f'Waiting for deployment "{name}" rollout to finish: {waits_for}...\n', False)


def status(session: Session) -> Lines:
    """``kubectl rollout status``: follows the rollout; on a simulated cluster, time runs."""
    _require(session)
    revision = session.flags["revision"]
    if revision < 0:
        raise KubectlError(f"revision must be a positive integer: {revision}")
    found, errors = _deployments(
        session, lambda kind: f"no status viewer has been implemented for {_group_kind(kind)}"
    )
    for one in found:
        try:
            yield from _follow(session, session.deployment(one), revision)
        except KubectlError as error:
            errors.append(error)
    if not found and not errors:
        yield session.err(f"No resources found in {session.namespace} namespace.\n")
    raise_all(errors)


def _follow(session: Session, deployment: Deployment, revision: int) -> Lines:
    end = session.view.now + (session.flags["timeout"] or STATUS_LIMIT_SECONDS)
    for t, seen in _versions(session, deployment, end):
        if seen is None:
            raise KubectlError("object has been deleted")
        text, done = status_of(seen, revision)
        yield Line(t, text)
        if done or not session.flags["watch"]:
            return
        deployment = seen
    raise _gave_up(session, deployment, end)


def _versions(
    session: Session, deployment: Deployment, end: float
) -> Iterator[tuple[float, Deployment | None]]:
    """The Deployment as it is, then after each change up to ``end``; None once it is deleted."""
    view, cluster = session.view, session.cluster
    changes = view.timeline.changes if view.timeline else []
    seen = view.timeline.index_at(view.now) if view.timeline else 0
    yield view.now, deployment
    while True:
        while seen < len(changes) and changes[seen].t <= end:
            t, kind, item = changes[seen]
            seen += 1
            if isinstance(item, Deployment) and item.name == deployment.name:
                deployment = item
                yield t, None if kind == "DELETED" else item
        if cluster is None or not _changes_again(session, cluster, deployment, end):
            return


def _changes_again(session: Session, cluster: Cluster, deployment: Deployment, end: float) -> bool:
    """Let time pass until something changes; False if that is not before ``end``."""
    limit = max(0.0, end - cluster.now)
    if deployment.spec.paused and not session.flags["timeout"]:
        limit = min(limit, PAUSED_PATIENCE_SECONDS)
    known = len(cluster.timeline.changes)
    return cluster.run_until(lambda c: len(c.timeline.changes) > known, limit=limit)


def _gave_up(session: Session, deployment: Deployment, end: float) -> KubectlError:
    cluster = session.cluster
    if session.flags["timeout"]:
        if cluster is not None:
            cluster.run_to(end)
        return KubectlError("timed out waiting for the condition")
    if cluster is None:
        return KubectlError("what is known of this rollout ends here, and it is not finished")
    why = status_of(deployment).text.strip()
    if deployment.spec.paused:
        why += f" (it is paused: kubectl rollout resume deployment/{deployment.name})"
    return KubectlError(
        f"gave up at {cluster.now:.0f} s of virtual time, where kubectl would go on waiting: {why}"
    )


# --- history -------------------------------------------------------------------------------------


def history(session: Session) -> Lines:
    """``kubectl rollout history``: the revisions, or one of them in full."""
    _require(session)
    revision = session.flags["revision"]
    if revision < 0:
        raise KubectlError(f"revision must be a positive integer: {revision}")
    found, errors = _deployments(session, partial(_no_visitor, "history", "history viewer"))
    for one in found:
        revisions = rollout.history(_replica_sets(session, one))
        if session.flags["output"]:
            yield _as_documents(session, revisions, revision)
        elif revision and revisions:
            if revision not in revisions:
                errors.append(KubectlError(NO_SUCH_REVISION))
                continue
            text = pod_template(_template_of(revisions[revision]))
            yield session.done(*one, f"with revision #{revision}\n{escaped(text)}")
        else:
            which = f"with revision #{revision}" if revision else ""
            yield session.done(*one, f"{which}\n{_table(revisions)}")
    raise_all(errors)


def _table(revisions: dict[int, ReplicaSet]) -> str:
    if not revisions:
        return "No rollout history found."
    rows = (f"{n}\t{rollout.change_cause(rs) or '<none>'}\n" for n, rs in revisions.items())
    return tabbed(escaped("REVISION\tCHANGE-CAUSE\n" + "".join(rows)))


def _revision(revisions: dict[int, ReplicaSet], revision: int) -> ReplicaSet:
    if revision not in revisions:
        raise KubectlError(NO_SUCH_REVISION)
    return revisions[revision]


def _template_of(rs: ReplicaSet) -> Json:
    """Its template, with the change-cause among the annotations, as kubectl shows it."""
    template = rs.spec.template
    cause = rollout.change_cause(rs)
    if not cause:
        return template.json
    annotations = {**template.annotations, CHANGE_CAUSE: cause}
    metadata = {**(template.json.get("metadata") or {}), "annotations": annotations}
    return {**template.json, "metadata": metadata}


def _as_documents(session: Session, revisions: dict[int, ReplicaSet], revision: int) -> Line:
    chosen = [_revision(revisions, revision)] if revision else list(revisions.values())
    print_item = printer(session.flags["output"], typed=True)
    separator = "---\n" if session.flags["output"] == "yaml" else ""
    items = (session.versioned(rs.to_api(session.view.epoch)) for rs in chosen)
    return session.out(separator.join(map(print_item, items)))


def _replica_sets(session: Session, found: Found) -> list[ReplicaSet]:
    return session.view.snapshot.replica_sets_of(session.deployment(found))


# --- undo, pause, resume, restart ----------------------------------------------------------------


def undo(session: Session) -> Lines:
    """``kubectl rollout undo``: back to the revision before, or to ``--to-revision``."""
    _require(session)
    session.writable()
    found, missing = _deployments(session, partial(_no_visitor, "rollbacker", "rollbacker"))
    errors: list[KubectlError] = []
    for one in found:
        if LAST_APPLIED in session.deployment(one).metadata.annotations:
            yield session.err(MANAGED_BY_APPLY.format(name=one.name))
        try:
            item = session.versioned(one.item)  # what -o shows is what was there
            yield session.done(one.resource, item, _undo(session, one), typed=True)
        except rollout.RolloutError as error:
            errors.append(KubectlError(str(error)))
    raise_all([*errors, *missing])


def _undo(session: Session, found: Found) -> str:
    """Roll one Deployment back; what is said about it.

    Raises:
        RolloutError: kubectl refuses.
    """
    to_revision = session.flags["to-revision"]
    deployment, replica_sets = session.deployment(found), _replica_sets(session, found)
    target = rollout.revision_to_undo(deployment, replica_sets, to_revision)
    if session.dry_run == "client":
        return escaped(pod_template(target.spec.template.json))
    changed = rollout.undo(deployment, replica_sets, to_revision)
    if changed is deployment:
        return f"skipped rollback (current template already matches revision {to_revision})"
    if session.dry_run == "none":
        session.writable().replace(changed)
    return "rolled back"


def pause(session: Session) -> Lines:
    """``kubectl rollout pause``."""
    return _patch(session, rollout.pause, "paused", "pausing is not supported")


def resume(session: Session) -> Lines:
    """``kubectl rollout resume``."""
    return _patch(session, rollout.resume, "resumed", "resuming is not supported")


def restart(session: Session) -> Lines:
    """``kubectl rollout restart``."""
    now = session.view.epoch + session.view.now
    return _patch(
        session, lambda d: rollout.restart(d, now), "restarted", "restarting is not supported"
    )


def _patch(
    session: Session, change: Callable[[Deployment], Deployment], word: str, refusal: str
) -> Lines:
    """Change each Deployment; go on with the others where one refuses."""
    _require(session)
    cluster = session.writable()
    found, errors = session.find_all(session.targets(session.args, everything=True))
    changes: list[tuple[Found, Deployment]] = []
    for one in found:
        if one.resource is not DEPLOYMENT:
            what = f'{one.resource.qualified_plural} "{one.name}"'
            errors.append(KubectlError(f"{what} {refusal}"))
            continue
        try:
            changes.append((one, change(session.deployment(one))))
        except rollout.RolloutError as error:
            errors.append(KubectlError(str(error)))
    for one, changed in changes:
        item = session.versioned(cluster.replace(changed).to_api(cluster.epoch))
        yield session.done(one.resource, item, word, typed=True)
    if not found and not errors:
        yield session.err(f"No resources found in {session.namespace} namespace.\n")
    raise_all(errors, prefixed=True)


# --- what all of them ask first ------------------------------------------------------------------


def _require(session: Session) -> None:
    if not session.args and not session.flags["filename"]:
        raise KubectlError("required resource not specified")


def _deployments(
    session: Session, refusal: Callable[[Resource], str]
) -> tuple[list[Found], list[KubectlError]]:
    """The Deployments that were named, and errors; other kinds have no rollout."""
    wanted: Sequence[Target] = session.targets(session.args, everything=True)
    found, errors = session.find_all(wanted)
    for one in found:
        if one.resource is not DEPLOYMENT:
            errors.append(KubectlError(refusal(one.resource)))
    return [one for one in found if one.resource is DEPLOYMENT], errors


def _no_visitor(what: str, visitor: str, resource: Resource) -> str:
    """What kubectl says of a kind without revisions: of some it knows that, of others not."""
    kind = _group_kind(resource)
    if resource in (POD, REPLICA_SET):
        return f'no {visitor} has been implemented for "{kind}"'
    return f'error retrieving {what} for "{kind}", no visitor method exists for {{ {kind}}}'


def _group_kind(resource: Resource) -> str:
    return f"{resource.kind}.{resource.group}" if resource.group else resource.kind
